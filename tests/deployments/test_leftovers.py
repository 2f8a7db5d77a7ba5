"""What a dead tree left open on a server, and what becomes of it."""

import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from configs import environment
from deployments import leftovers, rest
from tasks.adapters.home import Home
from tasks.adapters.prefect import local_api, orchestration
from tasks.adapters.processes import identity
from tests.fixtures_server import wait_until

Open = Callable[..., str]


@pytest.fixture
def flow(prefect_server: str) -> str:
    return str(rest.call(prefect_server, "POST", "/flows/", {"name": "left-open"})["id"])


@pytest.fixture
def left(prefect_server: str, flow: str) -> Iterator[Open]:
    """Makes a run in a state: `left("RUNNING", infrastructure_pid="12")`."""
    body = {"name": "left", "flow_id": flow, "tags": ["incumbent"]}
    deployment = rest.call(prefect_server, "POST", "/deployments/", body)["id"]

    def make(kind: str, run: dict[str, Any] | None = None, **more: str) -> str:
        asked = {"state": {"type": "SCHEDULED", "name": "Scheduled"}, "tags": ["incumbent"], **(run or {})}
        made = rest.call(prefect_server, "POST", f"/deployments/{deployment}/create_flow_run", asked)["id"]
        state = {"state": {"type": kind, "name": kind.capitalize()}, "force": True}
        if kind != "SCHEDULED":
            rest.call(prefect_server, "POST", f"/flow_runs/{made}/set_state", state)
        if more:
            rest.call(prefect_server, "PATCH", f"/flow_runs/{made}", more)
        return str(made)

    yield make
    rest.call(prefect_server, "DELETE", f"/flows/{flow}")


