"""Refits the first champion on all there was, and asks both versions when the next batch is judged.

Each step looks up what is done, does the rest and commits it. Which of the two is live is decided in `refits`.
"""

from configs.settings import PipelineSettings
from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.domain.pools import Pool
from tasks.domain.records import Model
from tasks.domain.turns import Guard, Refit, TurnRef, Verdict
from tasks.evaluation.steps import compare
from tasks.promotion import refits
from tasks.promotion.guards.bundle import Bundle
from tasks.promotion.guards.cases import Cases
from tasks.promotion.steps import expected, return_to
from tasks.training.steps import fitting, own_windows


def refit(home: Home, turn: TurnRef, pool: Pool, judged: Model, version: int) -> Refit | None:
    """Fit the family that has won on all rows of the pool, give it a version, and ask its guard.

    None if the version that was judged is live already: an earlier version of this code has promoted it.

    Args:
        home: Ledger, rows and bundles.
        turn: In which the first champion has won.
        pool: What it was split into two of.
        judged: The model that has won.
        version: Its number.
    """
    ledger = home.ledger
    recorded = ledger.refits.get(turn.pipeline)
    if recorded is not None or any(made.turn == turn.number for made in ledger.promotions.all(turn.pipeline)):
        return recorded
    model = _fitted(home, turn, pool, judged)
    number = ledger.models.register(turn.pipeline, model.id)
    failpoints.reach("refit-numbered")
    settings = home.settings(turn.pipeline)
    guard = _looked_at(home, model, settings)
    made = Refit(turn.number, version, judged.id, number, model.id, guard)
    ledger.refits.record(turn.pipeline, made)
    failpoints.reach("refit-committed")
    return made


def check(home: Home, turn: TurnRef, pool: Pool, champion: Model, verdict: Verdict) -> Refit | None:
    """Compare the refit with the version that was judged on what a turn has judged, if that is due; None if not.

    Args:
        home: Ledger, rows and bundles.
        turn: The turn, whose verdict is committed.
        pool: What was judged in it.
        champion: The live model.
        verdict: About the challenger.
    """
    recorded = home.ledger.refits.get(turn.pipeline)
    if recorded is None or not refits.is_due(recorded, champion.id, turn.number, verdict):
        return None
    if recorded.check is not None:
        return recorded
    judged = home.ledger.models.get(turn.pipeline, recorded.judged_model)
    assert judged is not None, "a refit is recorded after the model that it stands for"
    settings = home.settings(turn.pipeline)
    measured = compare.compare(home, settings, pool, pool.moment, champion, judged, sliced=False)
    objections = return_to.guards(home, turn, judged)
    decision = refits.check(recorded, turn.number, measured, objections)
    made = home.ledger.refits.record_check(turn.pipeline, recorded, decision)
    failpoints.reach("refit-checked")
    return made


def told(home: Home, turn: TurnRef) -> tuple[str, ...]:
    """What a turn has to say of the refit: that it made it, or which of the two is live; nothing in other turns."""
    refit = home.ledger.refits.get(turn.pipeline)
    if refit is None:
        return ()
    if refit.turn == turn.number:
        model = home.ledger.models.get(turn.pipeline, refit.model)
        return (refits.told(refit, model.snapshot.rows if model else 0),)
    return (refit.check.reason,) if refit.check and refit.check.turn == turn.number else ()


def _looked_at(home: Home, model: Model, settings: PipelineSettings) -> Guard:
    """The guards that look at a model alone: one that objects, else that of the bundle."""
    limits = settings.promotion.guards
    bundle = Bundle().look(fitting.inspect(home, model, settings), limits)
    if bundle.objects:
        return bundle
    cases = Cases().look(expected.answers(home, model, settings), limits)
    return cases if cases is not None and cases.objects else bundle


def _fitted(home: Home, turn: TurnRef, pool: Pool, judged: Model) -> Model:
    """The model on all rows of the pool; one that was fitted before the turn was cut off is not fitted again."""
    settings, models = home.settings(turn.pipeline), home.ledger.models
    snapshot = own_windows.whole(home, turn, pool, fitting.candidate(settings, judged.family))
    models.record_snapshot(turn.pipeline, snapshot)
    failpoints.reach("refit-selected")
    order = fitting.order(home, settings, snapshot, judged.family)
    known = fitting.had(home, turn, order)
    if known is not None:
        return known
    model = fitting.fit(home, order, settings)
    models.record(turn.pipeline, turn.number, model, settings.canonical())
    failpoints.reach("refit-fitted")
    return model
