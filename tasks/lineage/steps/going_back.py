"""A person goes back to an earlier version, or lets automation have one again: what flows and commands both do.

Whether that may be done is asked before, by `tasks.promotion.steps.return_to`. Nothing here needs Prefect.
"""

from tasks.adapters.home import Home
from tasks.lineage.steps import live_version
from tasks.promotion.steps import return_to
from tasks.promotion.steps.return_to import Way


def roll_back(home: Home, way: Way, by: str, reason: str, run: str | None = None) -> tuple[str, str]:
    """Make an earlier version live: checked first, then one row in the ledger, then MLflow's alias and the report.

    Args:
        home: Ledger, rows and bundles.
        way: From which version to which.
        by: Who decides.
        reason: Why, in a sentence.
        run: The flow run that asks, if it is one.

    Returns:
        What was checked, empty if the version was live already; and what kept MLflow or the report from being told.

    Raises:
        BundleRefused: It would not answer as it did at its gate, and why.
    """
    checked = ""
    with home.ledger.lease.held(way.pipeline, run):
        if not way.done:
            checked = return_to.require_old_answers(home, way)
            return_to.make_live(home, way, by, reason)
        return checked, live_version.show(home, way.pipeline)


def release(home: Home, pipeline: str, version: int, by: str, reason: str, run: str | None = None) -> str | None:
    """Let automation have a version again; who is live does not change.

    Args:
        home: Ledger and report.
        pipeline: Its pipeline.
        version: The version that was rolled back.
        by: Who decides.
        reason: Why, in a sentence.
        run: The flow run that asks, if it is one.

    Returns:
        What kept the report from being told, empty if nothing did; None if the version was not barred.

    Raises:
        MistakeOfUser: There is no such version.
    """
    was_held = return_to.release(home, pipeline, version, by, reason)
    return live_version.show_release(home, pipeline, run) if was_held else None
