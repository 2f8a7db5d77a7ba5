"""The tasks of experiments: what is replayed, how it does against what was live, and where that is shown."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from prefect import runtime, task

from tasks.adapters import experiment_home, home
from tasks.adapters.experiment_home import ExperimentHome
from tasks.adapters.home import Home
from tasks.adapters.prefect import events
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Model
from tasks.domain.turns import RetrainingDecision, TurnRef, Verdict
from tasks.experiments.plans import Plan
from tasks.experiments.standings import Standing
from tasks.experiments.steps import comparing, facing, planning, publishing, replay, shelf


@task(task_run_name="plan-experiment-{pipeline}", tags=["experiments"])
def plan_experiment(pipeline: str, name: str, changes: list[str], start: str) -> Plan:
    """Find out what is to be replayed, under which settings, and write down what the experiment is."""
    plan, _ = planning.plan(home.current(), pipeline, name, changes, start)
    shelf.keep(home.current(), plan)
    return plan


@contextmanager
def at_work(plan: Plan) -> Iterator[None]:
    """Work in the home of the experiment while the block runs, alone; the live home is read, and not written.

    Raises:
        Busy: Somebody else is at work on this experiment.
    """
    live = home.current()
    _, settings = planning.plan(live, plan.pipeline, plan.name, plan.changes, plan.start)
    below = experiment_home.open_below(live, plan.pipeline, plan.name, settings)
    with home.use(below) as opened, opened.ledger.lease.held(plan.pipeline, runtime.flow_run.id):
        yield


@task(task_run_name="list-batches-{plan.name}", tags=["experiments"])
def list_batches(plan: Plan) -> list[int]:
    """The turns that are left to replay, by number."""
    return replay.waiting(_live(), _here(), plan)


@task(task_run_name="replay-turn-{number}", tags=["experiments"])
def begin_turn(plan: Plan, number: int) -> tuple[TurnRef, Batch]:
    """Open the turn of a batch in the experiment, with all batches as they stood then."""
    return replay.begin(_live(), _here(), plan, number)


def skip_given_up(plan: Plan, turn: TurnRef) -> bool:
    """Close a turn that the live pipeline has given up; says whether it is one."""
    past = replay.given_up(_live(), plan, turn.number)
    if past is None:
        return False
    facing.face(_live(), _here(), plan, turn, Pool((), None), None, facing.End(past.outcome, past.reasons))
    replay.pass_over(_here(), turn, past)
    return True


@task(task_run_name="compare-with-live-{turn.name}", tags=["experiments"])
def compare_with_live(
    plan: Plan,
    turn: TurnRef,
    batch: Batch,
    pool: Pool,
    champion: Model | None,
    decision: RetrainingDecision,
    verdict: Verdict | None,
) -> None:
    """Compare the model that was live in the experiment with the one that was live in the pipeline."""
    facing.face(_live(), _here(), plan, turn, pool, champion, facing.end_of(batch, decision, verdict))


@task(task_run_name="show-experiment-{plan.name}", tags=["experiments"])
def show(plan: Plan) -> str:
    """Show it in MLflow, and write the page that compares all experiments of the pipeline; its path."""
    live = home.current()
    publishing.show_in_mlflow(live, comparing.standing(live, plan))
    return str(publishing.write_page(live, plan.pipeline))


def end(plan: Plan) -> Standing:
    """Give the run its last name and word; what it returns is how the experiment stands."""
    standing = comparing.standing(home.current(), plan)
    return events.ended(publishing.ending(standing), standing)


def _here() -> ExperimentHome:
    return cast(ExperimentHome, home.current())


def _live() -> Home:
    live = _here().live
    assert live is not None, "an experiment is below a home"
    return live
