"""A page of the web that tries everything on a running `make up`: in a real browser, and each kind of route by hand."""

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from deployments import mlflow_ui, rest
from tasks.adapters.web import access
from tests.deployments import browsing
from tests.deployments.browsing import Browser, browser
from tests.deployments.conftest import own_variables
from tests.deployments.test_up import Up
from tests.fixtures_server import asking, wait_until

TRY_ALL = """(async (servers, deployment, name, owned) => {
  const happened = [];
  const note = async (what, tried) => {
    try { const answer = await tried(); happened.push([what, answer && answer.ok ? 'read' : 'sent']); }
    catch (problem) { happened.push([what, 'failed']); }
  };
  const body = (content) => new Blob([JSON.stringify(content)]);
  const post = (url, content, more = {}) => fetch(url, {method: 'POST', body: body(content), ...more});
  const socket = (url, route) => new Promise((done, failed) => {
    const opened = new WebSocket(url.replace('http', 'ws') + route, ['prefect']);
    opened.onerror = failed;
    opened.onopen = () => {
      opened.send(JSON.stringify({type: 'auth', token: 'x'}));
      setTimeout(() => { done({ok: opened.readyState === 1}); opened.close(); }, 300);
    };
  });
  const frame = (url) => new Promise((done) => {
    const shown = document.createElement('iframe');
    shown.onload = () => { let text = null; try { text = shown.contentDocument.body.innerText; } catch (_) {}
                           done({ok: !!text && shown.contentWindow.location.host === new URL(url).host}); };
    shown.src = url;
    document.body.append(shown);
  });
  const form = (url, type) => {
    const sent = document.createElement('form'), field = document.createElement('input');
    Object.assign(sent, {method: 'post', action: url, enctype: type, target: 'unseen'});
    Object.assign(field, {name: `{"name": "${name}-form", "x": "`, value: '"}'});
    sent.append(field); document.body.append(sent); sent.submit();
  };
  const unseen = document.createElement('iframe'); unseen.name = 'unseen'; document.body.append(unseen);
  for (const server of servers) {
    const api = server + '/api', of = api + '/deployments/' + deployment;
    for (const more of [{}, {mode: 'no-cors', credentials: 'include'}, {keepalive: true, mode: 'no-cors'},
                        {headers: {'Content-Type': 'application/json'}, credentials: 'include'}]) {
      await note('flow', () => post(api + '/flows/', {name: name + '-fetch'}, more));
      await note('run', () => post(of + '/create_flow_run', {name, job_variables: {command: 'touch ' + owned}}, more));
      await note('pause', () => fetch(of + '/pause_deployment', {method: 'POST', ...more}));
      await note('experiment', () => post(server + '/api/2.0/mlflow/experiments/create', {name}, more));
      await note('experiment', () => post(server + '/ajax-api/2.0/mlflow/experiments/create', {name}, more));
    }
    await note('read', () => fetch(api + '/admin/version', {credentials: 'include'}));
    await note('health', () => fetch(api + '/health'));
    await note('frame', () => frame(server + '/'));
    for (const route of ['/api/events/in', '/api/events/out', '/api/logs/out',
      '/api/task_runs/subscriptions/scheduled']) await note(route, () => socket(server, route));
    navigator.sendBeacon(api + '/flows/', body({name: name + '-beacon'}));
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'])
      form(api + '/flows/', type);
    const image = new Image(); image.src = of + '/pause_deployment';
    const opened = window.open(of + '/create_flow_run'); if (opened) opened.close();
  }
  await new Promise((done) => setTimeout(done, 1000));
  return happened;
})"""


@pytest.fixture(scope="module")
def tree(shared_tree: Callable[[], Up]) -> Iterator[Up]:
    running = shared_tree()
    with asking(running.home):
        yield running


