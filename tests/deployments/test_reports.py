"""Reports on loopback: the file that is there now, and nothing else."""

import urllib.error
import urllib.request
from pathlib import Path

import pytest

from deployments import reports


def test_a_page_is_served_as_it_is_now_and_a_folder_is_not(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("not a report")
    folder = tmp_path / "reports"

    with reports.served(folder) as address:
        (folder / "flights.html").write_text("one")
        first = urllib.request.urlopen(f"{address}/flights.html").read()
        (folder / "flights.html").write_text("two")
        second = urllib.request.urlopen(f"{address}/flights.html").read()
        refused = []
        for path in ("", "../secret.txt", "%2e%2e/secret.txt", "none.html"):
            with pytest.raises(urllib.error.HTTPError) as answer:
                urllib.request.urlopen(f"{address}/{path}")
            refused.append(answer.value.code)
            answer.value.close()

    assert (first, second) == (b"one", b"two")
    assert refused == [404, 404, 404, 404]


def test_the_port_is_the_same_each_time_unless_it_is_taken(tmp_path: Path) -> None:
    with reports.served(tmp_path / "one") as free:
        port = int(free.rpartition(":")[2])

    with reports.served(tmp_path / "one", port) as first, reports.served(tmp_path / "other", port) as second:
        (tmp_path / "other" / "x.html").write_text("other")
        there = urllib.request.urlopen(f"{second}/x.html").read()

    assert first == free
    assert second != free
    assert there == b"other"
