"""Deliveries of labels: each label is new, was there already, contradicts another one, is unusable or not known yet."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from configs import label_source
from configs.errors import BrokenContract
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.validation import label_rows
from tests import late_labels as world
from tests import shop

NOW = datetime(2013, 6, 1, tzinfo=UTC)
KEY = ("at", "shop")


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PipelineSettings:
    """Those by which labels are read."""
    shop.write_pipeline(tmp_path / "pipelines", text=world.YAML)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    home = Home(tmp_path / "home")
    found = home.settings(label_source.named("shop"))
    home.close()
    return found


def some(*changes: dict[str, Any]) -> pd.DataFrame:
    """The first labels of a month, one more for each change, which are those of the first row but for that."""
    labels = world.labels(1)[:60]
    return pd.concat([labels, *(labels[:1].assign(**change) for change in changes)], ignore_index=True)


def sorted_out(frame: pd.DataFrame, settings: PipelineSettings, *before: pd.DataFrame) -> label_rows.SortedLabels:
    earlier = label_rows.remembered(before, KEY, "kept")
    return label_rows.sort_out(frame, earlier, KEY, settings, NOW)


def counts(found: label_rows.SortedLabels) -> tuple[int, ...]:
    one = found.counts
    assert one.landed == one.taken + one.repeated + one.contradicting + one.unusable + one.empty
    assert (len(found.taken), len(found.aside)) == (one.taken, one.landed - one.taken)
    return one.taken, one.repeated, one.contradicting, one.unusable, one.empty


def test_labels_that_are_new_are_taken(settings: PipelineSettings) -> None:
    assert counts(sorted_out(some(), settings)) == (60, 0, 0, 0, 0)


def test_the_same_label_twice_is_taken_once_with_its_earliest_time(settings: PipelineSettings) -> None:
    earlier = world.labels(1)["known"].iloc[0] - pd.Timedelta(days=1)

    found = sorted_out(some({"known": earlier}), settings)

    assert counts(found) == (60, 1, 0, 0, 0)
    assert found.taken["known"].min() == earlier
    assert set(found.aside["_reasons"]) == {"this label was there before"}


def test_two_labels_of_one_key_are_both_set_aside(settings: PipelineSettings) -> None:
    other = not world.labels(1)["kept"].iloc[0]

    found = sorted_out(some({"kept": other}), settings)

    assert counts(found) == (59, 0, 2, 0, 0)
    assert set(found.aside["_reasons"]) == {"this key has two labels in one delivery"}


def test_a_label_of_a_delivery_before_is_there_already(settings: PipelineSettings) -> None:
    assert counts(sorted_out(some(), settings, some()[:40])) == (20, 40, 0, 0, 0)


def test_the_newest_of_the_labels_before_is_the_one_that_counts(settings: PipelineSettings) -> None:
    first, corrected = some()[:1], some()[:1].assign(kept=lambda one: ~one["kept"])

    assert counts(sorted_out(first, settings, first)) == (0, 1, 0, 0, 0)
    assert counts(sorted_out(first, settings, first, corrected)) == (1, 0, 0, 0, 0)


def test_a_row_without_a_label_is_not_known_yet(settings: PipelineSettings) -> None:
    found = sorted_out(some().assign(kept=lambda one: one["kept"].mask(one.index < 50)), settings)

    assert counts(found) == (10, 0, 0, 0, 50)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"known": pd.DatetimeIndex([pd.NaT], tz="UTC")}, "known: not missing"),
        ({"shop": None}, "shop: not missing"),
        ({"known": pd.Timestamp("2013-06-03", tz="UTC")}, "known: no later than the delivery"),
    ],
    ids=["no time", "no key", "a time that is yet to come"],
)
def test_what_cannot_be_used_says_why(change: dict[str, Any], reason: str, settings: PipelineSettings) -> None:
    found = sorted_out(some(change), settings)

    assert counts(found) == (60, 0, 0, 1, 0)
    assert found.aside["_reasons"].iloc[0].startswith(reason)


def test_a_delivery_of_which_most_cannot_be_used_is_refused(settings: PipelineSettings) -> None:
    with pytest.raises(BrokenContract, match="60 of 60 rows break the contract"):
        sorted_out(some().assign(known=lambda one: one["known"].mask(one.index >= 0)), settings)