@pytest.fixture(scope="module")
def let_in(tree: Up, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser that was let in by a link: it has the cookie."""
    if browsing.CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    with browser(tmp_path_factory.mktemp("browser") / "profile") as running:
        with running.tab() as tab:
            tab.open(access.link(tree.home, tree.server.ui))
            wait_until(lambda: "enter" not in tab.run("location.pathname"), 60)
        yield running


@dataclass
class Evil:
    """Somebody else's server on this machine, with an empty page."""

    port: int
    cookies: list[str]
    """What browsers have sent to it."""


@pytest.fixture(scope="module")
def evil() -> Iterator[Evil]:
    cookies: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            cookies.append(self.headers.get("Cookie", ""))
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!DOCTYPE html><title>evil</title><body>")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Evil(server.server_port, cookies)
        server.shutdown()


def secret(tree: Up) -> dict[str, str]:
    """The header by which a program gives the secret of the home."""
    return {"Authorization": access.basic(access.auth(tree.home))}


def shown(tree: Up, server: str) -> str:
    """The address of a server as the browser has to open it."""
    return access.named(str(getattr(tree.server, server)), tree.server.name)


def poll(tree: Up) -> dict[str, Any]:
    found: dict[str, Any] = rest.call(tree.server.url, "GET", "/deployments/name/poll/flights")
    return found


def named(tree: Up, name: str) -> list[str]:
    """All that is there and carries a name."""
    found = rest.call(tree.server.url, "POST", "/flows/filter", {"limit": 200})
    found += list(rest.flow_runs(tree.server.url, {}))
    connection = http.client.HTTPConnection(urlsplit(tree.server.mlflow).netloc, timeout=20)
    with closing(connection):
        connection.request("GET", "/ajax-api/2.0/mlflow/experiments/search?max_results=100", headers=secret(tree))
        found += json.loads(connection.getresponse().read())["experiments"]
    return [one["name"] for one in found if one["name"].startswith(name)]


def test_one_click_opens_the_ui_without_a_login(let_in: Browser, tree: Up) -> None:
    with let_in.tab() as second:
        second.open(tree.server.ui)
        wait_until(lambda: "Flow Runs" in (second.run("document.body.innerText") or ""), 60)
        path, cookies = second.run("location.pathname"), second.run("document.cookie")
        second.open(tree.server.ui.replace(tree.server.name, "localhost"))
        other_name = second.run("document.body.innerText")

    assert "login" not in path
    assert "incumbent" not in cookies
    assert "Open the link" in other_name


def test_no_other_server_of_this_machine_is_sent_the_cookie(let_in: Browser, evil: Evil) -> None:
    names = ("127.0.0.1", "localhost", "other.localhost", "evil.example")
    with let_in.tab() as tab:
        for name in names:
            tab.open(f"http://{name}:{evil.port}/seen-{name}")
            tab.run("fetch('/again', {credentials: 'include'}).then((answer) => answer.text())")

    assert len(evil.cookies) >= 2 * len(names)
    assert set(evil.cookies) == {""}


def test_nobody_else_can_answer_at_our_ports(tree: Up) -> None:
    for server in ("url", "mlflow", "reports"):
        port = urlsplit(getattr(tree.server, server)).port
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET6, "::")):
            with closing(socket.socket(family)) as other:
                other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                with pytest.raises(OSError, match="in use"):
                    other.bind((address, port))
                    other.listen()


def test_one_link_opens_mlflow_and_the_reports_as_well(let_in: Browser, tree: Up) -> None:
    (tree.home / "reports" / "hello.html").write_text("<!DOCTYPE html><title>x</title>a report")
    texts = {}
    for who, other in (("let in", tree.server.name), ("stranger", "localhost")):
        with let_in.tab() as tab:
            for server, path in (("reports", "/hello.html"), ("mlflow", "/version")):
                tab.open(shown(tree, server).replace(tree.server.name, other) + path)
                texts[who, server] = tab.run("document.body.innerText")

    assert texts["let in", "reports"] == "a report"
    assert texts["let in", "mlflow"][0].isdigit()
    assert "Open the link" in texts["stranger", "reports"] and "Open the link" in texts["stranger", "mlflow"]


def test_links_of_a_run_lead_to_where_the_browser_is_let_in(let_in: Browser, tree: Up) -> None:
    stored = {"key": "a-report", "type": "markdown", "data": f"[see]({tree.server.reports}/hello.html)"}
    rest.call(tree.server.url, "POST", "/artifacts/", stored)
    wanted = {"artifacts": {"key": {"any_": ["a-report"]}}}

    with let_in.tab() as tab:
        tab.open(tree.server.ui)
        told = tab.run(
            "fetch('/api/artifacts/filter', {method: 'POST', headers: {'Content-Type': 'application/json'}, "
            f"body: JSON.stringify({json.dumps(wanted)})}}).then((answer) => answer.json())"
        )

    assert [one["data"] for one in told] == [f"[see]({shown(tree, 'reports')}/hello.html)"]
    assert rest.call(tree.server.url, "POST", "/artifacts/filter", wanted)[0]["data"] == stored["data"]


