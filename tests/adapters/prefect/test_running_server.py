"""How others on the same home find the server of a running `make up`."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tasks.adapters.home import Home
from tasks.adapters.prefect import running_server
from tasks.reporting.steps import report_file


@pytest.fixture
def url() -> Iterator[str]:
    """Something that answers as a healthy API does."""

    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            strange = self.headers["Host"].startswith("incumbent-other.localhost")
            self.send_response(403 if strange else 200 if self.path == "/api/health" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Healthy) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()
        thread.join()


def rewrite(home: Path, **changes: Any) -> None:
    path = home / "prefect" / "server.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_what_is_announced_is_found_until_it_is_withdrawn(tmp_path: Path, url: str) -> None:
    running_server.announce(tmp_path, url, "http://127.0.0.1:5000", "", "x.localhost")
    found = running_server.find(tmp_path)

    running_server.withdraw(tmp_path)

    assert found is not None
    assert (found.url, found.ui, found.pid) == (
        url, url.removesuffix("/api").replace("127.0.0.1", "x.localhost"), os.getpid()
    )  # fmt: skip
    assert running_server.find(tmp_path) is None
    assert running_server.address(tmp_path) is None


def test_the_file_of_a_dead_process_counts_for_nothing(tmp_path: Path, url: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    running_server.announce(tmp_path, url, "", "")
    rewrite(tmp_path, pid=gone.pid)

    assert running_server.find(tmp_path) is None


def test_a_number_that_was_given_to_another_process_is_not_taken_for_it(tmp_path: Path, url: str) -> None:
    running_server.announce(tmp_path, url, "", "")
    rewrite(tmp_path, started="1")

    assert running_server.find(tmp_path) is None


@pytest.mark.parametrize("elsewhere", [{"place": "another boot"}, {"host": "another-container"}])
def test_a_process_of_another_place_is_known_by_its_server(tmp_path: Path, url: str, elsewhere: dict[str, str]) -> None:
    running_server.announce(tmp_path, url, "", "", "incumbent-this.localhost")
    rewrite(tmp_path, pid=999_999_999, started="1", **elsewhere)
    ours = running_server.find(tmp_path)
    rewrite(tmp_path, name="incumbent-other.localhost")

    assert ours is not None
    assert running_server.find(tmp_path) is None


def test_a_server_that_does_not_answer_is_not_used(tmp_path: Path) -> None:
    running_server.announce(tmp_path, "http://127.0.0.1:9/api", "", "")

    assert running_server.find(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 1}', '{"surprise": true}'])
def test_a_file_that_is_something_else_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / "prefect").mkdir()
    (tmp_path / "prefect" / "server.json").write_text(text)

    assert running_server.find(tmp_path) is None


def test_a_report_has_an_address_only_where_make_up_serves_it_beside_the_ui(tmp_path: Path, url: str) -> None:
    home, path = Home(tmp_path), tmp_path / "reports" / "my shop.html"
    alone = report_file.address(home, path, url)
    running_server.announce(tmp_path, url, "", "http://127.0.0.1:4280")

    beside, elsewhere, nowhere = (
        report_file.address(home, path, api) for api in (url, "http://prefect.example/api", None)
    )

    assert beside == "http://127.0.0.1:4280/my%20shop.html"
    assert (alone, elsewhere, nowhere) == (None, None, None)
