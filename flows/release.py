"""The flow `release`: let automation have a version again that a rollback took off, from Prefect's UI.

The command line does the same without Prefect: `flows.console.release`.
"""

from prefect import flow

from tasks.lineage import tasks as lineage
from tasks.promotion import tasks as promotion
from tasks.reporting import tasks as reporting


@flow(name="release", flow_run_name="{pipeline} · release")
@reporting.in_words
def release(version: str | int, reason: str, pipeline: str = "flights", by: str = "a person in Prefect's UI") -> bool:
    """Let automation have a version again that a rollback took off; who is live does not change.

    A version that is not barred is left as it is.

    Args:
        version: The version that was rolled back, such as v6.
        reason: Why, in a sentence; it is kept in the history.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        by: Who decides.
    """
    promotion.require_decision(pipeline, reason, by)
    number = promotion.number(version)
    return reporting.end_release(pipeline, number, by, reason, lineage.release(pipeline, number, by, reason))
