"""`make up`, as a real process tree."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path
from typing import IO, Any
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from configs import environment
from configs.errors import Busy
from deployments import listening, rest
from tasks.adapters.home import Home
from tasks.adapters.prefect import running_server
from tasks.adapters.prefect.running_server import RunningServer
from tasks.adapters.processes import identity
from tasks.adapters.web import access
from tests.command_line import CommandLine
from tests.deployments.conftest import own_variables, start
from tests.fixtures_server import asking, wait_until

_LAST_WORDS = "event emit incumbent.data.arrived"


@dataclass
class Up:
    """A tree that runs on a home."""

    home: Path
    parent: "subprocess.Popen[str]"
    printed: str

    @property
    def server(self) -> RunningServer:
        found = running_server.find(self.home)
        assert found is not None
        return found


@contextmanager
def up(home: Path, **more: str) -> Iterator[Up]:
    with unasked(home, **more) as running, asking(home):
        yield running


@contextmanager
def unasked(home: Path, **more: str) -> Iterator[Up]:
    """A tree of which this process asks nothing yet."""
    parent = start("deployments.up", home, **more)
    assert parent.stdout is not None
    try:
        yield Up(home, parent, read_until(parent.stdout, _LAST_WORDS))
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


def page(url: str, headers: dict[str, str] | None = None) -> str:
    with urllib.request.urlopen(Request(url, headers=headers or {}), timeout=20) as answer:
        return str(answer.read().decode())


@pytest.fixture(scope="module")
def tree(shared_tree: Callable[[], Up]) -> Iterator[Up]:
    """A tree for tests that change nothing of it."""
    running = shared_tree()
    with asking(running.home):
        yield running


def test_it_says_where_it_answers_and_there_it_does(tree: Up) -> None:
    prefect, mlflow = tree.server.ui, tree.server.mlflow

    assert f"Prefect  {prefect}" in tree.printed
    assert f"MLflow   {access.named(mlflow, tree.server.name)}" in tree.printed
    assert page(f"{mlflow}/health") == "OK"
    secret = {"Authorization": access.basic(access.auth(tree.home))}
    assert "experiments" in page(f"{mlflow}/ajax-api/2.0/mlflow/experiments/search?max_results=1", secret)


@pytest.fixture
def names_lead_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What browsers know by themselves: a name that ends in .localhost is this machine."""
    real = socket.getaddrinfo

    def found(host: str, *more: Any, **options: Any) -> Any:
        return real("127.0.0.1" if host.endswith(".localhost") else host, *more, **options)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.mark.usefixtures("names_lead_here")
def test_the_printed_link_lets_one_browser_in(tree: Up) -> None:
    (link,) = re.findall(r"Prefect  (\S+/enter/\S+)", tree.printed)
    jar = CookieJar()
    browser = build_opener(HTTPCookieProcessor(jar))

    with pytest.raises(HTTPError, match="403"):
        browser.open(link.replace(tree.server.name, "127.0.0.1"), timeout=20)
    assert not list(jar)
    browser.open(link, timeout=20).close()
    with browser.open(tree.server.ui, timeout=20) as shown, browser.open(f"{tree.server.ui}/ui-settings") as settings:
        title, auth = shown.read().decode(), json.loads(settings.read())["auth"]
    runs = Request(f"{tree.server.ui}/api/flow_runs/count", data=b"{}", headers={"Content-Type": "application/json"})
    with browser.open(runs, timeout=20) as counted:
        status = counted.status

    assert "<title>" in title and "Prefect" in title
    assert (auth, status) == (None, 200)
    assert [one.has_nonstandard_attr("HttpOnly") for one in jar] == [True]
    with pytest.raises(HTTPError, match="403"):
        build_opener().open(link, timeout=20)


def test_the_secret_is_in_one_file_of_the_owner_only(tree: Up) -> None:
    secret = access.auth(tree.home).partition(":")[2].encode()

    files = [path for path in tree.home.rglob("*") if path.is_file()]
    holding = [path for path in files if secret in path.read_bytes()]
    commands = [Path(f"/proc/{process}/cmdline").read_bytes() for process in descendants(tree.parent.pid)]

    assert holding == [access.secret_file(tree.home)]
    assert stat.S_IMODE(holding[0].stat().st_mode) == 0o600
    assert not any(secret in command or tree.server.name.encode() in command for command in commands)
    assert secret.decode() not in tree.printed


@pytest.mark.parametrize("which", ["url", "mlflow", "reports"])
def test_it_is_on_loopback_and_answers_no_page_of_the_web(tree: Up, which: str) -> None:
    address = getattr(tree.server, which)

    for header in ({"Origin": "https://example.org"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "example.org"}):
        with pytest.raises(HTTPError) as refused:
            urllib.request.urlopen(Request(f"{address}/health", headers=header), timeout=20)
        assert refused.value.code == 403
        refused.value.close()

    assert address.startswith("http://127.0.0.1:")


