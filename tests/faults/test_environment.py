"""Faults of the surroundings: a full disk, a home that cannot be written, a newer store, servers that are none.

Each ends in one message and an exit code, nothing is half written, and once the fault is gone the same command goes on.
"""

import itertools
import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import pytest

from configs.environment import CHECKOUT
from tasks.adapters.home import Home
from tests.command_line import CommandLine

POWERLESS = ("setpriv", "--bounding-set=-all", "--inh-caps=-all")
"""Root keeps its name and loses its powers, so that permissions count for it."""
DISK_BYTES = 48_000_000
TURN_BYTES = 40_000_000

Disk = Callable[[int], None]


# ── a full disk ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Path, Disk]]:
    """A folder on a disk of its own, and a call that leaves so many bytes of it."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "incumbent-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("only root can make a small disk, and not in every container")
    try:
        yield folder, partial(leave, folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def leave(folder: Path, room: int) -> None:
    """Fill a disk until there is so much room on it."""
    (folder / "filling").unlink(missing_ok=True)
    filling = shutil.disk_usage(folder).free - room
    if filling > 0:
        (folder / "filling").write_bytes(bytes(filling))


def deliver_to(home: Path, new_home: Callable[..., Path], *months: Path) -> Path:
    shutil.copytree(new_home("template", *months), home)
    return home


def drafts(home: Path) -> list[str]:
    """What was written half and left behind."""
    return [str(path) for path in home.rglob(".*.tmp*")]


def test_a_disk_without_any_room_is_named(
    small_disk: tuple[Path, Disk],
    new_home: Callable[..., Path],
    months: Callable[[str], Path],
    flows_run: CommandLine,
) -> None:
    disk, fill = small_disk
    home = deliver_to(disk / "home", new_home, months("2013-06"))
    fill(0)

    said = flows_run(home)

    assert (said.returncode, said.stdout) == (8, "")
    assert said.stderr.startswith(f"The ledger at sqlite:///{home}/ledger.db cannot be used: ")
    assert f"The disk of {home} is full" in said.stderr and said.stderr.count("\n") == 1
    assert drafts(home) == []


@pytest.mark.long
@pytest.mark.parametrize("room", [150_000, 600_000, 1_500_000, 2_500_000, 4_000_000])
def test_a_disk_that_fills_up_in_the_middle_of_a_run_is_named_and_the_next_run_completes_it(
    room: int,
    small_disk: tuple[Path, Disk],
    new_home: Callable[..., Path],
    months: Callable[[str], Path],
    flows_run: CommandLine,
) -> None:
    disk, fill = small_disk
    home = deliver_to(disk / "home", new_home, months("2013-06"))
    fill(room)
    full = flows_run(home)
    left = drafts(home)
    fill(TURN_BYTES)

    again, verified = flows_run(home), flows_run(home, "verify")

    assert full.returncode in (8, 10), full.stderr
    assert " full" in full.stderr and "Traceback" not in full.stderr
    assert left == []
    assert (again.returncode, again.stderr) == (0, "")
    assert (verified.returncode, verified.stderr) == (0, ""), verified.stdout


# ── a home that cannot be written ─────────────────────────────────────────────────────────────────────────────────
@contextmanager
def closed(home: Path) -> Iterator[None]:
    """A home that can be read and not changed while the block runs."""
    paths = [home, *home.rglob("*")]
    before = {path: path.stat().st_mode for path in paths}
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        yield
    finally:
        for path, mode in before.items():
            path.chmod(mode)


def without_powers(home: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The command line for which permissions count; for root they do when it has given up its powers."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "INCUMBENT_"))}
    return subprocess.run(
        [*(POWERLESS if os.geteuid() == 0 else ()), sys.executable, "-m", "flows.run", *arguments],
        cwd=CHECKOUT,
        env={**kept, "INCUMBENT_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("command", ["run", "status"])
def test_a_home_that_may_only_be_read_is_named(
    command: str, new_home: Callable[..., Path], months: Callable[[str], Path]
) -> None:
    if os.geteuid() == 0 and subprocess.run([*POWERLESS, "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("root cannot give up its powers here")
    home = new_home("home", months("2013-06"))
    before = sorted(home.rglob("*"))

    with closed(home):
        said = without_powers(home, command)

    assert (said.returncode, said.stdout) == (8, ""), said.stderr
    assert said.stderr == f"{home} cannot be written: Permission denied. Set INCUMBENT_HOME to a folder of yours.\n"
    assert sorted(home.rglob("*")) == before


# ── a file that is being written ──────────────────────────────────────────────────────────────────────────────────
@contextmanager
def growing(path: Path, content: bytes) -> Iterator[None]:
    """A file that is written bit by bit while the block runs, without ever being whole; afterwards it is."""
    done = Event()

    def write() -> None:
        with path.open("wb", buffering=0) as file:
            for start in itertools.count():
                file.write(content[start : start + 1])
                if done.wait(0.002) or start > len(content) - 1000:
                    break

    writer = Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        done.set()
        writer.join()
        path.write_bytes(content)


@pytest.mark.long
def test_a_file_that_grows_while_it_is_read_is_set_aside_and_taken_in_when_it_is_whole(
    new_home: Callable[..., Path],
    months: Callable[[str], Path],
    flows_run: CommandLine,
    open_home: Callable[[Path], Home],
) -> None:
    home = new_home("home")
    landed = home / "landing" / "flights" / "2013-06.parquet"
    with growing(landed, months("2013-06").read_bytes()):
        during = flows_run(home, "ingest")
        taken = open_home(home).ledger.batches.accepted("flights")

    after, verified = flows_run(home), flows_run(home, "verify")

    said = " ".join((during.stdout + during.stderr).split())
    # Read between two writes it is a truncated file, which is refused; written to meanwhile, it waits.
    words = {3: r"changed while it was read|The file is truncated", 12: r"changed while it was read\b.* waits"}
    assert during.returncode in words, said
    assert re.search(words[during.returncode], said), said
    assert taken == []
    assert (after.returncode in (0, 3), "first champion" in after.stdout) == (True, True)
    assert (verified.returncode, verified.stderr) == (0, "")


# ── a store of a newer version ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("command", ["run", "status", "verify"])
def test_a_store_of_a_newer_version_is_left_alone(command: str, tmp_path: Path, flows_run: CommandLine) -> None:
    store = tmp_path / "home" / "store"
    store.mkdir(parents=True)
    (store / "FORMAT").write_text("2\n")

    said = flows_run(store.parent, command)

    assert (said.returncode, said.stdout) == (8, "")
    assert said.stderr == (
        f"The store at {store} has format 2, this version of Incumbent knows 1. "
        "It was written by a newer version: use that one, or another INCUMBENT_HOME.\n"
    )
    assert [str(path.relative_to(store.parent)) for path in store.parent.rglob("*")] == ["store", "store/FORMAT"]


# ── PREFECT_API_URL ───────────────────────────────────────────────────────────────────────────────────────────────
class Stranger(BaseHTTPRequestHandler):
    """A web server that answers everything, and is no Prefect."""

    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    do_POST = do_GET  # noqa: N815  the name is Python's

    def log_message(self, *_: object) -> None:
        return


class NotHttp(Stranger):
    """Something else that listens, such as a database."""

    def do_GET(self) -> None:
        self.wfile.write(b"SSH-2.0-nothing\r\n")


class Failing(Stranger):
    """A server that is there, and not well."""

    status = 500


class Closed(Stranger):
    """A Prefect server that is well, and wants to know who asks."""

    status = 401

    def do_GET(self) -> None:
        if self.path == "/api/health":
            self.wfile.write(b"HTTP/1.0 200 OK\r\n\r\ntrue")
        else:
            super().do_GET()

    do_POST = do_GET  # noqa: N815


@contextmanager
def answering(handler: type[Stranger]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("handler", "words"),
    [
        (Stranger, "answers, but not as Prefect does (200 OK)"),
        (NotHttp, "answers, but not as Prefect does (BadStatusLine)"),
        (Failing, "answered 500 Internal Server Error"),
    ],
)
def test_a_server_that_is_not_prefect_or_not_well_is_named_and_the_batch_still_waits(
    handler: type[Stranger], words: str, tmp_path: Path, flows_run: CommandLine
) -> None:
    landing = tmp_path / "landing" / "flights"
    landing.mkdir(parents=True)
    (landing / "2013-01.parquet").write_bytes(b"x")

    with answering(handler) as url:
        said = flows_run(tmp_path, PREFECT_API_URL=url)

    assert said.returncode == 10
    assert said.stderr.startswith(f"The Prefect server that PREFECT_API_URL names, {url}, {words}")
    assert said.stderr.endswith("Start that server, or unset PREFECT_API_URL to use a local one.\n")
    assert said.stderr.count("\n") == 1
    assert not (tmp_path / "store").exists()


@pytest.mark.long
def test_a_server_that_wants_to_know_who_asks_is_named(tmp_path: Path, flows_run: CommandLine) -> None:
    landing = tmp_path / "landing" / "flights"
    landing.mkdir(parents=True)
    (landing / "2013-01.parquet").write_bytes(b"x")

    with answering(Closed) as url:
        said = flows_run(tmp_path, "ingest", PREFECT_API_URL=url)

    assert said.returncode == 10
    assert said.stderr == (
        f"The Prefect server {url} answered 401 Unauthorized. "
        "Set PREFECT_API_AUTH_STRING or PREFECT_API_KEY as that server wants it.\n"
    )


@pytest.mark.long
def test_a_server_that_takes_the_question_and_never_answers_is_named(tmp_path: Path, flows_run: CommandLine) -> None:
    landing = tmp_path / "landing" / "flights"
    landing.mkdir(parents=True)
    (landing / "2013-01.parquet").write_bytes(b"x")

    with socket.create_server(("127.0.0.1", 0)) as silent:
        said = flows_run(tmp_path, PREFECT_API_URL=f"http://127.0.0.1:{silent.getsockname()[1]}/api")

    assert said.returncode == 10
    assert "gave no answer (timed out). Start that server" in said.stderr and said.stderr.count("\n") == 1
