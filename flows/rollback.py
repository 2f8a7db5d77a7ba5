"""The flow `rollback`: go back to a version that had been live, from Prefect's UI.

The command line does the same without Prefect: `flows.going_back`.
"""

from prefect import flow, runtime

from tasks import promotion, reporting
from tasks.adapters import going_back, home
from tasks.core import rollback as rules


@flow(name="rollback", flow_run_name="{pipeline} · rollback")
def rollback(
    reason: str, pipeline: str = "flights", to: int | None = None, by: str = "a person in Prefect's UI"
) -> int:
    """Make an earlier version the champion again; automation keeps off the one that is live until it is released.

    Nothing changes unless the version still answers as it did at its gate.

    Args:
        reason: Why, in a sentence; it is kept in the history.
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        to: Number of the version; empty for the one that was live before.
        by: Who decides.
    """
    rules.require_words(reason, by)
    hands = home.current()
    hands.settings(pipeline)
    way = going_back.find_way(hands, pipeline, to)
    with hands.ledger.lease.held(pipeline, runtime.flow_run.id):
        if not way.done:
            promotion.check_old_answers(way)
            promotion.roll_back(way, by, reason)
        problem = promotion.show_champion(pipeline)
    return reporting.end_rollback(pipeline, problem, changed=not way.done)