def test_mlflow_opens_at_the_training_runs_with_telemetry_off(let_in: Browser, tree: Up) -> None:
    texts = []
    with let_in.tab() as tab:
        for path in (mlflow_ui.RUNS, "", "#/settings"):
            tab.open("about:blank")
            tab.open(f"{shown(tree, 'mlflow')}/{path}")
            wait_until(lambda: "Settings" in (tab.run("document.body.innerText") or ""), 60)
            time.sleep(1)
            texts.append((tab.run("location.hash").partition("&")[0], tab.run("document.body.innerText")))

    assert [where for where, _ in texts[:2]] == [mlflow_ui.RUNS] * 2
    assert all("Model registry" in text and "GenAI workflows" not in text for _, text in texts[:2])
    assert "Enable telemetry" in texts[2][1] and "Off" in texts[2][1].split()
    assert not any("Ask questions about" in text or "UI telemetry\nMLflow collects" in text for _, text in texts)
    assert asked(tree, "mlflow", "GET", "/ajax-api/3.0/mlflow/assistant/config", secret(tree)) == 404


@pytest.mark.parametrize(
    "host", ["evil.example", *(pytest.param(name, marks=pytest.mark.long) for name in ("127.0.0.1", "localhost"))]
)
def test_a_hostile_page_in_a_real_browser_gets_nothing_done(
    host: str, let_in: Browser, tree: Up, evil: Evil, tmp_path: Path
) -> None:
    """The browser has the cookie; the page knows the id of a deployment, and even the name."""
    port, owned = urlsplit(tree.server.ui).port, tmp_path / "owned"
    servers = [tree.server.ui, f"http://127.0.0.1:{port}", f"http://rebound.example:{port}"]
    servers += [shown(tree, "mlflow"), shown(tree, "reports")]

    with let_in.tab() as tab:
        tab.open(f"http://{host}:{evil.port}/")
        happened = tab.run(f"{TRY_ALL}({json.dumps(servers)}, {poll(tree)['id']!r}, 'hostile', {str(owned)!r})")

    assert len(happened) == len(servers) * 27
    assert [what for what, how in happened if how == "read"] == []
    assert named(tree, "hostile") == []
    assert not poll(tree)["paused"]
    assert not owned.exists()


def test_what_the_hostile_page_tries_is_done_for_our_own(let_in: Browser, tree: Up, tmp_path: Path) -> None:
    with let_in.tab() as tab:
        tab.open(tree.server.ui)
        happened = tab.run(f"{TRY_ALL}({json.dumps([tree.server.ui])}, {poll(tree)['id']!r}, 'ours', 'owned')")
    paused = poll(tree)["paused"]
    rest.call(tree.server.url, "POST", f"/deployments/{poll(tree)['id']}/resume_deployment")

    assert {what for what, how in happened if how == "read"} >= {"flow", "pause", "read", "health", "/api/events/in"}
    assert "run" not in {what for what, how in happened if how == "read"}  # a run cannot choose its command
    assert {"ours-fetch", "ours-beacon"} <= set(named(tree, "ours"))
    assert paused


