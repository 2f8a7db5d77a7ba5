"""The door of promotion: when the evidence is carried on, and when it starts afresh."""

from pathlib import Path

import pytest

from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.domain.pools import Pool
from tasks.domain.turns import Evidence, TurnRef
from tasks.promotion import tasks as promotion
from tests import shop
from tests.reporting import pieces

WON = pieces.comparison(0.05, 0.03, 0.07, 1)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for a home and its pipeline file."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    return tmp_path


def weighed(place: Path, number: int, text: str) -> Evidence:
    """What another process finds out in a turn, with these settings: champion and comparison are always the same."""
    shop.write_pipeline(place / "pipelines", text=text)
    turn = TurnRef("shop", number, f"batch {number}", f"week {number}")
    with homes.use(Home(place / "home")):
        return promotion.weigh_evidence.fn(turn, Pool((), None), pieces.model(1, 1), pieces.model(2, 2), WON)


@pytest.mark.parametrize(
    ("old", "new", "carried"),
    [
        ("Will it be sold?", "Will anybody buy it?", True),
        ("evaluation:", "reporting: {outcome: bought}\nevaluation:", True),
        ("price: {type: number,", "price: {unit: euro, reason: as printed, type: number,", True),
        ("max_iter: 10", "max_iter: 11", False),
        ("min: 0", "min: 1", False),
    ],
)
def test_evidence_is_carried_on_unless_a_setting_that_decides_was_changed(
    place: Path, old: str, new: str, carried: bool
) -> None:
    first = weighed(place, 1, shop.YAML)

    second = weighed(place, 2, shop.YAML.replace(old, new))

    assert old in shop.YAML
    assert (second.value > first.value) == carried
