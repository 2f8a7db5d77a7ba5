"""Figures of Prefect around a turn: what it costs, and what many triggers at once lead to.

    python -m tests.benchmarks.orchestration [--rounds 3] [--only NAME ...]

events: from an event to the flow run that it starts, by the worker of `make up`.
overhead: one turn with a running server against the same turn with flows and tasks called as plain functions.
burst: four triggers for one batch from three processes within a second.
storm: three hundred triggers, while every run is killed after a random time until all have ended.
Nothing here is asserted in a test: figures depend on the machine and on who else works on it.
"""

import argparse
import json
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from configs import environment
from tests import homes
from tests.benchmarks.processes import run

ONE_TURN = """
import json, sys, time
from configs import environment
environment.settle()
from tests.benchmarks import orchestration
orchestration.one_turn(plain=sys.argv[1] == "plain")
"""


# ── in a process of its own ───────────────────────────────────────────────────────────────────────────────────────
def one_turn(*, plain: bool) -> None:
    """Do the turn that waits, warm, and print its seconds and the number of its tasks."""
    from flows import continuous_training as flows
    from tasks.adapters import helper, home
    from tasks.ingestion.steps import arrivals
    from tasks.lineage.steps import helper_jobs

    hands = home.current()
    waiting = arrivals.look(hands, "flights").deliveries
    with _counted() as calls, _plain() if plain else _as_it_is(), hands.ledger.lease.held("flights"):
        _warm(hands, flows)
        with helper.open_stage(hands.folder, hands.ledger_url, helper_jobs.warm):
            calls.clear()
            began = time.perf_counter()
            flows.turn("flights", waiting[-1])
            seconds = time.perf_counter() - began
        told = {"seconds": seconds, "tasks": len(calls), "each": 0.0 if plain else _one_task()}
    print(json.dumps(told))


def _one_task() -> float:
    """Seconds that a task costs which does nothing, of two hundred in a flow."""
    from prefect import flow, task

    @task
    def nothing() -> None:
        """Do nothing."""

    @flow
    def many(times: int) -> float:
        began = time.perf_counter()
        for _ in range(times):
            nothing()
        return (time.perf_counter() - began) / times

    return many(200)


def _warm(hands: Any, flows: Any) -> None:
    """The first of the two turns that wait pays for imports and connections."""
    from tasks.ingestion.steps import arrivals

    flows.turn("flights", arrivals.look(hands, "flights").deliveries[0])
    hands.forget()


@contextmanager
def _as_it_is() -> Iterator[None]:
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


@contextmanager
def _counted() -> Iterator[list[str]]:
    """Names of the tasks that are called in the block."""
    from prefect import Task

    calls: list[str] = []
    real = Task.__call__

    def counting(task: Any, *given: Any, **named: Any) -> Any:
        calls.append(task.name)
        return real(task, *given, **named)

    Task.__call__ = counting
    try:
        yield calls
    finally:
        Task.__call__ = real


@contextmanager
def _plain() -> Iterator[None]:
    """Flows and tasks as the functions that they are made of."""
    from prefect import Flow, Task

    calling = Task.__call__
    flow_call = Flow.__call__

    def plainly(one: Any, *given: Any, **named: Any) -> Any:
        return one.fn(*given, **named)

    Task.__call__, Flow.__call__ = plainly, plainly
    try:
        yield
    finally:
        Task.__call__, Flow.__call__ = calling, flow_call


# ── what is measured ──────────────────────────────────────────────────────────────────────────────────────────────
def overhead(work: Path, rounds: int) -> None:
    """A turn with a running server, and as plain functions, one after the other, interleaved."""
    home = _two_wait(work)
    found: dict[str, list[dict[str, float]]] = {"prefect": [], "plain": []}
    with _server(work) as url:
        for _ in range(rounds):
            for how, told in found.items():
                copy = work / "copy"
                shutil.rmtree(copy, ignore_errors=True)
                homes.copied(home, copy)
                variables = {"INCUMBENT_HOME": str(copy), "PREFECT_API_URL": url}
                told.append(json.loads(_python("-c", ONE_TURN, how, **variables)))
    seconds = {how: statistics.median(one["seconds"] for one in told) for how, told in found.items()}
    tasks, each = (statistics.median(one[name] for one in found["prefect"]) for name in ("tasks", "each"))
    more = seconds["prefect"] - seconds["plain"]
    print(
        f"overhead: {seconds['prefect']:.2f} s with a server, {seconds['plain']:.2f} s as plain functions: "
        f"{more:.2f} s a turn of {tasks:.0f} tasks (at most 1.0), {1000 * each:.1f} ms a task (at most 15)"
    )