def test_the_printed_event_is_emitted_as_it_is_typed(tree: Up) -> None:
    command = tree.printed.partition("from another program:\n")[2]
    wanted = {"filter": {"event": {"name": ["incumbent.data.arrived"]}}}
    before = len(rest.call(tree.server.url, "POST", "/events/filter", wanted)["events"])

    emitted = subprocess.run(
        command, shell=True, cwd=environment.CHECKOUT, env=own_variables(tree.home), check=False,
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip

    assert emitted.returncode == 0, emitted.stderr
    wait_until(lambda: len(rest.call(tree.server.url, "POST", "/events/filter", wanted)["events"]) > before)


def test_what_it_writes_is_for_its_user_alone(tree: Up, open_to_others: Callable[[Path], list[str]]) -> None:
    assert open_to_others(tree.home) == []


def test_all_flows_of_all_pipelines_are_served(tree: Up) -> None:
    ours = {"deployments": {"tags": {"all_": ["incumbent"]}}}
    found = rest.call(tree.server.url, "POST", "/deployments/filter", ours)

    def workers() -> list[str]:
        asked = rest.call(tree.server.url, "POST", "/work_pools/incumbent/workers/filter", {})
        return [one["status"] for one in asked]

    wait_until(workers)
    assert workers() == ["ONLINE"]
    flows = ["admit", "continuous_training", "keep_out", "monitor", "poll", "release", "rollback", "score"]
    assert sorted(one["entrypoint"].rpartition(":")[2] for one in found) == flows


def test_a_second_start_says_where_the_first_one_answers(tree: Up) -> None:
    second = start("deployments.up", tree.home)

    said, _ = second.communicate(timeout=60)

    assert second.returncode == 0
    assert said.startswith(f"It is up already, by process {tree.parent.pid}.")
    assert f"Prefect  {tree.server.ui}/enter/" in said
    assert access.named(tree.server.mlflow, tree.server.name) in said


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_home_that_was_moved_or_copied_starts_nothing(how: str, tmp_path: Path) -> None:
    with closing(Home(tmp_path / "before")) as first:
        assert first.ledger.turns.all("flights") == []
    place = shutil.move if how == "moved" else shutil.copytree
    folder = Path(place(tmp_path / "before", tmp_path / "after"))

    started = start("deployments.up", folder)
    said, errors = started.communicate(timeout=120)

    assert (started.returncode, said) == (8, "")
    assert f"{folder} {'is a copy of' if how == 'copied' else 'was moved, copied or restored from'}" in errors
    assert "status --adopt" in errors
    assert not list((folder / "prefect").glob("*.log"))


def test_a_port_that_is_taken_is_not_fought_for(tree: Up) -> None:
    taken = int(tree.server.ui.rpartition(":")[2])

    with listening.on(taken) as other:
        port = other.getsockname()[1]

    assert port not in (0, taken)


@pytest.mark.long
def test_a_command_beside_it_uses_its_server(tree: Up, flows_run: CommandLine) -> None:
    (tree.home / "landing" / "flights" / "broken.parquet").write_bytes(b"PAR1 but no more")

    ran = flows_run(tree.home)
    if ran.returncode == Busy.exit_code:  # the worker's own look has the lease
        with closing(Home(tree.home)) as home:
            wait_until(lambda: home.ledger.lease.holder("flights") is None)
        ran = flows_run(tree.home)

    names = [run["name"] for run in rest.flow_runs(tree.server.url, {})]
    assert ran.returncode in (0, 3), ran.stderr
    assert any("broken" in name for name in names)
    assert not (tree.home / "prefect" / "server.log").exists()


@pytest.mark.long
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_in_order_when_it_is_told_to(new_home: Callable[..., Path], kind: signal.Signals) -> None:
    with up(new_home()) as running:
        answering = running.home / "serving"
        wait_until(lambda: [*answering.glob("figures-*.json")], 60)
        family = descendants(running.parent.pid)

        running.parent.send_signal(kind)
        _, errors = running.parent.communicate(timeout=60)

        assert not [*answering.glob("figures-*")], "the service has closed what it writes"
        assert (running.parent.returncode, errors) == (0, "")
        assert not any(identity.started(process) for process in family)
        assert not (running.home / "prefect" / "server.json").exists()


@pytest.mark.long
def test_a_broken_pipeline_file_is_named_and_the_others_are_at_work(
    new_home: Callable[..., Path], tmp_path: Path
) -> None:
    folder = tmp_path / "pipelines"
    folder.mkdir()
    shutil.copyfile(environment.CHECKOUT / "configs" / "pipelines" / "flights.yaml", folder / "zebra.yaml")
    (folder / "shop.yaml").write_text("a: [1, 2\n")

    with up(new_home(), INCUMBENT_PIPELINES=str(folder)) as running:
        ours = {"deployments": {"tags": {"all_": ["incumbent"]}}}
        names = {one["name"] for one in rest.call(running.server.url, "POST", "/deployments/filter", ours)}
        running.parent.send_signal(signal.SIGINT)
        _, errors = running.parent.communicate(timeout=60)

    assert names == {"zebra"}
    assert errors.startswith(f"shop is left out: {folder}/shop.yaml is not plain YAML: line ")
    assert errors.count("\n") == 1
    assert "(after the first turn)" in running.printed


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
            wait_until(lambda ui=ui: not identity.started(ui))
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

        wait_until(lambda: not identity.started(server))
        wait_until(lambda: running_server.is_healthy(url))
        assert running.parent.poll() is None


def test_kill_9_of_the_parent_ends_all(tree: Up) -> None:
    """The last one: it ends the tree that the tests share."""
    family = descendants(tree.parent.pid)
    assert len(family) >= 4

    tree.parent.send_signal(signal.SIGKILL)

    wait_until(lambda: not any(identity.started(process) for process in family), 20)
    assert running_server.find(tree.home) is None


def has_ui(parent: int) -> bool:
    commands = [Path(f"/proc/{p}/cmdline") for p in descendants(parent)]
    return any(b"mlflow_ui" in command.read_bytes() for command in commands if command.exists())
