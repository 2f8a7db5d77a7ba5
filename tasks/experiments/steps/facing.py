"""How the live model of an experiment does against the one that was live in the pipeline, on rows new to both.

Add here what is found of one batch. What all of them say together is in `tasks.experiments.standings`.
"""

from dataclasses import dataclass

from configs.settings import PipelineSettings
from tasks.adapters import failpoints
from tasks.adapters.experiment_home import ExperimentHome
from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.coordination import course
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Comparison, Model
from tasks.domain.turns import Evidence, Outcome, RetrainingDecision, TurnRef, Verdict, VerdictKind
from tasks.evaluation.steps import compare
from tasks.experiments.plans import Plan
from tasks.experiments.replayed import Replayed
from tasks.experiments.steps import shelf
from tasks.promotion import evidence

_LIVE = "the live pipeline"
"""In place of a champion in evidence about whole experiments: it goes on when models change."""


@dataclass(frozen=True)
class End:
    """How a turn of the experiment ended."""

    outcome: Outcome
    reasons: tuple[str, ...]
    verdict: Verdict | None = None


def end_of(batch: Batch, decision: RetrainingDecision, verdict: Verdict | None) -> End:
    """How a turn ends, as in the live pipeline."""
    return End(course.outcome(verdict, batch), course.reasons(batch, decision, verdict), verdict)


def face(
    live: Home, home: ExperimentHome, plan: Plan, turn: TurnRef, pool: Pool, champion: Model | None, end: End
) -> Replayed:
    """Compare both on what the turn has judged, and write down what came of the batch; a second time the same.

    Args:
        live: The home of the pipeline.
        home: Of the experiment.
        plan: The experiment.
        turn: In the experiment, under the number that it has in the pipeline.
        pool: What was judged in it.
        champion: Live in the experiment when the turn began.
        end: How it ended.
    """
    pipeline = turn.pipeline
    made = live.ledger.promotions.before(pipeline, turn.number)
    base = live.ledger.models.get(pipeline, made[-1].model) if made else None
    comparison = None
    if end.verdict is not None and base is not None and champion is not None and base.id != champion.id:
        comparison = _compared(live, home, pipeline, pool, base, champion)
    alike = comparison is not None and comparison.base_loss == comparison.challenger_loss
    comparison = None if alike else comparison
    fitted = home.ledger.models.of_turn(pipeline, turn.number)
    lent = sum(home.lent(model.id) is not None for model in fitted)
    result = Replayed(
        turn=turn.number,
        batch=turn.name,
        outcome=end.outcome,
        reasons=end.reasons,
        live_version=made[-1].version if made else None,
        live_model=base.id if base else None,
        model=champion.id if champion else None,
        promoted=end.verdict is not None and end.verdict.kind is VerdictKind.PROMOTE,
        live_promoted=any(one.turn == turn.number for one in live.ledger.promotions.all(pipeline)),
        alike=alike,
        comparison=comparison,
        evidence=_weighed(live, plan, turn, comparison, champion),
        fits=len(fitted) - lent,
        lent=lent,
        seconds=_seconds(home, turn),
    )
    shelf.keep_batch(live, plan, result)
    failpoints.reach("batch-replayed")
    for model in fitted:
        home.lend(model)
    return result


def _compared(
    live: Home, home: ExperimentHome, pipeline: str, pool: Pool, base: Model, champion: Model
) -> Comparison | None:
    """Both on the rows of the pool that neither had learned from; None if there are none."""
    cutoffs = [moment for moment in (pool.moment, base.snapshot.cutoff, champion.snapshot.cutoff) if moment is not None]
    pair = compare.compare(home, _judging(live, home, pipeline), pool, max(cutoffs), base, champion, sliced=False)
    return pair if pair.rows else None


def _judging(live: Home, home: ExperimentHome, pipeline: str) -> PipelineSettings:
    """The settings of the experiment, which know all inputs of both; intervals are those of the live pipeline."""
    own, room = home.settings(pipeline), live.settings(pipeline).evaluation
    return own if own.evaluation == room else own.model_copy(update={"evaluation": room})


def _weighed(
    live: Home, plan: Plan, turn: TurnRef, comparison: Comparison | None, champion: Model | None
) -> Evidence | None:
    """The evidence that the experiment is better, with this batch; that of before where nothing was compared."""
    earlier = [one.evidence for one in shelf.replayed(live, plan) if one.turn < turn.number and one.evidence]
    previous = earlier[-1] if earlier else None
    if comparison is None or comparison.independent or champion is None:
        return previous
    about = {"batch": turn.batch, "champion": _LIVE, "probe": champion.id}
    return evidence.advance(previous, comparison, **about, settings=live.settings(plan.pipeline).promotion)


def _seconds(home: ExperimentHome, turn: TurnRef) -> float:
    began = codec.moment(home.ledger.turns.get(turn.pipeline, turn.number)["attempted"])
    return 0.0 if began is None else round((home.clock() - began).total_seconds(), 3)
