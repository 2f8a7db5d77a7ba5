"""The flow `continuous-training`: one turn of the loop for each batch that waits, oldest first."""

from dataclasses import dataclass

from prefect import flow, runtime

from flows import ingest, train
from flows.announcements import Closing, TurnDone, tell
from tasks import coordination, ingestion, lineage, reporting
from tasks.adapters import home
from tasks.adapters.sources import Delivery
from tasks.core.turns import Outcome


@dataclass(frozen=True)
class CaughtUp:
    """What a run did."""

    pipeline: str
    turns: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    duplicates: int
    """Deliveries whose content was known."""
    report: str
    """Path of the page."""


@flow(name="continuous-training", flow_run_name="{pipeline} · catch up")
def continuous_training(pipeline: str = "flights") -> CaughtUp:
    """Keep a model up to date: one turn for each batch that waits, then the report.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
    """
    with home.current().ledger.lease.held(pipeline):
        waiting = ingestion.list_waiting(pipeline)
        showing = [lineage.show_turn.submit(pipeline, number) for number in waiting.unshown]
        progress = reporting.start_progress(pipeline, len(waiting.deliveries))
        done: dict[int, Outcome] = {}
        for delivery in waiting.deliveries:
            number, outcome = turn(pipeline, delivery)
            done[number] = outcome
            showing.append(lineage.show_turn.submit(pipeline, number))
            reporting.advance_progress(progress, len(done), len(waiting.deliveries))
        for copy in waiting.duplicates:
            ingestion.count_duplicate(pipeline, copy)
        tell(Closing("showing the last turn in MLflow and the report"))
        for shown in showing:
            shown.result()
        report = reporting.write_report(pipeline)
    return CaughtUp(pipeline, tuple(done), tuple(done.values()), len(waiting.duplicates), report)


@flow(name="turn", flow_run_name="{pipeline} · {delivery.name}", validate_parameters=False)
def turn(pipeline: str, delivery: Delivery) -> tuple[int, Outcome]:
    """One pass of the loop: ingest, monitor, decide, train, compare, promote or not.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        delivery: The batch that it is about.
    """
    opened = coordination.open_turn(pipeline, delivery, runtime.flow_run.id)
    batch = ingest.take_in(opened, delivery)
    outcome = train.finish(opened, batch)
    reporting.show_verdict(opened)
    tell(TurnDone(pipeline, opened.number))
    return opened.number, outcome
