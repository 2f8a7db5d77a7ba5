"""The flow `monitor`: how is the live model doing on what waits, before a turn takes it in?"""

from prefect import flow

from flows.steps import come_to
from tasks.domain.observations import Health, HealthState
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Model
from tasks.domain.turns import TurnRef
from tasks.evaluation import tasks as evaluation
from tasks.monitoring import tasks as monitoring
from tasks.reporting import tasks as reporting


@flow(name="monitor", flow_run_name="{pipeline} · monitor")
@reporting.in_words
def monitor(pipeline: str = "flights") -> Health:
    """Judge the live model and its inputs on each delivery that waits; what is found asks for a turn.

    Drift and a model that is not well are recorded as triggers and announced as events. Nothing is taken in.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
    """
    return reporting.end_monitor(pipeline, monitoring.look_ahead(pipeline))


def watch(turn: TurnRef, batch: Batch, pool: Pool) -> tuple[Model | None, Health]:
    """Score the champion and the first champion on the batch, and look for drift; gives the champion and its health.

    Batches that wait to be judged as one are looked at as one, too: alone they may be too short to say anything.
    """
    come_to(turn, 2, "watching the live model")
    live = monitoring.find_live_models(turn)
    if not live:
        return None, Health(HealthState.NOT_JUDGED, ("There is no champion yet.",))
    champion = live[0]
    drift = monitoring.measure_drift(turn, batch, champion) if batch.labels is None else None
    scores = (
        [evaluation.score_model(turn, batch, model) for model in live]
        if batch in pool.batches and batch.has_labels
        else []
    )
    pooled = [evaluation.score_model(turn, pool, model) for model in live] if pool.members and pool.has_labels else []
    lot = pool if pooled else batch if scores else None
    weak = evaluation.find_weak_spots(turn, lot, champion) if lot else ()
    health = monitoring.judge_health(turn, batch, champion, [*scores[:1], *pooled[:1]], drift, weak)
    monitoring.record_alarms(turn, drift, health)
    return champion, health
