"""The tasks of lineage: what was decided, shown in MLflow and Evidently."""

from contextlib import AbstractContextManager, nullcontext
from functools import partial

from prefect import runtime, task

from tasks.adapters import helper, home
from tasks.adapters.prefect import events, running_server
from tasks.domain.pools import Pool
from tasks.domain.records import Model
from tasks.domain.turns import TurnRef
from tasks.lineage.steps import answers_at_hand, going_back, helper_jobs
from tasks.promotion.steps.return_to import Way


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


def keep_answers(turn: TurnRef, pool: Pool, probe: Model) -> None:
    """Keep what the probe answered for when the turn is shown."""
    answers_at_hand.keep(home.current(), turn, pool, probe)


@task(task_run_name="show-turn-{number}", tags=["lineage"], retries=2, retry_delay_seconds=[1.0, 5.0])
def show_turn(pipeline: str, number: int) -> str | None:
    """Show a turn in MLflow and Evidently; returns the id of its MLflow run, None if nothing was trained."""
    answered = answers_at_hand.take(home.current(), pipeline, number)
    run = helper.show(partial(helper_jobs.show, answered=answered), pipeline, number)
    server = running_server.find(home.current().folder) if run else None
    if server is not None:
        events.link(f"{pipeline}-mlflow-run", f"{server.mlflow}/#/runs/{run}", f"Turn {number} in MLflow")
    return run


@task(task_run_name="go-back-to-v{way.version}", tags=["lineage"])
def roll_back(way: Way, by: str, reason: str) -> tuple[str, str]:
    """Make a version live that had been live before; gives what was checked, and what kept others from being told."""
    return going_back.roll_back(home.current(), way, by, reason, runtime.flow_run.id)


@task(task_run_name="release-v{version}", tags=["lineage"])
def release(pipeline: str, version: int, by: str, reason: str) -> str | None:
    """Let automation have a version again; gives what kept the report from being told, None if it was not barred."""
    return going_back.release(home.current(), pipeline, version, by, reason, runtime.flow_run.id)
