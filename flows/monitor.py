"""The flow `monitor`: how is the live model doing on the batch that was taken in last?"""

from prefect import flow

from flows.announcements import Step, tell
from tasks import coordination, evaluation, monitoring
from tasks.adapters import home
from tasks.core.records import Batch, Model
from tasks.core.turns import Health, HealthState, TurnRef


@flow(name="monitor", flow_run_name="monitor {pipeline}")
def monitor(pipeline: str) -> Health:
    """Judge the live model and its inputs on the oldest batch that has not been through a whole turn.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
    """
    with home.current().ledger.lease.held(pipeline):
        resumed = coordination.find_open_turn(pipeline)
        if resumed is None:
            return Health(HealthState.NOT_JUDGED, ("No batch waits for its turn.",))
        turn, batch = resumed
        if batch.reason:
            return Health(HealthState.NOT_JUDGED, (f"The batch {turn.name} was refused: {batch.reason}",))
        return watch(turn, batch)[1]


def watch(turn: TurnRef, batch: Batch) -> tuple[Model | None, Health]:
    """Score the champion and the first champion on the batch, and look for drift; gives the champion and its health."""
    tell(Step(turn.number, turn.name, 2, "watching the live model"))
    live = monitoring.find_live_models(turn)
    if not live or not batch.has_labels:
        nothing = "There is no champion yet." if not live else "No row of this batch has a label."
        return (live[0] if live else None), Health(HealthState.NOT_JUDGED, (nothing,))
    champion = live[0]
    drift = monitoring.measure_drift(turn, batch, champion)
    scores = [evaluation.score_model(turn, batch, model) for model in live]
    health = monitoring.judge_health(turn, batch, champion, scores[0], drift)
    if drift.drifted:
        monitoring.record_drift_trigger(turn, drift)
    return champion, health
