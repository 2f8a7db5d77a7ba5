"""Door of monitoring: how the live model did, and whether its inputs have moved."""

from prefect import task

from tasks.adapters import backstage, failpoints, home
from tasks.core import baseline
from tasks.core.monitoring import drift as drifts
from tasks.core.monitoring import health
from tasks.core.records import Batch, Model, Score
from tasks.core.turns import Drift, Health, TurnRef


@task(task_run_name="find-live-model-{turn.name}", tags=["monitoring"])
def find_live_models(turn: TurnRef) -> tuple[Model, ...]:
    """The champion, and the first champion of all if that is another one; empty before the first promotion."""
    ledger = home.current().ledger
    history = ledger.promotions.before(turn.pipeline, turn.number)
    if history:
        ledger.turns.note(turn.pipeline, turn.number, champion_version=history[-1].version)
    ids = dict.fromkeys([history[-1].model, history[0].model] if history else [])
    found = [ledger.models.get(turn.pipeline, model) for model in ids]
    return tuple(model for model in found if model is not None)


@task(task_run_name="measure-drift-{turn.name}", tags=["monitoring"])
def measure_drift(turn: TurnRef, batch: Batch, champion: Model) -> Drift:
    """Compare the inputs of a batch with the data that the champion was trained on."""
    hands = home.current()
    known = hands.ledger.models.drift(turn.pipeline, batch.id)
    if known is not None:
        return known
    settings = hands.settings(turn.pipeline)
    features, rules, limits = settings.training.features, settings.validation.columns, settings.monitoring.drift
    then = hands.rows.reference(champion.snapshot, settings)
    now = hands.store.read(batch.accepted_file or "")
    found = drifts.measure(then, now, features, rules, limits, batch=batch.id, snapshot=champion.snapshot.id)
    hands.ledger.models.record_drift(turn.pipeline, found)
    failpoints.reach("drift-committed")
    backstage.begin_drift(turn.pipeline, turn.number)
    return found


@task(task_run_name="judge-health-{turn.name}", tags=["monitoring"])
def judge_health(turn: TurnRef, batch: Batch, champion: Model, score: Score, drift: Drift | None) -> Health:
    """Say whether the champion is well, against its own gate and against no model."""
    hands = home.current()
    settings = hands.settings(turn.pipeline)
    gate = hands.ledger.promotions.gate(turn.pipeline, champion.id)
    dummy = baseline.log_loss(champion.base_rate, positives=score.positives, rows=score.rows)
    at_gate = hands.ledger.models.score(turn.pipeline, champion.id, gate or "")
    found = health.judge(score, at_gate, drift, settings.monitoring.health, settings.reporting, dummy_loss=dummy)
    hands.ledger.turns.note(turn.pipeline, turn.number, health=found)
    failpoints.reach("health-committed")
    return found


@task(task_run_name="record-drift-{turn.name}", tags=["monitoring"])
def record_drift_trigger(turn: TurnRef, drift: Drift) -> None:
    """Record drift that this turn found as a trigger that this turn covers."""
    ledger = home.current().ledger
    evidence = drift.reasons[0]
    ledger.turns.trigger(turn.pipeline, "drift", f"drift:{turn.batch}", evidence, turn.number)