# ── by hand ───────────────────────────────────────────────────────────────────────────────────────────────────────
JSON = {"Content-Type": "application/json"}
CROSS = {"Sec-Fetch-Site": "cross-site"}
ROUTES = {
    "the UI": ("url", "GET", "/"),
    "its settings": ("url", "GET", "/ui-settings"),
    "the documentation": ("url", "GET", "/docs"),
    "health": ("url", "GET", "/api/health"),
    "readiness": ("url", "GET", "/api/ready"),
    "a version": ("url", "GET", "/api/admin/version"),
    "settings": ("url", "GET", "/api/admin/settings"),
    "a search": ("url", "POST", "/api/deployments/filter"),
    "something new": ("url", "POST", "/api/flows/"),
    "events": ("url", "POST", "/api/events"),
    "a change": ("url", "PATCH", "/api/variables/name/x"),
    "a removal": ("url", "DELETE", "/api/flows/00000000-0000-0000-0000-000000000000"),
    "a question before": ("url", "OPTIONS", "/api/flows/"),
    "a link": ("url", "GET", "/enter/x"),
    "nothing": ("url", "GET", "/none"),
    "MLflow's UI": ("mlflow", "GET", "/"),
    "MLflow's health": ("mlflow", "GET", "/health"),
    "experiments": ("mlflow", "POST", "/ajax-api/2.0/mlflow/experiments/create"),
    "an artifact": ("mlflow", "GET", "/get-artifact?path=x&run_uuid=x"),
    "MLflow's graph": ("mlflow", "POST", "/graphql"),
    "a report": ("reports", "GET", "/flights.html"),
    "the head of a report": ("reports", "HEAD", "/flights.html"),
}
FOREIGN = {
    "another name": {"Host": "evil.example"},
    "another port": {"Host": "127.0.0.1:1"},
    "another origin": {"Origin": "http://evil.example"},
    "no origin": {"Origin": "null"},
    "another port of this machine": {"Origin": "http://127.0.0.1:1"},
    "another site": CROSS,
    "a navigation": {**CROSS, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
}


def asked(tree: Up, server: str, method: str, path: str, headers: dict[str, str]) -> int:
    address = urlsplit(getattr(tree.server, server)).netloc
    with closing(http.client.HTTPConnection(address, timeout=20)) as connection:
        connection.request(method, path, body=b'{"name": "by-hand"}', headers={**JSON, **headers})
        return connection.getresponse().status


@pytest.mark.parametrize("route", ROUTES)
def test_each_kind_of_route_refuses_each_kind_of_stranger(route: str, tree: Up) -> None:
    answers = {who: asked(tree, *ROUTES[route], {**headers, **secret(tree)}) for who, headers in FOREIGN.items()}

    assert answers == dict.fromkeys(FOREIGN, 403)
    assert named(tree, "by-hand") == []


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("guess", ["", "incumbent:", "incumbent:guess", "user:" + "0" * 64])
def test_every_server_asks_programs_for_the_secret(route: str, guess: str, tree: Up) -> None:
    header = {"Authorization": access.basic(guess)} if guess else {}

    status = asked(tree, *ROUTES[route], header)

    expected = {"health": 200, "readiness": 200, "a link": 403, "MLflow's health": 200}
    assert status == expected.get(route, 401)


@pytest.mark.parametrize("stolen", [True, False])
@pytest.mark.parametrize("server", ["url", "mlflow", "reports"])
def test_a_cookie_of_another_start_opens_nothing(server: str, stolen: bool, tree: Up) -> None:
    name = access.new_name() if stolen else tree.server.name
    cookie = f"{access.COOKIE}={access.cookie(access.cookie_key(tree.home), name)}"
    path = {"url": "/api/admin/version", "mlflow": "/version", "reports": "/none.html"}[server]

    status = asked(tree, server, "GET", path, {"Cookie": cookie})

    assert (status == 401) == stolen


MLFLOW_CLIENT = """
import os, sys
import mlflow
try:
    mlflow.search_experiments()
except mlflow.exceptions.MlflowException as refused:
    print(refused)
os.environ["MLFLOW_TRACKING_USERNAME"], _, os.environ["MLFLOW_TRACKING_PASSWORD"] = sys.argv[1].partition(":")
print(len(mlflow.search_experiments()), "experiments")
"""


def test_mlflows_own_client_gives_the_secret_as_its_password(tree: Up) -> None:
    asks = {"MLFLOW_TRACKING_URI": tree.server.mlflow, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}

    tried = subprocess.run(
        [sys.executable, "-c", MLFLOW_CLIENT, access.auth(tree.home)], env=own_variables(tree.home, **asks),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert tried.returncode == 0, tried.stderr
    without, *_, with_it = tried.stdout.splitlines()
    assert "401" in without
    assert with_it.endswith("experiments")


SOCKETS = ("/api/events/in", "/api/events/out", "/api/logs/out", "/api/task_runs/subscriptions/scheduled")
STRANGERS: dict[str, dict[str, Any]] = {
    "a page of the web": {"origin": "http://evil.example"},
    "a page without an origin": {"origin": "null"},
    "another port of this machine": {"origin": "http://127.0.0.1:1"},
    "another site": {"additional_headers": CROSS},
}


@pytest.mark.parametrize("route", SOCKETS)
@pytest.mark.parametrize("who", STRANGERS)
def test_no_websocket_is_opened_for_a_stranger(route: str, who: str, tree: Up) -> None:
    address = tree.server.url.replace("http", "ws").removesuffix("/api")

    with pytest.raises(InvalidStatus, match="403"):
        connect(f"{address}{route}", subprotocols=["prefect"], **STRANGERS[who])  # type: ignore[list-item]


@pytest.mark.parametrize("route", SOCKETS)
@pytest.mark.parametrize(("first", "opens"), [("secret", True), ("guess", False), ("", False), (None, False)])
def test_a_websocket_asks_for_the_secret(route: str, first: str | None, opens: bool, tree: Up) -> None:
    token = access.auth(tree.home) if first == "secret" else first

    address = tree.server.url.replace("http", "ws").removesuffix("/api")

    with closing(connect(f"{address}{route}", subprotocols=["prefect"])) as opened:  # type: ignore[list-item]
        opened.send(json.dumps({"type": "auth", "token": token} if token is not None else {"type": "filter"}))
        try:
            answer = json.loads(opened.recv(20)).get("type")
        except ConnectionClosed:
            answer = None

    assert (answer == "auth_success") == opens
