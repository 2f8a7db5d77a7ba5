"""The local Prefect API, as real processes."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing import get_context
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from configs.errors import Unreachable
from tasks.adapters.prefect import local_api, local_api_database

CHECKOUT = Path(__file__).resolve().parent.parent.parent.parent
RUN = """
import sys
from pathlib import Path
from tasks.adapters.prefect import local_api; from tasks.adapters.prefect import local_api_database

api = local_api.start(Path(sys.argv[1]))
from prefect import flow, task

@task
def step(number):
    if number < 0:
        raise ValueError("of the test")
    return number

@flow(name="ten")
def ten():
    return sum(step(number) for number in range(10))

@flow(name="broken")
def broken():
    step(-1)

with local_api.connected(api):
    if sys.argv[2] == "broken":
        try:
            broken()
        except ValueError as err:
            print("raised", err)
    for _ in range(int(sys.argv[2]) if sys.argv[2].isdigit() else 0):
        print(ten(), flush=True)
    if sys.argv[2] == "killed":
        print(api.process.pid, flush=True)
        import os, signal
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_server_is_told_the_file_whatever_its_name_is(tmp_path: Path) -> None:
    database = tmp_path / "a?b#c 50% off" / "prefect.db"
    database.parent.mkdir()

    told = local_api_database.server_environment(database.parent, database, "")

    url = told["PREFECT_SERVER_DATABASE_CONNECTION_URL"].replace("+aiosqlite", "")
    with create_engine(url).connect() as connection:
        connection.exec_driver_sql("create table there (n)")
    connection.engine.dispose()
    assert database.stat().st_size > 0
    assert [path.name for path in tmp_path.iterdir()] == [database.parent.name]


