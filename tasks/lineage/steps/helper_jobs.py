"""Jobs of the helper process that shows turns. They import what they need there, and nothing in the process that asks.

Add a job here when something is shown that need not be waited for. How it is shown belongs to `showing`.
"""

from typing import TYPE_CHECKING

from tasks.adapters.home import Home
from tasks.training.steps import handles

if TYPE_CHECKING:
    from tasks.training.judged_rows import Answered


def show(home: Home, pipeline: str, number: int, answered: "Answered | None" = None) -> str | None:
    """Show a turn in MLflow and Evidently; gives the id of its MLflow run.

    Args:
        home: Where this process works.
        pipeline: Its pipeline.
        number: The turn, which is done.
        answered: What its probe said when it was judged, if the process that asks still has that.
    """
    from tasks.lineage.steps import showing

    if answered is not None:
        handles.rows(home).take_over(answered)
    return showing.show(home, pipeline, number)


def show_drift(home: Home, pipeline: str, number: int) -> None:
    """Draw what moved in a turn that goes on."""
    from tasks.lineage.steps import showing

    showing.show_drift(home, pipeline, number)


def warm(home: Home) -> None:
    """Import what every turn needs, and make MLflow's database if there is none."""
    from tasks.adapters import evidently_report
    from tasks.adapters.mlflow import tracking
    from tasks.lineage.steps import showing
    from tasks.problems import plots

    assert showing and plots
    evidently_report.warm()
    tracking.open_client(home.tracking)
