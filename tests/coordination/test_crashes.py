"""What a killed process left open is closed, in Prefect and in MLflow; what belongs to the living is left alone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from prefect import get_client
from prefect.client.schemas.objects import State
from prefect.settings import PREFECT_API_URL, get_current_settings, temporary_settings

from configs.errors import IncumbentError, Unreachable
from tasks.adapters.home import Home
from tasks.adapters.mlflow import tracking
from tasks.coordination.steps import crashes
from tasks.domain.turns import Outcome
from tests.coordination import worker
from tests.coordination.worker import Worker


@pytest.fixture
def home(shop_home: Home, mlflow_template: Path, prefect_api: Path) -> Home:
    """With an MLflow that has the experiment."""
    (shop_home.folder / "mlflow" / "artifacts").mkdir(parents=True)
    shutil.copyfile(mlflow_template / "mlflow.db", shop_home.folder / "mlflow" / "mlflow.db")
    return shop_home


@pytest.fixture
def start_worker(home: Home) -> Iterator[Callable[[], Worker]]:
    """Starts a process with a flow in a flow that holds the lease and has begun a turn."""
    started: list[Worker] = []

    def start() -> Worker:
        assert home.ledger.lease.holder("shop") is None
        told = get_current_settings().to_environment_variables(exclude_unset=True, include_secrets=True)
        started.append(worker.start(home.folder / "ledger.db", told))
        return started[-1]

    yield start
    for one in started:
        one.kill()


def state(run: str) -> State:
    with get_client(sync_client=True) as client:
        found = client.read_flow_run(UUID(run)).state
    assert found is not None
    return found


def begin_mlflow_run(home: Home, experiment: str, model: str | None = "a model") -> str:
    client = tracking.open_client(home.tracking)
    found = client.get_experiment_by_name(experiment)
    number = found.experiment_id if found else client.create_experiment(experiment)
    return str(client.create_run(number, tags={tracking.MODEL_TAG: model} if model else {}).info.run_id)


def status(home: Home, run: str) -> str:
    return str(tracking.open_client(home.tracking).get_run(run).info.status)


def test_runs_of_a_process_that_was_killed_are_closed_and_its_turn_waits(
    home: Home, start_worker: Callable[[], Worker]
) -> None:
    started = start_worker()
    own, of_another = begin_mlflow_run(home, "shop"), begin_mlflow_run(home, "flights")
    before = [state(run).name for run in (started.run, started.turn)]
    started.kill()

    closed = [crashes.close(home, "shop") for _ in range(2)]

    after = [state(run) for run in (started.run, started.turn)]
    assert (closed, before) == ([True, False], ["Running", "Running"])
    assert [one.name for one in after] == ["Crashed", "Crashed"]
    assert f"process {started.process.pid} on " in str(after[0].message)
    assert "was killed" in str(after[0].message)
    assert (status(home, own), status(home, of_another)) == ("KILLED", "RUNNING")
    assert home.ledger.turns.all("shop")[0]["finished"] is None
    assert home.ledger.lease.holder("shop") is None


def test_a_living_one_is_left_alone(home: Home, start_worker: Callable[[], Worker]) -> None:
    started = start_worker()
    run = begin_mlflow_run(home, "shop")

    closed = crashes.close(home, "shop")
    holder = home.ledger.lease.holder("shop")

    assert not closed
    assert [state(one).name for one in (started.run, started.turn)] == ["Running", "Running"]
    assert status(home, run) == "RUNNING"
    assert holder is not None
    assert holder.lives


def test_where_nobody_died_there_is_nothing_to_close(home: Home) -> None:
    run = begin_mlflow_run(home, "shop")

    assert not crashes.close(home, "shop")
    assert status(home, run) == "RUNNING"


def test_a_turn_that_has_ended_keeps_its_run_as_it_is(home: Home, start_worker: Callable[[], Worker]) -> None:
    first = start_worker()
    first.end()
    home.ledger.turns.close("shop", 1, Outcome.NOT_JUDGED, ("why",))
    second = start_worker()
    second.kill()

    crashes.close(home, "shop")

    assert [state(run).name for run in (first.run, first.turn)] == ["Completed", "Completed"]
    assert state(second.run).name == "Crashed"


def test_a_run_that_is_begun_again_does_not_close_itself(home: Home, start_worker: Callable[[], Worker]) -> None:
    started = start_worker()
    started.kill()

    closed = crashes.close(home, "shop", own=started.run)

    assert closed
    assert [state(run).name for run in (started.run, started.turn)] == ["Running", "Crashed"]


def test_what_a_killed_run_left_is_closed_also_if_a_command_without_prefect_took_the_lease_first(
    home: Home, start_worker: Callable[[], Worker]
) -> None:
    started, run = start_worker(), begin_mlflow_run(home, "shop")
    started.kill()
    with home.ledger.lease.held("shop"):
        pass  # as `rollback` and `verify --repair` do

    closed = [crashes.close(home, "shop") for _ in range(2)]

    assert closed == [True, False]
    assert [state(one).name for one in (started.run, started.turn)] == ["Crashed", "Crashed"]
    assert f"process {started.process.pid} on " in str(state(started.run).message)
    assert status(home, run) == "KILLED"


def test_while_somebody_works_only_the_runs_of_the_dead_are_closed(
    home: Home, start_worker: Callable[[], Worker]
) -> None:
    dead = start_worker()
    dead.kill()
    with home.ledger.lease.held("shop"):
        pass
    alive, run = start_worker(), begin_mlflow_run(home, "shop")

    closed = crashes.close(home, "shop")
    alive.end()
    afterwards = crashes.close(home, "shop")

    assert (closed, afterwards) == (False, True)
    assert [state(one).name for one in (dead.run, dead.turn)] == ["Crashed", "Crashed"]
    assert [state(one).name for one in (alive.run, alive.turn)] == ["Completed", "Completed"]
    assert status(home, run) == "KILLED"


def test_while_the_server_does_not_answer_the_dead_stay_named_and_are_closed_later(
    home: Home, start_worker: Callable[[], Worker]
) -> None:
    started = start_worker()
    run = begin_mlflow_run(home, "shop")
    started.kill()
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}), pytest.raises(Unreachable):
        crashes.close(home, "shop")
    between = home.ledger.lease.holder("shop")

    closed = crashes.close(home, "shop")

    assert between is not None
    assert between.run == started.run
    assert closed
    assert (state(started.run).name, status(home, run)) == ("Crashed", "KILLED")


def test_a_home_without_mlflow_is_no_obstacle(home: Home, start_worker: Callable[[], Worker]) -> None:
    shutil.rmtree(home.folder / "mlflow")
    started = start_worker()
    started.kill()

    assert crashes.close(home, "shop")
    assert state(started.run).name == "Crashed"
    assert not (home.folder / "mlflow").exists()


def test_a_run_that_a_user_has_begun_in_mlflow_stays_open(home: Home, start_worker: Callable[[], Worker]) -> None:
    started = start_worker()
    own, of_a_user = begin_mlflow_run(home, "shop"), begin_mlflow_run(home, "shop", model=None)
    started.kill()

    crashes.close(home, "shop")

    assert (status(home, own), status(home, of_a_user)) == ("KILLED", "RUNNING")


def test_a_damaged_mlflow_is_told_in_one_paragraph(home: Home, start_worker: Callable[[], Worker]) -> None:
    (home.folder / "mlflow" / "mlflow.db").write_bytes(b"no database at all" * 1000)
    started = start_worker()
    started.kill()

    with pytest.raises(IncumbentError, match=r"MLflow in .* failed: .*`verify --repair` makes it anew"):
        crashes.close(home, "shop")

    assert state(started.run).name == "Crashed"
    assert [one.run for one in home.ledger.lease.dead("shop")] == [started.run], "what it left in MLflow is still open"