@pytest.fixture
def sleeper() -> Iterator[Callable[[str], int]]:
    """A process that looks like that of a flow run."""
    started: list[subprocess.Popen[bytes]] = []

    def start(run: str) -> int:
        variables = {**os.environ, "PREFECT__FLOW_RUN_ID": run}
        command = [sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"]
        process = subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        started.append(process)
        return process.pid

    yield start
    for process in started:
        process.kill()
        process.communicate()


def state(url: str, run: str) -> dict[str, Any]:
    found: dict[str, Any] = rest.call(url, "GET", f"/flow_runs/{run}")["state"]
    return found


def test_a_run_whose_process_is_gone_is_closed_with_a_word(prefect_server: str, left: Open) -> None:
    run = left("RUNNING", infrastructure_pid="999999999")

    closed = leftovers.close(prefect_server, "It was killed.")

    assert closed == 1
    assert (state(prefect_server, run)["type"], state(prefect_server, run)["message"]) == ("CRASHED", "It was killed.")


def test_a_run_that_goes_on_is_left_alone_and_a_number_that_was_given_again_is_not(
    prefect_server: str, left: Open, sleeper: Callable[[str], int]
) -> None:
    goes_on, is_gone = left("RUNNING"), left("RUNNING")
    for run, process in ((goes_on, sleeper(goes_on)), (is_gone, sleeper("somebody else"))):
        rest.call(prefect_server, "PATCH", f"/flow_runs/{run}", {"infrastructure_pid": str(process)})

    leftovers.close(prefect_server, "It was killed.")

    assert state(prefect_server, goes_on)["type"] == "RUNNING"
    assert state(prefect_server, is_gone)["type"] == "CRASHED"


@pytest.mark.parametrize(("place", "lives"), [("another container", True), (identity.here(), False)])
def test_a_run_of_another_container_that_holds_a_lease_lives(
    place: str, lives: bool, prefect_server: str, left: Open, new_home: Callable[..., Path]
) -> None:
    """Its number is that of no process here; the ledger knows where it counts."""
    folder, run = new_home(), left("RUNNING", infrastructure_pid="999999999")
    holder = f"process 999999999 on {socket.gethostname()} since 1 in {place.replace(' ', '-')}"
    with closing(Home(folder)) as home, home.ledger.lease.held("flights", run):
        with closing(sqlite3.connect(folder / "ledger.db")) as ledger, ledger:
            ledger.execute("update leases set holder = ?", (holder,))
        working = leftovers.at_work(folder, ["flights", "shop"])

    leftovers.close(prefect_server, "It was killed.", working)

    assert working == ({run} if lives else set())
    assert state(prefect_server, run)["type"] == ("RUNNING" if lives else "CRASHED")


def test_the_runs_within_a_run_are_closed_with_it(prefect_server: str, flow: str, left: Open) -> None:
    outer = left("RUNNING")
    task = {"flow_run_id": outer, "task_key": "inner", "dynamic_key": "0", "name": "inner"}
    parent = rest.call(prefect_server, "POST", "/task_runs/", task)["id"]
    running = {"type": "RUNNING", "name": "Running"}
    inner = {"flow_id": flow, "parent_task_run_id": parent, "state": running}
    within = rest.call(prefect_server, "POST", "/flow_runs/", inner)["id"]

    leftovers.close(prefect_server, "It was killed.")

    assert state(prefect_server, within)["type"] == "CRASHED"


def test_what_was_asked_for_and_had_not_begun_is_asked_for_again_once(prefect_server: str, left: Open) -> None:
    run = left("PENDING", {"parameters": {"reason": "drift"}})
    deployment = rest.call(prefect_server, "GET", f"/flow_runs/{run}")["deployment_id"]

    early = leftovers.close(prefect_server, "It was killed.")
    closed = leftovers.close(prefect_server, "It was killed.", at_once=True)
    again = leftovers.close(prefect_server, "It was killed.", at_once=True)

    found = list(rest.flow_runs(prefect_server, {"deployment_id": {"any_": [deployment]}}))
    assert (early, closed, again) == (0, 1, 0)
    assert sorted(one["state_type"] for one in found) == ["CRASHED", "SCHEDULED"]
    assert [one["parameters"] for one in found] == [{"reason": "drift"}] * 2


def test_what_belongs_to_somebody_else_is_left_alone(prefect_server: str, flow: str, left: Open) -> None:
    running = {"type": "RUNNING", "name": "Running"}
    typed = rest.call(prefect_server, "POST", "/flow_runs/", {"flow_id": flow, "state": running, "tags": ["incumbent"]})

    closed = leftovers.close(prefect_server, "It was killed.")

    assert closed == 0
    assert state(prefect_server, typed["id"])["type"] == "RUNNING"


def test_of_the_ticks_that_were_missed_one_is_kept(prefect_server: str, flow: str) -> None:
    now = datetime.now(UTC)
    schedule = {"interval": 3600.0, "anchor_date": (now - timedelta(minutes=90)).isoformat()}
    body = {"name": "by-the-clock", "flow_id": flow, "tags": ["incumbent"], "schedules": [{"schedule": schedule}]}
    deployment = rest.call(prefect_server, "POST", "/deployments/", body)["id"]
    start, end = (now - timedelta(hours=5)).isoformat(), now.isoformat()
    rest.call(prefect_server, "POST", f"/deployments/{deployment}/schedule", {"start_time": start, "end_time": end})
    ours = {"deployment_id": {"any_": [deployment]}, "next_scheduled_start_time": {"before_": end}}
    wait_until(lambda: list(rest.flow_runs(prefect_server, ours)))
    late = list(rest.flow_runs(prefect_server, ours))

    skipped = leftovers.skip_missed(prefect_server)

    left = list(rest.flow_runs(prefect_server, {"deployment_id": {"any_": [deployment]}}))
    due = [run for run in left if run["state_type"] == "SCHEDULED" and run["next_scheduled_start_time"] < end]
    assert len(late) > 1
    assert skipped == len(late) - 1
    assert [run["id"] for run in due] == [max(late, key=lambda run: str(run["next_scheduled_start_time"]))["id"]]
    rest.call(prefect_server, "DELETE", f"/deployments/{deployment}")


@pytest.mark.parametrize("way", ["poll", pytest.param("make up", marks=pytest.mark.long)])
def test_a_look_that_met_another_one_stands_in_no_list(way: str, prefect_server: str, flow: str) -> None:
    ours = {"flow_id": flow, "tags": ["incumbent", "flights"], "concurrency_limit": 1}
    body = {**ours, "name": "poll", "concurrency_options": {"collision_strategy": "CANCEL_NEW"}}
    deployment = rest.call(prefect_server, "POST", "/deployments/", body)["id"]
    runs = [
        rest.call(prefect_server, "POST", f"/deployments/{deployment}/create_flow_run", {})["id"] for _ in range(60)
    ]
    by_hand = runs.pop()
    cancelled = {"state": {"type": "CANCELLED", "name": "Cancelled", "message": "by a person"}, "force": True}
    rest.call(prefect_server, "POST", f"/flow_runs/{by_hand}/set_state", cancelled)
    for run in runs:
        pending = {"state": {"type": "PENDING", "name": "Pending"}}
        rest.call(prefect_server, "POST", f"/flow_runs/{run}/set_state", pending)
    before = [run["state_type"] for run in rest.flow_runs(prefect_server, {"deployment_id": {"any_": [deployment]}})]

    with local_api.connected(local_api.start(environment.read().home, prefect_server, environment.client_auth())):
        forget = leftovers.forget_turned_away if way == "make up" else orchestration.forget_turned_away
        forgotten = forget(prefect_server if way == "make up" else "flights")

    left = {run["id"] for run in rest.flow_runs(prefect_server, {"deployment_id": {"any_": [deployment]}})}
    rest.call(prefect_server, "DELETE", f"/deployments/{deployment}")
    assert sorted(before) == ["CANCELLED"] * 59 + ["PENDING"]
    assert forgotten == 58
    assert left == {runs[0], by_hand}