def run(home: Path, what: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-W", "error", "-c", RUN, str(home), what]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")} | {"DO_NOT_TRACK": "1"}
    return subprocess.Popen(
        command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def states(home: Path, kind: str) -> dict[str, int]:
    with closing(sqlite3.connect(home / "prefect" / "prefect.db")) as connection:
        return dict(connection.execute(f"select state_name, count(*) from {kind} group by 1").fetchall())


def server(answer: int) -> HTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer if self.path == "/api/health" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return HTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def home(tmp_path: Path, prefect_home: Callable[[Path], Path]) -> Path:
    return prefect_home(tmp_path)


@pytest.fixture
def named() -> Iterator[Callable[[int], str]]:
    running: list[HTTPServer] = []

    def answering(code: int) -> str:
        running.append(server(code))
        threading.Thread(target=running[-1].serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{running[-1].server_port}/api"

    yield answering
    for each in running:
        each.shutdown()
        each.server_close()


@pytest.mark.long
def test_two_runs_at_once_on_one_home_lose_no_state_and_print_nothing_of_prefect(home: Path) -> None:
    runs = [run(home, "3"), run(home, "3")]

    told = [each.communicate(timeout=120) for each in runs]

    assert told == [("45\n45\n45\n", "")] * 2
    assert states(home, "flow_run") == {"Completed": 6}
    assert states(home, "task_run") == {"Completed": 60}


def test_a_flow_that_fails_is_recorded_and_leaves_the_terminal_to_its_caller(home: Path) -> None:
    out, err = run(home, "broken").communicate(timeout=120)

    assert (out, err) == ("raised of the test\n", "")
    assert states(home, "flow_run") == {"Failed": 1}
    assert states(home, "task_run") == {"Failed": 1}
    assert "of the test" in (home / "prefect" / "client.log").read_text()


def test_the_api_does_not_outlive_a_run_that_is_killed(home: Path) -> None:
    out, _ = run(home, "killed").communicate(timeout=120)

    process, deadline = int(out), time.monotonic() + 20
    while alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)

    assert not alive(process)


@pytest.mark.long
def test_a_run_whose_api_gets_no_time_for_a_while_goes_on(home: Path) -> None:
    going = run(home, "6")
    assert going.stdout is not None
    first = going.stdout.readline()
    (api,) = [p for p in children(going.pid) if b"local_api_server" in Path(f"/proc/{p}/cmdline").read_bytes()]

    os.kill(api, signal.SIGSTOP)
    time.sleep(45)  # longer than two waits of 20 s, and what is between them
    os.kill(api, signal.SIGCONT)
    out, err = going.communicate(timeout=120)

    assert (first + out, err) == ("45\n" * 6, "")
    assert states(home, "flow_run") == {"Completed": 6}


def test_a_process_that_was_forked_from_the_run_does_not_hold_its_api_up(home: Path) -> None:
    api = local_api.start(home)
    api.wait()
    other = get_context("fork").Process(target=time.sleep, args=(60,))
    other.start()
    try:
        api.stop()
    finally:
        other.kill()
        other.join()

    assert api.process is not None
    assert api.process.returncode == 0, "it was killed after the longest wait"


def test_ctrl_c_reaches_the_run_and_not_its_api(prefect_api: Path) -> None:
    mine = [p for p in children() if str(prefect_api).encode() in Path(f"/proc/{p}/cmdline").read_bytes()]
    (process,) = mine

    group = os.getpgid(process)

    assert group != os.getpgrp()


def test_an_api_that_is_stopped_while_it_starts_is_gone_at_once(home: Path) -> None:
    api = local_api.start(home)

    api.stop()

    assert api.process is not None
    assert api.process.returncode is not None


def test_an_api_that_dies_while_it_starts_is_reported_with_its_last_words(home: Path) -> None:
    api = local_api.start(home)
    assert api.process is not None
    api.process.send_signal(signal.SIGKILL)

    with pytest.raises(Unreachable, match=r"^The local Prefect API ended while it started: .*server\.log\.$"):
        api.wait()


def test_an_api_that_takes_too_long_is_given_up(home: Path) -> None:
    api = local_api.start(home)

    with pytest.raises(Unreachable, match="did not start within 0 seconds"):
        api.wait(timeout=0.0)


def test_nobody_else_on_the_machine_can_write_to_it(prefect_api: Path) -> None:
    from urllib.error import HTTPError
    from urllib.request import Request, urlopen

    from prefect.settings import PREFECT_API_URL

    flow = Request(
        f"{PREFECT_API_URL.value()}/flows/", data=b'{"name": "x"}', headers={"Content-Type": "application/json"}
    )
    with pytest.raises(HTTPError) as refused:
        urlopen(flow)

    refused.value.close()
    assert refused.value.code == 401


@pytest.mark.long
def test_settings_of_prefect_are_as_before_afterwards(home: Path) -> None:
    from prefect.settings import PREFECT_API_URL, PREFECT_FLOWS_HEARTBEAT_FREQUENCY

    before = (PREFECT_API_URL.value(), PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value())
    with local_api.serve(home) as url:
        during = (PREFECT_API_URL.value(), PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value())

    assert during == (url, None)
    assert (PREFECT_API_URL.value(), PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()) == before


def test_a_server_that_is_named_is_used_and_left_running(home: Path, named: Callable[[int], str]) -> None:
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY

    url = named(200)

    with local_api.serve(home, url + "/") as used:
        heartbeat = PREFECT_FLOWS_HEARTBEAT_FREQUENCY.value()

    assert used == url
    assert heartbeat is None  # each flow would wait a second for it
    assert local_api.start(home, url).wait() == url


def test_a_named_server_that_does_not_answer_is_named_in_one_sentence(home: Path) -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9/api, gave no answer .*unset PREFECT_API_URL"):
        local_api.start(home, "http://127.0.0.1:9/api").wait()


def test_a_server_that_goes_away_in_the_middle_of_a_run_is_no_traceback(
    home: Path, named: Callable[[int], str]
) -> None:
    from httpx import ConnectError

    with pytest.raises(Unreachable, match="answered at first and then no more"), local_api.serve(home, named(200)):
        raise ConnectError("refused")


def test_a_server_that_is_gone_at_the_first_call_of_a_flow_is_no_traceback(
    home: Path, named: Callable[[int], str]
) -> None:
    from prefect.client.orchestration import get_client

    with (
        pytest.raises(Unreachable, match="answered at first and then no more"),
        local_api.serve(home, named(200)),
        get_client(httpx_settings={"base_url": "http://127.0.0.1:9/api"}, sync_client=True) as client,
    ):
        client.raise_for_api_version_mismatch()


def test_any_other_error_of_a_run_stays_what_it_is(home: Path, named: Callable[[int], str]) -> None:
    with pytest.raises(RuntimeError, match="of the test"), local_api.serve(home, named(200)):
        raise RuntimeError("of the test")


@pytest.mark.parametrize("url", ["nonsense", "http://", "ftp:/x", "http://[::1/api"])
def test_an_address_that_is_none_is_no_traceback(home: Path, url: str) -> None:
    with pytest.raises(Unreachable, match="gave no answer"):
        local_api.start(home, url).wait()


def test_a_server_that_is_ill_counts_as_unreachable(
    home: Path, named: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_api, "ILL_SECONDS", 0.3)

    with pytest.raises(Unreachable, match="answered 503"):
        local_api.start(home, named(503)).wait()


@pytest.mark.long
def test_the_database_is_made_once_by_one_of_many(tmp_path: Path, prefect_template: Path) -> None:
    with ThreadPoolExecutor() as pool:
        made = list(pool.map(local_api_database.ensure_database, [tmp_path] * 3))

    assert set(made) == {tmp_path / "prefect" / "prefect.db"}
    assert sorted(path.name for path in (tmp_path / "prefect").iterdir()) == [".database.lock", "prefect.db"]
    assert contents(made[0]) == contents(prefect_template)


def test_a_database_of_another_version_is_brought_up_to_date_with_what_it_holds(home: Path) -> None:
    path = home / "prefect" / "prefect.db"
    before = contents(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("insert into flow (id, name, tags, labels) values ('a', 'kept', '[]', '{}')")
        connection.execute("pragma user_version = 1")
        connection.commit()

    local_api_database.ensure_database(home)

    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("select name from flow").fetchall() == [("kept",)]
    assert contents(path) == before


def contents(path: Path) -> tuple[int, set[str]]:
    """Version of the schema, and the names of its tables and indexes."""
    with closing(sqlite3.connect(path)) as connection:
        (version,) = connection.execute("pragma user_version").fetchone()
        return version, {name for (name,) in connection.execute("select name from sqlite_master")}


def children(parent: int | None = None) -> list[int]:
    parent = parent or os.getpid()
    return [int(p) for p in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False
