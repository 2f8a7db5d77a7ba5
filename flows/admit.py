"""The flow `admit`: read a refused batch again, and judge it under the settings of now; a form in Prefect's UI as well.

The command line runs the same flow: `flows.console.admit`.
"""

from prefect import flow, runtime

from flows import ingest
from tasks.coordination import tasks as coordination
from tasks.domain.records import Batch
from tasks.ingestion import tasks as ingestion
from tasks.promotion import tasks as promotion
from tasks.reporting import tasks as reporting


@flow(name="admit", flow_run_name="{pipeline} · admit {batch}")
@reporting.in_words
def admit(batch: str, reason: str, pipeline: str = "flights", by: str = "a person in Prefect's UI") -> Batch:
    """Read a refused batch again and judge it under the settings of now; its rows come in late, or it is refused again.

    How it was refused before stays on record. The rest of its turn follows with the next run.

    Args:
        batch: The refused batch: its name, or the beginning of its digest.
        reason: Why, in a sentence; it is kept in the history.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        by: Who decides.
    """
    promotion.require_decision(pipeline, reason, by)
    with coordination.at_work(pipeline):
        refused = ingestion.find_refused(pipeline, batch)
        delivery = ingestion.admit_batch(pipeline, refused, by, reason)
        judged = ingest.take_in(coordination.open_turn(pipeline, delivery, runtime.flow_run.id), delivery)
    return reporting.end_admission(pipeline, refused, judged, by)
