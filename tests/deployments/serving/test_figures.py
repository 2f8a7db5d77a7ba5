"""Whoever is asked for figures tells those of all processes: a scrape reaches only one of them."""

import os
import re
import time
from pathlib import Path

import pytest

from deployments.serving.figures import Figures
from deployments.serving.siblings import Siblings
from deployments.serving.standing import Standing


class Log:
    """Has dropped so many rows."""

    def __init__(self, dropped: int) -> None:
        self.dropped = dropped


FOLLOWED = {"shop": Standing("shop", None, out="v2 stays out")}


def process(folder: Path, number: int) -> tuple[Figures, Siblings]:
    others = Siblings(folder, number)
    return Figures(number, Log(number), others), others  # type: ignore[arg-type]


def told(figures: Figures, name: str) -> dict[str, float]:
    """A figure by its labels."""
    return {
        labels: float(value)
        for labels, value in re.findall(rf"^{name}{{(.*)}} (\S+)$", figures.text(FOLLOWED).decode(), re.M)
    }


def test_the_figures_of_all_processes_are_told_by_each(tmp_path: Path) -> None:
    (one, of_one), (other, of_other) = process(tmp_path, 0), process(tmp_path, 1)
    one.count("shop", 200, 3, 1, 0.001)
    other.count("shop", 200, 1, 0, 0.001)
    other.count("shop", 400, 0, 0, 0.3)

    assert told(one, "incumbent_rows_total") == {'pipeline="shop",process="0"': 3.0}, (
        "the other has written nothing yet"
    )
    for figures, others in ((one, of_one), (other, of_other)):
        others.write(figures._counted(FOLLOWED))

    for figures in (one, other):
        assert told(figures, "incumbent_rows_total") == {
            'pipeline="shop",process="0"': 3.0,
            'pipeline="shop",process="1"': 1.0,
        }
        assert told(figures, "incumbent_requests_total") == {
            'pipeline="shop",process="0",status="200"': 1.0,
            'pipeline="shop",process="1",status="200"': 1.0,
            'pipeline="shop",process="1",status="400"': 1.0,
        }
        assert told(figures, "incumbent_dropped_rows_total") == {'process="0"': 0.0, 'process="1"': 1.0}
        assert told(figures, "incumbent_version_out") == {
            'pipeline="shop",process="0"': 1.0,
            'pipeline="shop",process="1"': 1.0,
        }
    one.count("shop", 200, 3, 1, 0.001)
    assert told(one, "incumbent_rows_total")['pipeline="shop",process="0"'] == 6.0, "its own are those of now"


def test_who_has_ended_and_who_is_of_another_service_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, _), (other, of_other) = process(tmp_path, 0), process(tmp_path, 1)
    of_other.write(other._counted(FOLLOWED))
    monkeypatch.setattr(os, "getppid", lambda: 1)
    (stranger, of_stranger) = process(tmp_path, 0)
    of_stranger.write(stranger._counted(FOLLOWED))

    assert len(told(one, "incumbent_rows_total")) == 2
    of_other.close()
    assert len(told(one, "incumbent_rows_total")) == 1


def test_what_a_killed_service_has_left_goes_after_a_day(tmp_path: Path) -> None:
    _, of_dead = process(tmp_path, 0)
    of_dead.write({})
    (left,) = tmp_path.iterdir()
    os.utime(left, (time.time() - 90_000,) * 2)

    process(tmp_path, 1)

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    (one, _), (other, of_other) = process(tmp_path, 0), process(tmp_path, 1)
    other.count("shop", 200, 1, 0, 0.001)
    of_other.write(other._counted(FOLLOWED))
    tmp_path.chmod(0o500) if os.getuid() else (tmp_path / of_other._path.with_suffix(".new").name).mkdir()

    of_other.write(other._counted(FOLLOWED))

    assert told(one, "incumbent_rows_total")['pipeline="shop",process="1"'] == 1.0
