"""How long something is waited for: a table of decisions, then real processes and servers that are slow."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from configs.errors import Unreachable
from deployments import rest, served
from tasks.adapters.prefect import local_api
from tasks.adapters.prefect.local_api_server import PutsOff
from tasks.adapters.processes import patience
from tasks.adapters.processes.patience import Limits, Look, Verdict
from tasks.adapters.web import loopback

IDLE, FORTY_BUSY = 0.2, 20.0
TABLE = {
    "just begun": (Look(1, 0.3, 0.0, IDLE), Verdict.GO_ON),
    "slow, but before the usual time": (Look(179, 100.0, 0.0, IDLE), Verdict.GO_ON),
    "still, but before the usual time": (Look(179, 0.0, 179.0, IDLE), Verdict.GO_ON),
    "starved": (Look(900, 9.0, 2.0, FORTY_BUSY), Verdict.GO_ON),
    "starved of all": (Look(900, 0.0, 900.0, FORTY_BUSY), Verdict.GO_ON),
    "slow by itself, and gets on": (Look(400, 60.0, 1.0, IDLE), Verdict.GO_ON),
    "just fell still": (Look(400, 60.0, 59.0, IDLE), Verdict.GO_ON),
    "hangs": (Look(400, 1.0, 61.0, IDLE), Verdict.STILL),
    "worked enough": (Look(200, 120.0, 0.0, IDLE), Verdict.WORKED),
    "worked enough under load": (Look(900, 120.0, 0.0, FORTY_BUSY), Verdict.WORKED),
    "longer than any load explains": (Look(1800, 30.0, 0.0, FORTY_BUSY), Verdict.LONGEST),
    "work is not known, idle": (Look(180, None, 0.0, IDLE), Verdict.LATE),
    "work is not known, some load": (Look(359, None, 0.0, 2.0), Verdict.GO_ON),
    "work is not known, too long for it": (Look(361, None, 0.0, 2.0), Verdict.LATE),
    "work is not known, forty busy": (Look(1799, None, 0.0, FORTY_BUSY), Verdict.GO_ON),
}


@pytest.mark.parametrize(("look", "verdict"), TABLE.values(), ids=TABLE.keys())
def test_what_gets_on_is_waited_for(look: Look, verdict: Verdict) -> None:
    assert patience.judge(look, Limits()) is verdict


def test_no_load_makes_a_wait_shorter() -> None:
    limits = Limits()

    ends = [
        [patience.judge(Look(seconds, None, 0.0, load), limits) is not Verdict.GO_ON for seconds in range(0, 2000, 10)]
        for load in (0.0, 0.9, 1.0, 2.5, 20.0, 400.0)
    ]

    assert [row.index(True) for row in ends] == sorted(row.index(True) for row in ends)
    assert all(row == sorted(row) for row in ends), "what is given up stays given up"


def test_pauses_grow_up_to_a_limit() -> None:
    pauses = [pause for pause, _ in zip(patience.pauses(), range(8), strict=False)]

    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this system does not say what a process works")
def test_the_work_of_a_process_and_its_children_is_counted() -> None:
    work = "import time\nwhile time.process_time() < 0.7: pass\nprint(flush=True)\nimport sys; sys.stdin.read()"
    parent = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', sys.argv[1]])"
    with subprocess.Popen(
        [sys.executable, "-c", parent, work], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        worked = patience.processor_seconds(process.pid)

    assert worked is not None
    assert worked >= 0.6  # the system counts whole ticks
    assert patience.processor_seconds(process.pid) is None, "it has ended"


@pytest.fixture
def home(tmp_path: Path, prefect_home: Callable[[Path], Path]) -> Path:
    return prefect_home(tmp_path)


@pytest.mark.long
def test_an_api_that_gets_no_time_for_a_while_still_starts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_api, "START", Limits(usual=0.0, still=0.5))  # on an idle machine it would be given up
    monkeypatch.setattr(patience, "load", lambda: FORTY_BUSY)
    api = local_api.start(home)
    assert api.process is not None
    os.kill(api.process.pid, signal.SIGSTOP)
    threading.Timer(2.5, os.kill, (api.process.pid, signal.SIGCONT)).start()
    began = time.monotonic()

    url = api.wait()

    assert (url, time.monotonic() - began > 2.5) == (api.url, True)
    api.stop()


def test_an_api_that_hangs_is_given_up_and_said_to(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_api, "START", Limits(usual=0.0, still=0.5))
    monkeypatch.setattr(local_api, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(patience, "load", lambda: IDLE)
    api = local_api.start(home)
    assert api.process is not None

    os.kill(api.process.pid, signal.SIGSTOP)

    with pytest.raises(Unreachable) as refused:
        api.wait()

    assert str(refused.value).startswith("The local Prefect API did not start within ")
    assert "s of processor time, and this machine is not busy (load " in str(refused.value)
    assert str(refused.value).endswith(f"It has logged nothing yet. Its log is {api.log}.")


def test_last_words_of_another_run_are_not_its_own(home: Path) -> None:
    (home / "prefect" / "server.log").write_text("words of yesterday\n")
    api = local_api.start(home)

    with pytest.raises(Unreachable, match="It has logged nothing yet"):
        api.wait(timeout=0.0)


class Tired(BaseHTTPRequestHandler):
    """Answers as it is told to, one after the other, and then is well."""

    answers: list[int]

    def do_GET(self) -> None:
        code = self.answers.pop(0) if self.answers else 200
        if code == 0:
            self.connection.close()
            return
        self.send_response(code)
        self.end_headers()
        if code == 200:
            self.wfile.write(b"true")

    def log_message(self, *_: object) -> None:
        return

    def finish(self) -> None:
        if not self.connection._closed:  # type: ignore[attr-defined]
            super().finish()


@contextmanager
def tired(*answers: int) -> Iterator[tuple[str, list[int]]]:
    """Address of a server, and the answers that it has yet to give."""
    handler = type("Handler", (Tired,), {"answers": list(answers)})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api", handler.answers
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("codes", [(503, 503, 503), (429,), (502, 504), (408,), (0,)], ids=str)
def test_a_named_server_that_is_busy_is_asked_again(codes: tuple[int, ...]) -> None:
    with tired(*codes) as (url, left):
        reached = local_api.start(Path(), url).wait()

    assert (reached, left) == (url, [])


@pytest.mark.parametrize("code", [400, 401, 404, 500, 501])
def test_a_named_server_that_says_no_is_asked_once(code: int) -> None:
    with tired(code, code) as (url, left), pytest.raises(Unreachable, match=rf", answered {code} "):
        local_api.start(Path(), url).wait()

    assert left == [code]


def test_a_named_server_that_stays_busy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_api, "ILL_SECONDS", 1.0)
    monkeypatch.setattr(patience, "load", lambda: 1.0)

    with tired(*[503] * 20) as (url, _), pytest.raises(Unreachable) as refused:
        local_api.start(Path(), url).wait()

    assert re.search(
        r"names, \S+, was asked \d times in 1 seconds while this machine is busy \(load [\d.]+ on \d+ cores\), and "
        r"answered 503 Service Unavailable\. Start that server, or unset PREFECT_API_URL to use a local one\.$",
        str(refused.value),
    )


def test_a_refused_connection_costs_no_patience() -> None:
    began = time.monotonic()

    with pytest.raises(Unreachable, match=r"names, http://127\.0\.0\.1:9/api, gave no answer"):
        local_api.start(Path(), "http://127.0.0.1:9/api").wait()

    assert time.monotonic() - began < 0.2


def test_a_worker_starts_though_its_server_is_busy() -> None:
    with tired(503, 429, 0) as (url, left):
        answer = served.patiently(url, lambda: rest.call(url, "GET", "/version"))

    assert (answer, left) == (True, [])


def test_a_worker_gives_a_server_up_in_one_sentence() -> None:
    limits = Limits(usual=0.0)

    with tired(503) as (url, _), pytest.raises(SystemExit, match=rf"^{url} fails for 0 s: .*503.*; this machine is "):
        served.patiently(url, lambda: rest.call(url, "GET", "/version"), limits)
    with tired(404, 404) as (url, left), pytest.raises(OSError, match="404"):
        served.patiently(url, lambda: rest.call(url, "GET", "/version"))
    assert left == [404]


def answers(app: Any) -> dict[str, Any]:
    """The start of the answer of an application."""
    heard: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        heard.append(message)

    asyncio.run(app({"type": "http", "method": "POST", "path": "/x"}, None, send))
    return heard[0]


@pytest.mark.parametrize(
    ("codes", "seconds", "put_off"),
    [
        ((503,), 60.0, [True]),
        ((503, 503, 503), 60.0, [True] * 3),
        ((503, 503), 0.0, [False] * 2),
        ((500, 200, 404, 429), 60.0, [False] * 4),
        ((503, 200, 503), 60.0, [True, False, True]),
    ],
)
def test_our_server_has_the_client_ask_again_for_a_while(
    codes: tuple[int, ...], seconds: float, put_off: list[bool]
) -> None:
    left = list(codes)

    async def busy(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": left.pop(0), "headers": [(b"a", b"b")]})

    app = PutsOff(busy, seconds)
    heads = [answers(app)["headers"] for _ in codes]

    assert [(b"prefect-maintenance", b"true") in one for one in heads] == put_off


def test_a_run_outwaits_a_server_that_is_busy() -> None:
    import httpx
    from prefect.client.base import PrefectHttpxSyncClient
    from prefect.settings import PREFECT_CLIENT_MAX_RETRIES, temporary_settings

    left = [503] * 3

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(left.pop(), headers={"Prefect-Maintenance": "true"}) if left else httpx.Response(200)

    with (
        temporary_settings({PREFECT_CLIENT_MAX_RETRIES: 1}),
        closing(PrefectHttpxSyncClient(transport=httpx.MockTransport(answer))) as client,
    ):
        reached = client.get("http://127.0.0.1:9/")

    assert (reached.status_code, left) == (200, [])


@pytest.mark.parametrize(
    ("problem", "passes"),
    [
        (TimeoutError(), True),
        (ConnectionResetError(), True),
        (BrokenPipeError(), True),
        (ConnectionRefusedError(), False),
        (OSError("no such host"), False),
        (ValueError("no address"), False),
    ],
    ids=repr,
)
def test_only_what_may_pass_is_waited_for(problem: Exception, passes: bool) -> None:
    from urllib.error import URLError

    assert loopback.passes(problem) is passes
    assert isinstance(problem, ValueError) or loopback.passes(URLError(problem)) is passes
