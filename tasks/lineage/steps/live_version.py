"""Who is live, told elsewhere after a person has changed it: MLflow's alias and the report follow the ledger."""

from configs.errors import IncumbentError
from tasks.adapters.home import Home
from tasks.adapters.mlflow import failures
from tasks.reporting.steps import report_file


def show(home: Home, pipeline: str) -> str:
    """Let MLflow's alias and the report say who is live; gives what stood in the way: the next run makes up for it."""
    from tasks.lineage.steps import showing  # what it needs is dear

    try:
        report_file.write(home, pipeline)
        showing.show_rollbacks(home, pipeline)
    except (IncumbentError, OSError) as problem:
        return failures.first_line(problem)
    return ""


def show_release(home: Home, pipeline: str, run: str | None = None) -> str:
    """Let the report say that a version is released; gives what stood in the way: the next turn makes up for it.

    Args:
        home: Ledger and report.
        pipeline: Its pipeline.
        run: The flow run that asks, if it is one.
    """
    try:
        with home.ledger.lease.held(pipeline, run):
            report_file.write(home, pipeline)
    except (IncumbentError, OSError) as problem:
        return failures.first_line(problem)
    return ""
