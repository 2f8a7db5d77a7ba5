"""Two versions side by side: how each has done while it was live or tried, and not what was measured besides."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.evaluation.steps import pairs
from tests.lineage import damages


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(lived_home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect", "mlflow", "reports"))
    opened = Home(tmp_path / "home")
    yield opened
    opened.close()


def judged(home: Home) -> list[list[str]]:
    pair = pairs.of(home, "flights", 2, 3)
    return [[name for name, _ in side.judged] for side in (pair.one, pair.other)]


def test_a_version_is_judged_as_challenger_and_while_it_is_live(home: Home) -> None:
    assert judged(home) == [["2013-02"], ["2013-02"]]


def test_the_first_champion_is_not_judged_on_batches_that_came_after_it_was_replaced(home: Home) -> None:
    damages.sql(home, "update turns set champion_version = 3 where number = 2")

    assert judged(home) == [[], ["2013-02"]]
