"""The flow `rollback`: go back to a version that had been live, from Prefect's UI.

The command line does the same without Prefect: `flows.console.rollback`.
"""

from prefect import flow

from tasks.lineage import tasks as lineage
from tasks.promotion import tasks as promotion
from tasks.reporting import tasks as reporting


@flow(name="rollback", flow_run_name="{pipeline} · rollback")
@reporting.in_words
def rollback(
    reason: str, pipeline: str = "flights", to: str | int | None = "", by: str = "a person in Prefect's UI"
) -> int:
    """Make an earlier version the champion again; automation keeps off the one that is live until it is released.

    Nothing changes unless the version still answers as it did at its gate.

    Args:
        reason: Why, in a sentence; it is kept in the history.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        to: The version to go back to, such as v4; empty for the one that was live before.
        by: Who decides.
    """
    promotion.require_decision(pipeline, reason, by)
    checked, problem = lineage.roll_back(promotion.find_way(pipeline, to), by, reason)
    return reporting.end_rollback(pipeline, checked, problem)
