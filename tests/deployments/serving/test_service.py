"""The service as users run it: a process of its own, asked over HTTP by MLflow's client, a browser, and nobody's page."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from configs import environment
from configs.errors import UnusableHome
from tasks.adapters import journal_segments, ring
from tasks.adapters.home import Home
from tasks.adapters.journal import Journal
from tasks.lineage.steps import relations
from tasks.scoring import log_lines
from tasks.scoring.steps import live_models, replaying
from tests import homes, shop
from tests.answers import append, ids
from tests.deployments.browsing import CHROMIUM, browser
from tests.deployments.conftest import own_variables
from tests.fixtures_server import wait_until

ROW = {"shop": "a", "items": 2, "price": 9.5}
BODY = json.dumps({"dataframe_records": [ROW]}).encode()


@dataclass(frozen=True)
class Service:
    process: "subprocess.Popen[str]"
    port: int

    def ask(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, dict[str, str], Any]:
        sent = {
            "Content-Type": "application/json",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                content = answer.read()
                status, headers_back = answer.status, dict(answer.headers)
        except urllib.error.HTTPError as refused:
            content, status, headers_back = refused.read(), refused.code, dict(refused.headers)
        is_json = headers_back.get("content-type", "").startswith("application/json")
        return status, headers_back, json.loads(content) if is_json else content.decode()

    def children(self) -> list[int]:
        """The processes that answer."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return [int(one) for one in listed if b"serving.worker" in Path(f"/proc/{one}/cmdline").read_bytes()]


