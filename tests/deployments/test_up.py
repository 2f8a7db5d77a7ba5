"""`make up`, as a real process tree."""

import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest

from deployments import rest
from tasks.adapters import processes, running_server
from tasks.adapters.running_server import RunningServer
from tests.conftest import CommandLine
from tests.deployments.conftest import start
from tests.fixtures_server import wait_until

_HELLO = "All is up"


@dataclass
class Up:
    """A tree that runs on a home."""

    home: Path
    parent: "subprocess.Popen[str]"
    said: str

    @property
    def server(self) -> RunningServer:
        found = running_server.find(self.home)
        assert found is not None
        return found


@contextmanager
def up(home: Path) -> Iterator[Up]:
    parent = start("deployments.up", home)
    assert parent.stdout is not None
    try:
        yield Up(home, parent, read_until(parent.stdout, _HELLO))
    finally:
        parent.terminate()
        parent.communicate(timeout=60)


def read_until(stream: IO[str], word: str) -> str:
    said = ""
    while word not in said:
        line = stream.readline()
        assert line, said
        said += line
    return said


def descendants(process: int) -> set[int]:
    path = Path(f"/proc/{process}/task/{process}/children")
    children = {int(child) for child in path.read_text().split()} if path.exists() else set()
    return children | {inner for child in children for inner in descendants(child)}


def page(url: str) -> str:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def tree(furnished_home: Callable[..., Path]) -> Iterator[Up]:
    """A tree for tests that change nothing of it."""
    with up(furnished_home("up")) as running:
        yield running


def test_it_says_where_it_answers_and_there_it_does(tree: Up) -> None:
    prefect, mlflow = tree.server.ui, tree.server.mlflow

    assert f"Prefect  {prefect}" in tree.said
    assert f"MLflow   {mlflow}" in tree.said
    assert "<title>" in page(prefect)
    assert page(f"{mlflow}/health") == "OK"
    assert "experiments" in page(f"{mlflow}/ajax-api/2.0/mlflow/experiments/search?max_results=1")


def test_it_is_on_loopback_and_answers_no_page_of_the_web(tree: Up) -> None:
    request = urllib.request.Request(f"{tree.server.url}/health", headers={"Origin": "https://example.org"})
    with urllib.request.urlopen(request, timeout=20) as answer:
        allowed = answer.headers.get("access-control-allow-origin")

    assert allowed is None
    assert tree.server.url.startswith("http://127.0.0.1:")


def test_all_flows_of_all_pipelines_are_served(tree: Up) -> None:
    ours = {"deployments": {"tags": {"all_": ["incumbent"]}}}
    found = rest.call(tree.server.url, "POST", "/deployments/filter", ours)

    def workers() -> list[str]:
        asked = rest.call(tree.server.url, "POST", "/work_pools/incumbent/workers/filter", {})
        return [one["status"] for one in asked]

    wait_until(workers)
    assert workers() == ["ONLINE"]
    flows = ["continuous_training", "monitor", "poll", "release", "rollback"]
    assert sorted(one["entrypoint"].rpartition(":")[2] for one in found) == flows


def test_a_second_start_says_where_the_first_one_answers(tree: Up) -> None:
    second = start("deployments.up", tree.home)

    said, _ = second.communicate(timeout=60)

    assert second.returncode == 0
    assert said.startswith(f"It is up already, by process {tree.parent.pid}.")
    assert tree.server.ui in said
    assert tree.server.mlflow in said


def test_a_port_that_is_taken_is_not_fought_for(tree: Up) -> None:
    from deployments import children

    taken = int(tree.server.ui.rpartition(":")[2])

    with closing(children.listen(taken)) as other:
        port = other.getsockname()[1]

    assert port not in (0, taken)


@pytest.mark.long
def test_a_command_beside_it_uses_its_server(tree: Up, flows_run: CommandLine) -> None:
    (tree.home / "landing" / "flights" / "broken.parquet").write_bytes(b"PAR1 but no more")

    ran = flows_run(tree.home)

    names = [run["name"] for run in rest.flow_runs(tree.server.url, {})]
    assert ran.returncode in (0, 3), ran.stderr
    assert any("broken" in name for name in names)
    assert not (tree.home / "prefect" / "server.log").exists()


@pytest.mark.long
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_in_order_when_it_is_told_to(new_home: Callable[..., Path], kind: signal.Signals) -> None:
    with up(new_home()) as running:
        family = descendants(running.parent.pid)

        running.parent.send_signal(kind)
        _, errors = running.parent.communicate(timeout=60)

        assert (running.parent.returncode, errors) == (0, "")
        assert not any(processes.started(process) for process in family)
        assert not (running.home / "prefect" / "server.json").exists()


@pytest.mark.long
def test_the_next_start_closes_what_the_dead_one_left_open(new_home: Callable[..., Path]) -> None:
    home = new_home()
    with up(home) as first:
        poll = rest.call(first.server.url, "GET", "/deployments/name/poll/flights")["id"]
        run = rest.call(first.server.url, "POST", f"/deployments/{poll}/create_flow_run", {})["id"]
        running = {"state": {"type": "RUNNING", "name": "Running"}, "force": True}
        rest.call(first.server.url, "POST", f"/flow_runs/{run}/set_state", running)
        first.parent.kill()
        wait_until(lambda: running_server.find(home) is None)

    with up(home) as second:
        state = rest.call(second.server.url, "GET", f"/flow_runs/{run}")["state"]

    assert state["type"] == "CRASHED"
    assert "What was committed stays" in state["message"]


@pytest.mark.long
def test_a_child_that_dies_is_started_again_and_a_fourth_death_ends_all(new_home: Callable[..., Path]) -> None:
    with up(new_home()) as running:
        parent = running.parent
        assert parent.stdout is not None
        assert parent.stderr is not None
        for _ in range(4):
            ui = next(p for p in descendants(parent.pid) if b"mlflow_ui" in Path(f"/proc/{p}/cmdline").read_bytes())
            os.kill(ui, signal.SIGKILL)
            wait_until(lambda ui=ui: not processes.started(ui))
            wait_until(lambda: parent.poll() is not None or has_ui(parent.pid))

        out, errors = parent.communicate(timeout=60)

    assert out.count("MLflow's UI was killed by signal 9 and is started again.") == 3
    assert "MLflow's UI was killed by signal 9, for the 4th time in a few minutes" in errors
    assert parent.returncode == 1


@pytest.mark.long
def test_a_server_that_dies_comes_back_at_the_same_address(new_home: Callable[..., Path]) -> None:
    with up(new_home()) as running:
        url = running.server.url
        (server,) = [
            p for p in descendants(running.parent.pid) if b"local_api_server" in Path(f"/proc/{p}/cmdline").read_bytes()
        ]

        os.kill(server, signal.SIGKILL)

        wait_until(lambda: not processes.started(server))
        wait_until(lambda: running_server.is_healthy(url))
        assert running.parent.poll() is None


def test_kill_9_of_the_parent_ends_all(tree: Up) -> None:
    """The last one: it ends the tree that the tests share."""
    family = descendants(tree.parent.pid)
    assert len(family) >= 4

    tree.parent.send_signal(signal.SIGKILL)

    wait_until(lambda: not any(processes.started(process) for process in family), 20)
    assert running_server.find(tree.home) is None


def has_ui(parent: int) -> bool:
    commands = [Path(f"/proc/{p}/cmdline") for p in descendants(parent)]
    return any(b"mlflow_ui" in command.read_bytes() for command in commands if command.exists())