def events(work: Path, rounds: int) -> None:
    """Ten events a round, each after the run of the one before: event to run running, by its own times."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterStartTime
    from prefect.client.schemas.sorting import FlowRunSort
    from prefect.events import emit_event
    from prefect.settings import PREFECT_API_URL, temporary_settings

    waits: list[float] = []
    with (
        _tree(work / "two-done") as url,
        temporary_settings({PREFECT_API_URL: url}),
        get_client(sync_client=True) as client,
    ):
        for _ in range(10 * rounds):
            event = emit_event("incumbent.drift.detected", {"prefect.resource.id": "incumbent.pipeline.flights"})
            assert event is not None
            later = FlowRunFilter(start_time=FlowRunFilterStartTime(after_=event.occurred))
            while True:
                found = client.read_flow_runs(flow_run_filter=later, sort=FlowRunSort.START_TIME_ASC, limit=20)
                runs = [run for run in found if run.parameters.get("key") == f"event:{event.id}"]
                if runs and runs[0].end_time:
                    break
                time.sleep(0.1)
            waits.append((runs[0].start_time - event.occurred).total_seconds())  # type: ignore[operator]
    print(
        f"events: event to running, {len(waits)} times: median {statistics.median(waits):.1f} s (at most 6), "
        f"longest {max(waits):.1f} s (at most 10)"
    )


@contextmanager
def _tree(home: Path) -> Iterator[str]:
    """A running `make up` on a home; gives the address of its API."""
    from tasks.adapters.prefect import running_server

    (home / "landing" / "flights").mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "deployments.up", "--end-with-parent"]
    variables = {**os.environ, "INCUMBENT_HOME": str(home)}
    with subprocess.Popen(
        command, cwd=environment.CHECKOUT, env=variables, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                if line.startswith("All is up"):
                    break
            server = running_server.find(home)
            assert server is not None
            yield server.url
        finally:
            process.terminate()
            process.wait(60)


def burst(work: Path, rounds: int) -> None:
    """Four triggers for one batch from three processes within a second lead to one turn that lists four."""
    home = _two_wait(work)
    for _ in range(rounds):
        copy = work / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        homes.copied(home, copy)
        last = sorted((copy / "landing" / "flights").glob("*.parquet"))[-1]
        last.unlink()
        with _server(work) as url:
            variables = {"INCUMBENT_HOME": str(copy), "PREFECT_API_URL": url}
            began = time.perf_counter()
            ready = work / "go"
            ready.unlink(missing_ok=True)
            running = [
                _start(BURST, kinds, str(ready), **variables) for kinds in ("drift", "performance,schedule", "manual")
            ]
            for process in running:
                assert process.stdout is not None
                process.stdout.readline()
            ready.touch()
            for process in running:
                process.communicate(timeout=300)
        with closing(sqlite3.connect(copy / "ledger.db")) as ledger:
            turn = ledger.execute("select max(number) from turns").fetchone()[0]
            kinds = [kind for (kind,) in ledger.execute("select kind from triggers where turn = ?", (turn,))]
            query = "select min(at), max(at) from triggers where turn = ? and key like '%:burst'"
            spread = ledger.execute(query, (turn,)).fetchone()
            left = ledger.execute("select count(*) from triggers where state = 'open'").fetchone()[0]
        print(
            f"burst: one turn ({turn}) lists {len(kinds)} triggers ({', '.join(sorted(kinds))}), {left} left open, "
            f"recorded from {spread[0][17:23]} to {spread[1][17:23]}, all done after {time.perf_counter() - began:.1f} s"
        )


def storm(work: Path, rounds: int) -> None:
    """Three hundred triggers, thirty of them with a batch; runs are killed at random until none is open any more."""
    import random

    import pandas as pd

    from tasks.adapters.ledger.book import Ledger
    from tests import shop

    home, pipelines, source = work / "storm", work / "storm-pipelines", random.Random(300)
    shutil.rmtree(home, ignore_errors=True)
    (home / "landing" / "shop").mkdir(parents=True)
    shop.write_pipeline(pipelines)
    ledger = Ledger(f"sqlite:///{home / 'ledger.db'}", home / ".ledger.lock", lambda: datetime.now(UTC))
    left, weeks, kills, runs = [f"{kind}:{n}" for n in range(54) for kind in KINDS], list(range(1, 31)), 0, 0
    with _server(work) as url:
        variables = {"INCUMBENT_HOME": str(home), "INCUMBENT_PIPELINES": str(pipelines), "PREFECT_API_URL": url}
        while left or weeks or ledger.inbox.open("shop") or _unfinished(ledger):
            for key in [left.pop() for _ in range(min(27, len(left)))]:
                ledger.inbox.record("shop", key.partition(":")[0], key, "for the storm")
            for week in [weeks.pop(0) for _ in range(min(3, len(weeks)))]:
                frame: pd.DataFrame = shop.week(week)
                frame.to_parquet(home / f"{week:02}.tmp")
                (home / f"{week:02}.tmp").rename(home / "landing" / "shop" / f"week-{week:02}.parquet")
            process, runs = _start(STORM, **variables), runs + 1
            try:
                process.communicate(timeout=source.uniform(3, 12) if kills < 20 else 600)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                kills += 1
    with closing(sqlite3.connect(home / "ledger.db")) as connection:
        states = dict(connection.execute("select state, count(*) from triggers group by state"))
        double = connection.execute("select count(*) from (select 1 from models group by id having count(*) > 1)")
        turns, outcomes = connection.execute("select count(*), count(distinct batch) from turns").fetchone()
        told = (states, turns, outcomes, double.fetchone()[0])
    with closing(sqlite3.connect(home / "mlflow" / "mlflow.db")) as connection:
        again = connection.execute(
            "select count(*) from (select value from tags join runs using (run_uuid) where key = 'incumbent.model' "
            "and status = 'FINISHED' group by value having count(*) > 1)"
        ).fetchone()[0]
    print(
        f"storm: {sum(told[0].values())} triggers end as {told[0]} in {runs} runs, {kills} of them killed; "
        f"{told[1]} turns for {told[2]} batches, {told[3]} models twice in the ledger, {again} twice in MLflow"
    )
    ledger.close()


def _unfinished(ledger: Any) -> bool:
    return any(row["state"] != "done" for row in ledger.turns.all("shop"))


KINDS = ("manual", "schedule", "new_data", "drift", "performance")
STORM = """
from configs import environment
environment.settle()
from flows.continuous_training import continuous_training
continuous_training("shop", "schedule", "for the storm", "storm")
"""
BURST = """
import sys, time
from pathlib import Path
from configs import environment
environment.settle()
from flows.continuous_training import continuous_training
from tasks.adapters import home
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    time.sleep(0.005)
for kind in sys.argv[1].split(","):
    home.current().ledger.inbox.record("flights", kind, f"{kind}:burst", "for the benchmark")
