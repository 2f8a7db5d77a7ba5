"""Reports on loopback: the file that is there now, and nothing else."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from deployments import reports
from tasks.adapters.web import access
from tasks.adapters.web.door import Door

DOOR = Door(Path(), "me:mine", "")
SECRET = {"Authorization": access.basic("me:mine")}


def read(address: str, headers: dict[str, str] = SECRET) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(address, headers=headers)) as answer:
        return bytes(answer.read())


def test_a_program_gives_the_secret_or_gets_nothing(tmp_path: Path) -> None:
    statuses = []
    with reports.served(tmp_path, DOOR) as address:
        (tmp_path / "x.html").write_text("x")
        for headers in ({}, {"Authorization": access.basic("me:guess")}, {"Cookie": "incumbent=1.x"}):
            with pytest.raises(urllib.error.HTTPError) as refused:
                read(f"{address}/x.html", headers)
            statuses.append(refused.value.code)
            refused.value.close()
        known = read(f"{address}/x.html")

    assert statuses == [401, 401, 401]
    assert known == b"x"


def test_a_page_is_served_as_it_is_now_and_a_folder_is_not(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("not a report")
    folder = tmp_path / "reports"

    with reports.served(folder, DOOR) as address:
        (folder / "flights.html").write_text("one")
        first = read(f"{address}/flights.html")
        (folder / "flights.html").write_text("two")
        second = read(f"{address}/flights.html")
        refused = []
        for path in ("", "../secret.txt", "%2e%2e/secret.txt", "none.html"):
            with pytest.raises(urllib.error.HTTPError) as answer:
                read(f"{address}/{path}")
            refused.append(answer.value.code)
            answer.value.close()

    assert (first, second) == (b"one", b"two")
    assert refused == [404, 404, 404, 404]


def test_the_port_is_the_same_each_time_unless_it_is_taken(tmp_path: Path) -> None:
    with reports.served(tmp_path / "one", DOOR) as free:
        port = int(free.rpartition(":")[2])

    with (
        reports.served(tmp_path / "one", DOOR, port) as first,
        reports.served(tmp_path / "other", DOOR, port) as second,
    ):
        (tmp_path / "other" / "x.html").write_text("other")
        there = read(f"{second}/x.html")

    assert first == free
    assert second != free
    assert there == b"other"
