"""Artifacts, as the API of a real run has them."""

import json
from pathlib import Path
from typing import Any

import pytest
from prefect import flow, get_client, task

from tasks.adapters import events

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
