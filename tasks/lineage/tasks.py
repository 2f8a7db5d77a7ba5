"""The tasks of lineage: what was decided, shown in MLflow and Evidently."""

from contextlib import AbstractContextManager, nullcontext

from prefect import runtime, task

from tasks.adapters import helper, home
from tasks.adapters.prefect import events, running_server
from tasks.domain.turns import TurnRef
from tasks.lineage.steps import helper_jobs, live_version


def stage(*, wanted: bool) -> AbstractContextManager[None]:
    """A helper process for what is shown, unless this process has one already; its imports are dear.

    Args:
        wanted: Whether there will be anything to show.
    """
    hands = home.current()
    needed = wanted and not helper.is_open()
    return helper.open_stage(hands.folder, hands.ledger_url, helper_jobs.warm) if needed else nullcontext()


def begin_showing(turn: TurnRef) -> None:
    """Have the helper process draw what moved, while there is something else to wait for."""
    helper.begin(helper_jobs.show_drift, turn.pipeline, turn.number)


@task(task_run_name="show-turn-{number}", tags=["lineage"], retries=2, retry_delay_seconds=[1.0, 5.0])
def show_turn(pipeline: str, number: int) -> str | None:
    """Show a turn in MLflow and Evidently; returns the id of its MLflow run, None if nothing was trained."""
    run = helper.show(helper_jobs.show, pipeline, number)
    server = running_server.find(home.current().folder) if run else None
    if server is not None:
        events.link(f"{pipeline}-mlflow-run", f"{server.mlflow}/#/runs/{run}", f"Turn {number} in MLflow")
    return run


@task(task_run_name="show-champion-{pipeline}", tags=["lineage"])
def show_champion(pipeline: str) -> str:
    """Let MLflow's alias and the report say who is live; gives what stood in the way."""
    return live_version.show(home.current(), pipeline)


def show_release(pipeline: str) -> str:
    """Let the report say that a version is released; gives what stood in the way."""
    return live_version.show_release(home.current(), pipeline, runtime.flow_run.id)
