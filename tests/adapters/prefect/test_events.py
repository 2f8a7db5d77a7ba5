"""Artifacts, names, last words and events, as the API of a real run has them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow, get_client, runtime, task
from prefect.client.schemas.objects import FlowRun
from prefect.events import Event
from prefect.events.filters import EventFilter, EventNameFilter, EventOccurredFilter
from prefect.events.worker import EventsWorker

from configs.environment import CHECKOUT
from tasks.adapters.prefect import events
from tasks.domain.runs import Ended

pytestmark = pytest.mark.usefixtures("prefect_api")


def shown(key: str) -> dict[str, Any]:
    """The latest version of an artifact."""
    with get_client(sync_client=True) as client:
        answer = client.request("GET", "/artifacts/{key}/latest", path_params={"key": key})
    found: dict[str, Any] = answer.json()
    return found


def test_a_note_belongs_to_the_task_that_wrote_it() -> None:
    @task
    def note() -> None:
        events.markdown("Flights: turn_1", "| a |\n|---|", "Verdict of turn 1")

    @flow
    def turn() -> None:
        note()

    turn()

    found = shown("flights-turn-1")
    assert (found["type"], found["data"], found["description"]) == ("markdown", "| a |\n|---|", "Verdict of turn 1")
    assert found["task_run_id"] is not None
    assert found["flow_run_id"] is not None


def test_a_note_of_a_flow_belongs_to_the_flow() -> None:
    @flow
    def turn() -> None:
        events.link("report", "file:///tmp/flights.html", "Report")

    turn()

    found = shown("report")
    assert found["data"] == "[Report](file:///tmp/flights.html)"
    assert (found["task_run_id"], found["flow_run_id"] is None) == (None, False)


def test_numbers_that_are_not_finite_are_empty_cells() -> None:
    @flow
    def turn() -> None:
        events.table("verdict", [{"model": "v1", "loss": float("nan")}, {"model": "v2", "loss": float("inf")}])

    turn()

    assert json.loads(shown("verdict")["data"]) == [{"model": "v1", "loss": None}, {"model": "v2", "loss": None}]


@pytest.mark.parametrize(("share", "percent"), [(0.5, 50.0), (1.7, 100.0), (-1.0, 0.0)])
def test_progress_moves_and_stays_within_its_bounds(share: float, percent: float) -> None:
    @flow
    def work() -> None:
        artifact = events.progress("catching-up", 0.25, "12 batches")
        assert shown("catching-up")["data"] == 25.0
        events.advance(artifact, share, "6 of 12 batches")

    work()

    assert (shown("catching-up")["data"], shown("catching-up")["description"]) == (percent, "6 of 12 batches")


def test_outside_a_run_nothing_is_shown_and_nothing_is_wrong() -> None:
    answers = [events.markdown("lone", "text"), events.progress("lone"), events.table("lone", [])]

    events.advance(answers[1], 1.0)

    assert answers == [None, None, None]


def test_an_artifact_that_the_server_refuses_costs_a_line_in_the_log_and_not_the_run(prefect_api: Path) -> None:
    @flow
    def turn() -> str:
        from uuid import uuid4

        events.advance(uuid4(), 0.5)
        return "done"

    answer = turn()

    assert answer == "done"
    assert "An artifact could not be shown" in (prefect_api / "prefect" / "client.log").read_text()


# ── events ────────────────────────────────────────────────────────────────────────────────────────────────────────
ARRIVED, DRIFTED = "incumbent.data.arrived", "incumbent.drift.detected"


def stored(name: str, since: datetime) -> list[Event]:
    """Events of that name as the server has them; they are stored a moment after they were sent."""
    wanted = EventFilter(occurred=EventOccurredFilter(since=since), event=EventNameFilter(name=[name]))
    EventsWorker.drain_all(timeout=10)
    deadline = time.monotonic() + 20
    with get_client(sync_client=True) as client:
        while not (found := client.read_events(wanted, limit=50).events) and time.monotonic() < deadline:
            time.sleep(0.05)
    return list(found)


def test_an_event_is_about_its_pipeline_and_carries_what_starts_a_run() -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)

    events.emit(ARRIVED, "shop", "2013-06 landed", "batch:abc")

    (found,) = stored(ARRIVED, before)
    assert found.resource.id == "incumbent.pipeline.shop"
    assert found.resource.name == "shop"
    assert found.payload == {"pipeline": "shop", "evidence": "2013-06 landed", "key": "batch:abc", "handled": False}


def test_what_a_turn_found_itself_is_about_the_turn_so_that_it_starts_no_other() -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)

    events.emit(DRIFTED, "shop", "5 of 16 columns moved", "drift:abc", turn=7)

    (found,) = stored(DRIFTED, before)
    assert found.resource.id == "incumbent.turn.shop.7"
    assert found.payload["handled"] is True
    assert "incumbent.pipeline.shop" in [one.id for one in found.related]


@pytest.mark.long
def test_an_event_that_gets_lost_is_no_fault_of_who_announces() -> None:
    code = f"from tasks.adapters.prefect import events; events.emit({ARRIVED!r}, 'shop', 'lost', 'batch:abc'); print('went on')"
    nobody = os.environ | {"PREFECT_API_URL": "http://127.0.0.1:9/api"}

    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=nobody, capture_output=True, text=True, timeout=60, check=True
    )

    assert ended.stdout == "went on\n"


# ── how a run ends ────────────────────────────────────────────────────────────────────────────────────────────────
TOLD = Ended("flights · 2013-06 · new data → keep shadowing", "Keep shadowing: evidence 8.9, needs 200.")


def run_of(ask: Callable[[], str]) -> FlowRun:
    with get_client(sync_client=True) as client:
        return client.read_flow_run(UUID(ask()))


def test_a_run_that_ends_has_its_last_name_and_word_and_gives_its_value() -> None:
    @flow(flow_run_name="before")
    def turn() -> str:
        return events.ended(TOLD, str(runtime.flow_run.id))

    run = run_of(turn)

    assert run.name == TOLD.name
    assert run.state is not None
    assert (run.state.name, run.state.message) == ("Completed", TOLD.message)


def test_a_run_in_a_run_has_a_name_of_its_own() -> None:
    inner: list[str] = []

    @flow
    def turn() -> tuple[int, str]:
        inner.append(str(runtime.flow_run.id))
        return events.ended(TOLD, (7, "keep_shadowing"))

    @flow
    def training() -> str:
        assert turn() == (7, "keep_shadowing")
        return events.ended(Ended("flights · schedule → nothing new", "Nothing new."), str(runtime.flow_run.id))

    outer = run_of(training)

    assert outer.name == "flights · schedule → nothing new"
    assert run_of(lambda: inner[0]).name == TOLD.name


def test_a_value_that_is_nothing_is_a_value() -> None:
    @flow
    def quiet() -> None:
        events.ended(TOLD, None)

    assert quiet() is None  # type: ignore[func-returns-value]


def test_outside_a_run_the_value_is_all_there_is() -> None:
    assert events.ended(TOLD, 42) == 42
