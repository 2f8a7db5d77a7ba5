"""Replays a batch in an experiment: what the live ledger knew then goes into that of the experiment, and no more.

The steps that follow are those of a turn. How the experiment did against what was live is found in `facing`.
"""

from tasks.adapters.experiment_home import ExperimentHome
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.domain import late_labels
from tasks.domain.records import Batch
from tasks.domain.turns import Outcome, RetrainingDecision, TurnRef
from tasks.experiments.plans import Plan
from tasks.experiments.steps import planning, shelf
from tasks.experiments.steps.planning import Past


def waiting(live: Home, home: ExperimentHome, plan: Plan) -> list[int]:
    """Numbers of the turns that are not replayed to their end."""
    kept = {one.turn for one in shelf.replayed(live, plan)}
    done = kept & {*home.ledger.turns.done(plan.pipeline)}
    return [past.number for past in planning.to_replay(live, plan) if past.number not in done]


def begin(live: Home, home: ExperimentHome, plan: Plan, number: int) -> tuple[TurnRef, Batch]:
    """Open the turn of a batch in the experiment, with all batches as they stood then; again if it was cut off."""
    pasts = planning.history(live, plan.pipeline)
    _seed(live, home, plan, [past for past in pasts if past.number < plan.first])
    for past in pasts:
        if past.number <= number:
            _put(home, plan.pipeline, late_labels.at(past.batch, number))
    past = next(one for one in pasts if one.number == number)
    turn = _open(home, plan.pipeline, past)
    return turn, late_labels.at(past.batch, number)


def given_up(live: Home, plan: Plan, number: int) -> Past | None:
    """The turn, if the live pipeline has given it up: its rows are there, and nothing was judged on them."""
    past = next(one for one in planning.history(live, plan.pipeline) if one.number == number)
    return past if past.outcome is Outcome.FAILED else None


def pass_over(home: ExperimentHome, turn: TurnRef, past: Past) -> None:
    """Close a turn in which nothing is judged."""
    home.ledger.turns.close(turn.pipeline, turn.number, past.outcome, past.reasons)


def _put(home: ExperimentHome, pipeline: str, batch: Batch) -> None:
    there = home.ledger.batches.get(pipeline, batch.id)
    if there is None:
        home.ledger.batches.record(pipeline, batch)
    elif there != batch:
        home.ledger.batches.relabel(pipeline, batch)


def _open(home: ExperimentHome, pipeline: str, past: Past) -> TurnRef:
    about = pipeline, past.batch.id, past.batch.name
    number = home.ledger.turns.open(*about, None, wanted=past.number)
    return TurnRef(pipeline, number, past.batch.id, past.batch.name)


def _seed(live: Home, home: ExperimentHome, plan: Plan, before: list[Past]) -> None:
    """What was judged before the experiment begins, and who was live then: it goes on from there, with new evidence."""
    pipeline = plan.pipeline
    done = {*home.ledger.turns.done(pipeline)}
    verdicts = live.ledger.promotions.verdicts(pipeline)
    for past in before:
        if past.number in done:
            continue
        _put(home, pipeline, late_labels.at(past.batch, past.number))
        _open(home, pipeline, past)
        row = live.ledger.turns.get(pipeline, past.number)
        if row["decision"] is not None:
            decision = codec.load(RetrainingDecision, row["decision"])
            home.ledger.turns.note(pipeline, past.number, decision=decision)
        if past.number in verdicts:
            challenger, verdict = verdicts[past.number]
            home.ledger.promotions.record_verdict(pipeline, past.number, None, challenger, verdict)
        home.ledger.turns.close(pipeline, past.number, past.outcome, past.reasons)
    _crown(live, home, plan, before)


def _crown(live: Home, home: ExperimentHome, plan: Plan, before: list[Past]) -> None:
    """Make the model live that was live when the experiment begins."""
    made = live.ledger.promotions.before(plan.pipeline, plan.first)
    if not before or not made or home.ledger.promotions.champion(plan.pipeline) is not None:
        return
    model = live.ledger.models.get(plan.pipeline, made[-1].model)
    assert model is not None, "what is live is recorded"
    last = before[-1].number
    home.ledger.models.record(plan.pipeline, last, model)
    version = home.ledger.models.register(plan.pipeline, model.id)
    why = f"v{made[-1].version} was live when the experiment begins"
    home.ledger.promotions.promote(plan.pipeline, version, model.id, last, by="the live pipeline", reason=why)
