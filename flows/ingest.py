"""The flow `ingest`: take in what waits, and no more."""

from prefect import flow

from flows.steps import come_to
from tasks.coordination import tasks as coordination
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.sources.base import Delivery
from tasks.monitoring import tasks as monitoring
from tasks.training import tasks as training
from tasks.validation import tasks as validation


@flow(name="ingest", flow_run_name="ingest {pipeline}")
def ingest(pipeline: str) -> list[Batch]:
    """Read what waits, let the contract judge it, and accept it into the store; train nothing.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
    """
    coordination.close_crashed(pipeline)
    with coordination.at_work(pipeline):
        waiting = ingestion.list_waiting(pipeline)
        new = ingestion.choose_new(pipeline, waiting)
        taken = [take_in(coordination.open_turn(pipeline, delivery), delivery) for delivery in new]
        for copy in waiting.duplicates:
            ingestion.count_duplicate(pipeline, copy)
    return taken


def take_in(turn: TurnRef, delivery: Delivery) -> Batch:
    """Read, check and accept one delivery; one that is refused or held is set aside as it came."""
    come_to(turn, 1, "reading and checking")
    check = validation.check_labels if delivery.of_labels else validation.check_batch
    batch = ingestion.read_batch(turn, delivery) or check(turn)
    batch = monitoring.ask_models(turn, training.try_steps(turn, batch))
    batch = validation.go_on(turn, batch) if batch.held else batch
    if not batch.is_in:
        batch = validation.set_aside(turn, delivery, batch)
    return ingestion.accept_batch(turn, batch)