continuous_training("flights", kind, "for the benchmark", f"{kind}:burst")
"""


def _two_wait(work: Path) -> Path:
    """A home in which three turns are done and two months wait."""
    home = work / "two"
    if not home.exists():
        run("-m", "flows.run", "prepare", home=home)
        landing, aside = home / "landing" / "flights", work / "aside"
        aside.mkdir(exist_ok=True)
        months = sorted(landing.glob("*.parquet"))
        for month in months[3:]:
            shutil.move(month, aside / month.name)
        run("-m", "flows.run", "--quiet", home=home)
        for month in months[3:5]:
            shutil.move(aside / month.name, landing / month.name)
    return home


@contextmanager
def _server(work: Path) -> Iterator[str]:
    """A Prefect server on loopback, as `make up` starts it."""
    from tasks.adapters.prefect import local_api

    api = local_api.start(work / "server")
    try:
        api.wait()
        os.environ["PREFECT_API_AUTH_STRING"] = api.auth or ""
        yield api.url
    finally:
        os.environ.pop("PREFECT_API_AUTH_STRING", None)
        api.stop()


def _start(*arguments: str, **variables: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", *arguments],
        cwd=environment.CHECKOUT,
        env={**os.environ, "PREFECT_LOGGING_LEVEL": "WARNING", **variables},
        stdout=subprocess.PIPE,
        text=True,
    )


def _python(*arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=environment.CHECKOUT,
        env={**os.environ, "PREFECT_LOGGING_LEVEL": "WARNING", **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


FIGURES: dict[str, Callable[[Path, int], None]] = {
    "events": events,
    "overhead": overhead,
    "burst": burst,
    "storm": storm,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--only", nargs="+", choices=FIGURES, default=list(FIGURES))
    chosen = parser.parse_args()
    environment.settle()
    with tempfile.TemporaryDirectory() as folder:
        work = chosen.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        for name in chosen.only:
            FIGURES[name](work, chosen.rounds)


if __name__ == "__main__":
    main()
