"""A tree of `make up` that works on the flights, or on another pipeline, and questions to all who know what it did.

They are asked from outside, as anybody could: the ledger's database, the server's API, the list of processes.
"""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from configs import environment
from deployments import rest
from tasks.adapters.home import Home
from tasks.adapters.prefect import running_server
from tasks.adapters.processes import identity
from tasks.adapters.web import access
from tests import folders
from tests.deployments.conftest import own_variables
from tests.faults import worlds
from tests.fixtures_server import asking, wait_until

LONG = 300.0
"""Seconds after which something that should happen has not: many times what it takes, for machines with much to do."""
HOLDER = "select cast(substr(holder, 9, instr(substr(holder, 9), ' ') - 1) as integer) from leases where holder <> ''"
"""Number of the process that holds the lease."""
PIPELINE = "incumbent.pipeline.flights"
EVENTS = {
    "new_data": "incumbent.data.arrived",
    "drift": "incumbent.drift.detected",
    "performance": "incumbent.performance.degraded",
}
_OVER = ("COMPLETED", "CRASHED", "FAILED", "CANCELLED")

Row = tuple[Any, ...]
Told = tuple[str, str, str]
"""Kind, key and evidence of a trigger."""
Run = dict[str, Any]


@dataclass
class Tree:
    """`make up` on a home of its own, and what was given to it."""

    home: Path
    pipelines: Path
    parent: "subprocess.Popen[bytes]"
    url: str
    """Address of the server's API."""
    pipeline: str = "flights"
    given: list[Path | Told] = field(default_factory=list)
    """Deliveries in the order in which they were dropped; what was said from outside stands before what it is about."""

    def drop(self, delivery: Path, name: str | None = None) -> None:
        """Put a file into the landing folder, whole at once."""
        target = self.home / "landing" / self.pipeline / (name or delivery.name)
        draft = shutil.copyfile(delivery, target.with_name(f".{target.name}"))
        draft.replace(target)
        self.given.append(target)

    def emit(self, kind: str, key: str, evidence: str) -> None:
        """Announce something about the delivery that was dropped last."""
        self.say(EVENTS[kind], {"evidence": evidence, "key": key})
        if kind != "new_data":
            self.given.insert(-1, (kind, key, evidence))

    def say(self, event: str, payload: dict[str, str]) -> None:
        """Emit an event about the pipeline, as any program could, by plain HTTP."""
        told = {"id": str(uuid4()), "occurred": datetime.now(UTC).isoformat(), "event": event, "payload": payload}
        rest.call(self.url, "POST", "/events", [{**told, "resource": {"prefect.resource.id": PIPELINE}}])

    def parts(self) -> list[tuple[list[Told], list[Path]]]:
        """What was given, cut before each word from outside: the next delivery has its turn with that word."""
        found: list[tuple[list[Told], list[Path]]] = [([], [])]
        for one in self.given:
            if isinstance(one, Path):
                found[-1][1].append(one)
            else:
                found.append(([one], []))
        return [part for part in found if part[1]]

    # ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────
    def ask(self, query: str) -> list[Row]:
        """What a query on the ledger finds."""
        with closing(sqlite3.connect(f"file:{self.home}/ledger.db?mode=ro", uri=True, timeout=20)) as ledger:
            return ledger.execute(query).fetchall()

    def wait_for(self, query: str) -> Any:
        """Wait until a query finds a row with something in it; gives the first column."""
        deadline = time.monotonic() + LONG
        while time.monotonic() < deadline:
            found = self.ask(query)
            if found and found[0][0] is not None:
                return found[0][0]
            time.sleep(0.01)
        raise TimeoutError(f"{query}: {self.ask('select number, batch_name, state, outcome from turns')}")

    def wait_for_turn(self, batch: str) -> int:
        """Wait until the turn of a delivery is done and shown; gives its number."""
        number = self.wait_for(f"select number from turns where batch_name = '{batch}' and state = 'done'")
        self.wait_for(f"select turn from projections where turn = {number} and target = 'page'")
        return int(number)

    def kill_holder_when(self, query: str) -> None:
        """End the process that holds the lease while a query finds something; it commits nothing in between."""
        deadline, path = time.monotonic() + LONG, self.home / "ledger.db"
        with closing(sqlite3.connect(path, isolation_level=None, timeout=20)) as ledger:
            while True:
                ledger.execute("begin immediate")
                found, holder = ledger.execute(query).fetchone(), ledger.execute(HOLDER).fetchone()
                if found and holder:
                    return self.kill(holder[0])
                ledger.execute("rollback")
                assert time.monotonic() < deadline, query
                time.sleep(0.01)

    def triggers(self, turn: int) -> list[str]:
        """Kinds of the triggers that a turn covers, sorted."""
        return [kind for (kind,) in self.ask(f"select kind from triggers where turn = {turn} order by kind")]

    # ── the server ────────────────────────────────────────────────────────────────────────────────────────────────
    def runs(self, flow: str, since: datetime | None = None) -> list[Run]:
        """The runs of a flow, oldest first; only those that were begun, or asked for, since a moment."""
        wanted: dict[str, Any] = {"flows": {"name": {"any_": [flow]}}, "limit": 200, "sort": "EXPECTED_START_TIME_ASC"}
        if since is not None:
            wanted["flow_runs"] = {"expected_start_time": {"after_": since.isoformat()}}
        found: list[Run] = rest.call(self.url, "POST", "/flow_runs/filter", wanted)
        return found

    def wait_for_runs(self, flow: str, since: datetime, many: int) -> list[Run]:
        """Wait until so many runs of a flow are over; gives all of them."""

        def over() -> bool:
            found = self.runs(flow, since)
            return len(found) >= many and all(run["state_type"] in _OVER for run in found)

        wait_until(over, LONG)
        return self.runs(flow, since)

    def artifacts(self, run: Run) -> dict[str, Any]:
        """What a run shows, by key."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}}
        return {one["key"]: one["data"] for one in rest.call(self.url, "POST", "/artifacts/filter", wanted)}

    def logs(self, run: Run) -> list[str]:
        """What a run has written into its log."""
        wanted = {"logs": {"flow_run_id": {"any_": [run["id"]]}}, "limit": 200}
        return [str(one["message"]) for one in rest.call(self.url, "POST", "/logs/filter", wanted)]

    def wait_until_idle(self) -> None:
        """Wait until all that was dropped has been noticed, and nobody works."""
        noticed, folder = self.home / "polled" / self.pipeline, self.home / "landing" / self.pipeline
        busy = {"tags": {"all_": ["incumbent"]}, "state": {"type": {"any_": ["PENDING", "RUNNING"]}}}
        wait_until(lambda: noticed.exists() and noticed.read_text() == folders.of(folder).mark().text, LONG)
        wait_until(lambda: not list(rest.flow_runs(self.url, busy)), LONG)
        self.wait_for("select 1 where not exists (select 1 from triggers where state = 'open')")

    def read(self, link: str) -> str:
        """The page to which an artifact points, `[words](address)`."""
        secret = {"Authorization": access.basic(access.auth(self.home))}
        asked = urllib.request.Request(link.rpartition("(")[2].rstrip(")"), headers=secret)
        with urllib.request.urlopen(asked, timeout=LONG) as answer:
            return str(answer.read().decode())

    # ── the processes ─────────────────────────────────────────────────────────────────────────────────────────────
    def process(self, part: str) -> int:
        """Number of the process of the tree in whose command line a word is."""
        (found,) = self.processes(part)
        return found

    def processes(self, part: str) -> dict[int, str]:
        """Numbers and command lines of such processes."""
        return worlds.processes(self.home, part)

    def kill(self, process: int) -> None:
        """End a process without a word."""
        os.kill(process, signal.SIGKILL)
        wait_until(lambda: not identity.started(process), LONG)


@contextmanager
def work(home: Path, pipelines: Path, pipeline: str = "flights") -> Iterator[Tree]:
    """A tree that works while the block runs; nothing of it is left after that."""
    with closing(Home(home)) as hands:
        assert hands.ledger  # from now on it can be asked
    with (home / "up.log").open("w") as log:
        parent = subprocess.Popen(
            [sys.executable, "-m", "deployments.up", "--end-with-parent"],
            cwd=environment.CHECKOUT,
            env=own_variables(home, INCUMBENT_PIPELINES=str(pipelines)),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: "All is up" in (home / "up.log").read_text() or parent.poll() is not None, LONG)
        server = running_server.find(home)
        assert server is not None, (home / "up.log").read_text()
        with asking(home):
            yield Tree(home, pipelines, parent, server.url, pipeline)
    finally:
        parent.terminate()
        parent.wait(60)
        wait_until(lambda: not worlds.processes(home), 20)


def write_pipeline(folder: Path, **coordination: Any) -> Path:
    """The flights with a weak first model, quick fits, and no look by the clock but `poll`'s; gives the folder."""
    folder.mkdir()
    settings = yaml.safe_load(worlds.settings())
    settings["coordination"] = {"schedules": {"monitor": None}, **coordination}
    (folder / "flights.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return folder
