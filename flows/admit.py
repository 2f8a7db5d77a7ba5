"""The flows `admit` and `keep-out`: a person decides about a batch that is refused or held.

Both are forms in Prefect's UI as well.

The command line runs the same flows: `flows.console.admit`, `flows.console.keep_out`.
"""

from prefect import flow, runtime

from flows import ingest
from tasks.coordination import tasks as coordination
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch
from tasks.ingestion import tasks as ingestion
from tasks.promotion import tasks as promotion
from tasks.reporting import tasks as reporting


@flow(name="admit", flow_run_name="{pipeline} · admit {batch}")
@reporting.in_words
def admit(
    batch: str,
    reason: str,
    pipeline: str = "flights",
    by: str = "a person in Prefect's UI",
    sound_rows_only: bool = False,
) -> Batch:
    """Take in a batch that is held; read one that is refused again, and judge it under the settings of now.

    Its rows come in late. How it stood before stays on record. The rest of its turn follows with the next run.

    Args:
        batch: The batch: its name, or the beginning of its digest.
        reason: Why, in a sentence; it is kept in the history.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        by: Who decides.
        sound_rows_only: Of a held batch, whether the rows that something speaks against are quarantined.
    """
    promotion.require_decision(pipeline, reason, by)
    decision = Decision.SOUND_ROWS if sound_rows_only else Decision.ADMIT
    with coordination.at_work(pipeline):
        aside = ingestion.find_aside(pipeline, batch, decision)
        delivery = ingestion.admit_batch(pipeline, aside, by, reason, decision)
        judged = ingest.take_in(coordination.open_turn(pipeline, delivery, runtime.flow_run.id), delivery)
    return reporting.end_admission(pipeline, aside, judged, by)


@flow(name="keep-out", flow_run_name="{pipeline} · keep out {batch}")
@reporting.in_words
def keep_out(batch: str, reason: str, pipeline: str = "flights", by: str = "a person in Prefect's UI") -> Batch:
    """Refuse a batch that is held. Its bytes stay, and it can still be admitted later.

    Args:
        batch: The held batch: its name, or the beginning of its digest.
        reason: Why, in a sentence; it is kept in the history.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        by: Who decides.
    """
    promotion.require_decision(pipeline, reason, by)
    with coordination.at_work(pipeline):
        held = ingestion.find_aside(pipeline, batch, Decision.KEEP_OUT)
        refused = ingestion.keep_out(pipeline, held, by, reason)
    return reporting.end_keeping_out(pipeline, refused, by, reason)