def start(home: Home, *arguments: str, pipeline: str = "shop") -> Service:
    process = subprocess.Popen(
        [sys.executable, "-m", "deployments.serving", pipeline, "--port", "0", *arguments],
        cwd=environment.CHECKOUT,
        env=own_variables(home.folder, INCUMBENT_PIPELINES=str(environment.read().pipelines)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(r"answers at http://127\.0\.0\.1:(\d+)", line):
            return Service(process, int(found[1]))
    process.wait()
    raise AssertionError("".join(lines))


@contextmanager
def serving(template: Path, folder: Path, fill: Callable[[Home], None]) -> Iterator[tuple[Service, Home]]:
    """A service on a home of its own, in which something was done before."""
    shop.write_pipeline(folder / "pipelines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
        home = Home(homes.copied(template, folder / "home"))
        assert home.ledger
        fill(home)
        running = start(home, "--processes", "1")
        with running.process, closing(home):
            yield running, home
            running.process.send_signal(signal.SIGINT)
            assert running.process.wait(60) == 0


def leave_answers(home: Home) -> None:
    with closing(Journal(home.predictions)) as left:
        append(left)


@pytest.fixture(scope="module")
def shared(shop_versions_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Home]]:
    """A service for tests that change nothing but its log, and its home."""
    with serving(shop_versions_template, tmp_path_factory.mktemp("shared"), leave_answers) as running:
        yield running


@pytest.fixture(scope="module")
def own(shop_versions_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Service, Home]]:
    """One with an empty log; its tests, in their order, make each of its versions live, and damage one in the end."""
    with serving(shop_versions_template, tmp_path_factory.mktemp("own"), lambda home: None) as running:
        yield running


def test_what_an_earlier_process_has_left_is_sealed_by_itself(shared: tuple[Service, Home]) -> None:
    _, home = shared

    wait_until(lambda: home.ledger.predictions.sealed("shop") != [], 60)

    assert "0-0" in ids(home)
    assert not (home.predictions / "0" / f"{0:015d}.log").exists()


def test_a_request_that_is_refused_can_be_asked_again_by_its_id(shared: tuple[Service, Home]) -> None:
    service, home = shared
    status, headers, _ = service.ask("/invocations", b'{"instances": [{"shop": "a", "items": -3}]}')

    wait_until(lambda: any(ring.read(home.predictions)), 30)
    done = replaying.replay(home, "shop", headers["x-incumbent-id"])

    assert status == 400 and headers["x-incumbent-id"].startswith("r0-")
    assert done.is_same and done.then.startswith("400 No row keeps the contract.")
    assert "x-incumbent-id" not in service.ask("/invocations", BODY, Origin="http://evil.example")[1]


def expected(home: Home, version: int) -> float:
    return live_models.ready(home, "shop", version).compiled.one([*ROW.values()])


def test_it_answers_mlflows_client_and_says_what_it_takes(shared: tuple[Service, Home]) -> None:
    service, shop_versions = shared
    with warnings.catch_warnings(action="ignore"):  # MLflow's import warns of hints of its own
        from mlflow.pyfunc.scoring_server.client import ScoringServerClient
    client = ScoringServerClient("127.0.0.1", service.port)
    client.ping()
    rows = pd.DataFrame([ROW, {"shop": "q", "items": None, "price": 1.0}])

    answer = client.invoke(rows).get_predictions()

    live = live_models.ready(shop_versions, "shop")
    wanted = live.compiled.many([["a", "q"], [2.0, None], [9.5, 1.0]])
    assert answer[1].to_list() == pytest.approx(list(wanted), abs=1e-12)
    status, _, document = service.ask("/openapi.json")
    assert status == 200 and document["components"]["schemas"]["Row.shop"]["required"] == ["shop"]
    for path in ("/", "/shop", "/version", "/metrics", "/v2", "/v2/models/shop", "/v2/models/shop/versions/2/ready"):
        assert service.ask(path)[0] == 200, path
    assert service.ask("/v2/models/shop/versions/1")[0] == service.ask("/v2/models/other")[0] == 404
    assert service.ask("/other/invocations", BODY)[0] == 404


#   path             headers                                            status
NOBODY = [
    ("/invocations", {"Origin": "http://evil.example"}, 403),
    ("/invocations", {"Origin": "null"}, 403),
    ("/invocations", {"Host": "evil.example"}, 403),
    ("/invocations", {"Sec_Fetch_Site": "cross-site"}, 403),
    ("/invocations", {"Content_Type": "text/plain"}, 415),
    ("/invocations", {"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ("/v2/models/shop/infer", {"Inference_Header_Content_Length": "4"}, 400),
    ("/shop", {"Origin": "http://evil.example"}, 403),
    ("/metrics", {"Host": "evil.example:80"}, 403),
]


def test_pages_of_others_and_forms_of_theirs_are_refused(shared: tuple[Service, Home]) -> None:
    service, _ = shared
    for path, headers, status in NOBODY:
        body = BODY if "inv" in path or "infer" in path else None
        assert service.ask(path, body, **headers)[0] == status, (path, headers)
    status, told, _ = service.ask("/invocations", BODY, Origin=f"http://127.0.0.1:{service.port}")
    assert status == 200 and told["x-incumbent-version"] == "2"
    assert not [name for name in told if name.lower().startswith("access-control")]


def test_a_body_that_is_too_large_or_cut_off_is_answered_and_the_next_one_too(shared: tuple[Service, Home]) -> None:
    service, _ = shared
    assert service.ask("/invocations", b" " * 10_000_001)[0] == 413
    with closing(socket.create_connection(("127.0.0.1", service.port))) as cut:
        cut.sendall(b"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 99\r\n\r\n{")
    assert service.ask("/invocations", BODY)[0] == 200


def logged(home: Home) -> list[tuple[Any, ...]]:
    return list(log_lines.rows("shop", journal_segments.read(home.folder / "predictions")))


def test_each_answered_row_is_in_the_log_once_under_the_name_that_the_answer_has(
    own: tuple[Service, Home],
) -> None:
    service, home = own
    sent = [ROW, {**ROW, "items": -1}, {"shop": "b", "items": None, "price": 2.0, "at": "2013-02-01T00:00:00Z"}]
    asked = json.dumps({"instances": sent}).encode()

    names = [service.ask("/invocations", body)[1]["x-incumbent-id"] for body in (BODY, asked, BODY)]
    wait_until(lambda: len(logged(home)) == 5, 30)

    rows = logged(home)
    assert names == ["0-0", "0-1", "0-4"]
    assert [name for name, *_ in rows] == [f"0-{place}" for place in range(5)]
    assert {version for _, _, version, *_ in rows} == {2}
    assert rows[0][4] == pytest.approx(expected(home, 2), abs=1e-12) and rows[2][4] is None
    assert json.loads(rows[3][5]) == {"shop": "b", "items": None, "price": 2.0}
    assert json.loads(rows[3][6]) == ["2013-02-01T00:00:00Z", "b"]
    assert relations.table(home, "shop", "predictions").num_rows == 5
    assert service.ask("/invocations", b"{")[0] == 400 and len(logged(home)) == 5


def test_it_follows_promotions_and_rollbacks_and_no_request_is_lost(own: tuple[Service, Home]) -> None:
    service, home = own
    answers = {version: expected(home, version) for version in (1, 2)}
    assert abs(answers[1] - answers[2]) > 1e-6
    seen: list[tuple[int, str, int, float]] = []
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            status, headers, answer = service.ask("/invocations", BODY)
            seen.append(
                (status, headers["x-incumbent-version"], answer["model"]["version"], answer["predictions"][0][1])
            )

    asking = [threading.Thread(target=ask) for _ in range(4)]
    for thread in asking:
        thread.start()
    promotions, models = home.ledger.promotions, home.ledger.models.versions("shop")
    for version in (1, 2, 1, 2):
        live = promotions.champion("shop")
        assert live is not None
        promotions.roll_back("shop", version, models[version].id, live=live.sequence, hold=False, by="b", reason="r")
        wait_until(lambda wanted=version: seen[-1][2] == wanted, 30)  # type: ignore[misc]
    stop.set()
    for thread in asking:
        thread.join()

    assert {status for status, *_ in seen} == {200}
    assert {version for _, _, version, _ in seen} == {1, 2}
    for _, header, version, answer in seen:
        assert header == str(version) and answer == pytest.approx(answers[version], abs=1e-12)


def test_a_damaged_version_stays_out_and_the_old_one_goes_on(own: tuple[Service, Home]) -> None:
    service, home = own
    models, promotions = home.ledger.models.versions("shop"), home.ledger.promotions
    path = home.folder / "bundles" / f"{models[1].bundle}.skops"
    content = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(content[:-7])
    live = promotions.champion("shop")
    assert live is not None

    promotions.roll_back("shop", 1, models[1].id, live=live.sequence, hold=False, by="b", reason="r")
    wait_until(lambda: service.ask("/v2/health/ready")[0] == 503, 30)

    _, _, told = service.ask("/v2/health/ready")
    assert told["kept_out"]["shop"].startswith("v1 was made live and stays out: Model bundle ")
    status, headers, answer = service.ask("/invocations", BODY)
    assert (status, headers["x-incumbent-version"], answer["model"]["version"]) == (200, "2", 2)
    assert 'incumbent_version_out{pipeline="shop",process="0"} 1.0' in service.ask("/metrics")[2]


def test_a_log_that_must_last_is_on_the_disk_before_the_answer_goes_out_and_hides_what_it_should(
    shop_versions: Home, tmp_path: Path
) -> None:
    log = "scoring: {log: {durable: true, inputs: digest, columns: {price: none}}}\n"
    shop.write_pipeline(tmp_path / "pipelines", text=shop.YAML + log)
    running = start(shop_versions, "--processes", "1")
    with running.process:
        for _ in range(3):
            assert running.ask("/invocations", BODY)[0] == 200
            (killed,) = running.children()
        os.kill(killed, signal.SIGKILL)
        rows = logged(shop_versions)
        running.process.send_signal(signal.SIGINT)
        running.process.wait(60)

    assert len(rows) == 3
    inputs = json.loads(rows[0][5])
    assert set(inputs) == {"shop", "items"} and all(
        re.fullmatch("digest:[0-9a-f]{16}", value) for value in inputs.values()
    )
    assert inputs == json.loads(rows[2][5])


def test_a_killed_process_is_begun_again_and_requests_that_are_under_way_are_answered_before_the_end(
    shop_versions: Home,
) -> None:
    running = start(shop_versions, "--processes", "2")
    with running.process:
        wait_until(lambda: len(running.children()) == 2, 60)
        killed, kept = running.children()
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: {*running.children()} - {killed} > {kept}, 60)
        for path in (shop_versions.folder / "serving").glob("figures-*.json"):
            path.unlink(missing_ok=True)  # also what the killed one has left: the new one writes when it answers
        of_each = re.compile(r'incumbent_rows_total\{pipeline="shop",process="(\d)"\}')
        wait_until(lambda: of_each.findall(running.ask("/metrics")[2]) == ["0", "1"], 60)  # whoever is asked
        with closing(socket.create_connection(("127.0.0.1", running.port))) as slow:
            slow.sendall(
                b"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % len(BODY)
            )
            time.sleep(1)
            running.process.send_signal(signal.SIGTERM)
            time.sleep(1)
            slow.sendall(BODY)
            assert slow.recv(65536).startswith(b"HTTP/1.1 200")
        assert running.process.wait(60) == 0
    assert not list((shop_versions.folder / "serving").glob("figures-*"))
    lines = [line for path in shop_versions.predictions.rglob("*.log") for line in path.read_text().splitlines()]
    assert [line.count('"first"') for line in lines if "gap" not in line] == [1], "its answer is in the log at the end"


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium")
def test_a_person_asks_by_the_form(shared: tuple[Service, Home], tmp_path: Path) -> None:
    service, _ = shared
    with browser(tmp_path / "profile") as opened, opened.tab() as tab:
        tab.open(f"http://127.0.0.1:{service.port}/shop")
        tab.run("form.elements['items'].value = 2; form.elements['shop'].value = 'a'; form.requestSubmit()")
        wait_until(lambda: "says v2" in tab.run("answer.textContent"), 30)
        tab.run("form.elements['items'].value = -4; form.requestSubmit()")
        wait_until(lambda: "items must be at least 0" in tab.run("answer.textContent"), 30)
        assert tab.run("form.elements['items'].getAttribute('aria-invalid')") == "true"


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["nobody"], 4, "Unknown pipeline 'nobody'"),
        (["shop", "--processes", "0"], 2, "--processes 0: name a number from 1 to 256."),
        (["shop", "--port", "70000"], 2, "--port 70000: name a number from 0 (any that is free) to 65535."),
        (["shop", "--host", "0.0.0.0"], 2, "--host 0.0.0.0: beyond this machine the service needs keys."),
    ],
)
def test_a_mistake_is_said_before_anything_is_started(
    shop_versions: Home, arguments: list[str], code: int, sentence: str
) -> None:
    ran = refused_start(shop_versions, *arguments)

    assert (ran.returncode, ran.stderr.startswith(sentence)) == (code, True), ran.stderr
    assert "Traceback" not in ran.stderr


def refused_start(home: Home, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deployments.serving", *arguments],
        cwd=environment.CHECKOUT,
        env=own_variables(home.folder, INCUMBENT_PIPELINES=str(environment.read().pipelines)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_log_that_cannot_be_written_is_said_before_anything_is_started(shop_versions: Home) -> None:
    shop_versions.predictions.write_bytes(b"")

    ran = refused_start(shop_versions, "shop")

    sentence = f"The prediction log in {shop_versions.predictions} cannot be written: "
    assert (ran.returncode, ran.stderr.startswith(sentence)) == (UnusableHome.exit_code, True), ran.stderr
    assert "Traceback" not in ran.stderr and "Process 0" not in ran.stdout
