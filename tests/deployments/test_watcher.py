"""What is dropped into a landing folder starts a look at once."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from deployments import rest
from deployments.watcher import Watcher
from tests import folders


@pytest.fixture
def poll(prefect_server: str) -> Iterator[str]:
    """A deployment `poll/watched` that nobody works on; its id."""
    flow = rest.call(prefect_server, "POST", "/flows/", {"name": "poll"})["id"]
    deployment = rest.call(prefect_server, "POST", "/deployments/", {"name": "watched", "flow_id": flow})["id"]
    yield str(deployment)
    rest.call(prefect_server, "DELETE", f"/deployments/{deployment}")


def runs(url: str, deployment: str) -> list[dict[str, Any]]:
    return list(rest.flow_runs(url, {"deployment_id": {"any_": [deployment]}}))


def test_a_file_that_is_complete_starts_one_look(prefect_server: str, poll: str, tmp_path: Path) -> None:
    watcher = Watcher(prefect_server, {"watched": folders.of(tmp_path)})
    watcher.look()
    (tmp_path / "june.parquet").write_bytes(b"half")
    growing = watcher.look()
    (tmp_path / "june.parquet").write_bytes(b"half and half")

    looks = [watcher.look() for _ in range(3)]

    assert growing == []
    assert looks == [[], ["watched"], []]
    assert len(runs(prefect_server, poll)) == 1


def test_a_look_that_met_another_one_is_asked_for_again(prefect_server: str, poll: str, tmp_path: Path) -> None:
    watcher = Watcher(prefect_server, {"watched": folders.of(tmp_path)})
    (tmp_path / "june.parquet").write_bytes(b"all")
    watcher.look()
    watcher.look()
    turned_away = {"state": {"type": "CANCELLED", "name": "Cancelled"}, "force": True}
    rest.call(prefect_server, "POST", f"/flow_runs/{runs(prefect_server, poll)[0]['id']}/set_state", turned_away)

    looks = [watcher.look() for _ in range(2)]

    assert looks == [["watched"], []]
    assert len(runs(prefect_server, poll)) == 2


def test_it_waits_for_a_look_that_is_at_work(prefect_server: str, poll: str, tmp_path: Path) -> None:
    running = {"state": {"type": "RUNNING", "name": "Running"}, "force": True}
    other = rest.call(prefect_server, "POST", f"/deployments/{poll}/create_flow_run", {})["id"]
    rest.call(prefect_server, "POST", f"/flow_runs/{other}/set_state", running)
    watcher = Watcher(prefect_server, {"watched": folders.of(tmp_path)})
    (tmp_path / "june.parquet").write_bytes(b"all")

    meanwhile = [watcher.look() for _ in range(3)]
    ended = {"state": {"type": "COMPLETED", "name": "Completed"}, "force": True}
    rest.call(prefect_server, "POST", f"/flow_runs/{other}/set_state", ended)

    assert meanwhile == [[], [], []]
    assert watcher.look() == ["watched"]


def test_while_the_server_is_away_nothing_is_forgotten(prefect_server: str, poll: str, tmp_path: Path) -> None:
    watcher = Watcher("http://127.0.0.1:9/api", {"watched": folders.of(tmp_path)})
    (tmp_path / "june.parquet").write_bytes(b"all")
    away = [watcher.look() for _ in range(3)]

    watcher.url = prefect_server

    assert away == [[], [], []]
    assert watcher.look() == ["watched"]


def test_drafts_notes_and_a_folder_that_is_missing_start_nothing(
    prefect_server: str, poll: str, tmp_path: Path
) -> None:
    for name in (".june.parquet", "june.parquet.tmp", "_SUCCESS"):
        (tmp_path / name).write_bytes(b"draft")
    watcher = Watcher(prefect_server, {"watched": folders.of(tmp_path), "missing": folders.of(tmp_path / "missing")})

    looks = [watcher.look() for _ in range(3)]

    assert looks == [[], [], []]
    assert runs(prefect_server, poll) == []


def test_a_file_of_the_same_size_is_seen_by_its_time(prefect_server: str, poll: str, tmp_path: Path) -> None:
    (tmp_path / "june.parquet").write_bytes(b"one")
    watcher = Watcher(prefect_server, {"watched": folders.of(tmp_path)})
    before = [watcher.look() for _ in range(2)]
    cancelled = {"state": {"type": "COMPLETED", "name": "Completed"}, "force": True}
    rest.call(prefect_server, "POST", f"/flow_runs/{runs(prefect_server, poll)[0]['id']}/set_state", cancelled)

    os.utime(tmp_path / "june.parquet", (1, 1))

    assert before == [[], ["watched"]]
    assert [watcher.look() for _ in range(3)] == [[], ["watched"], []]
