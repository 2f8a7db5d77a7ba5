"""No row is used before its label was known: label dates are moved, and what is learned from and judged follows."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.ingestion.sources import source_kinds
from tasks.training.steps import handles
from tasks.training.windows import Plan
from tasks.validation import batches
from tests import shop

MOVED = 40
"""Rows whose label date is moved."""
CUTOFF = shop.START + timedelta(weeks=2)


@pytest.fixture
def settings(shop_home: Home) -> PipelineSettings:
    return shop_home.settings("shop")


def dated(frame: pd.DataFrame, moment: pd.Timestamp | None) -> pd.DataFrame:
    """The same rows, but the first ones have labels that were known at another time."""
    settled = frame["settled"].copy()
    settled.iloc[:MOVED] = pd.NaT if moment is None else moment
    return frame.assign(settled=settled)


def learned(home: Home, frame: pd.DataFrame) -> tuple[int, int]:
    """Rows that a model learns from, and rows left out because something of them was not known at the cut-off."""
    batch = shop.take_in(home, "a", frame)
    found = handles.rows(home).select(Plan((batch,), None, CUTOFF), home.settings("shop"))
    assert found.rows == len(handles.rows(home).window(found, home.settings("shop")).outcomes)
    return found.rows, found.excluded_unknown


def test_a_row_is_not_learned_from_before_its_label_was_known(shop_home: Home):
    last = shop.week(1)["sold"].notna().sum()

    found = learned(shop_home, dated(shop.week(1), pd.Timestamp(CUTOFF)))

    assert found == (last - MOVED, MOVED)


def test_it_is_learned_from_as_soon_as_it_was_known(shop_home: Home):
    last = shop.week(1)["sold"].notna().sum()

    found = learned(shop_home, dated(shop.week(1), pd.Timestamp(CUTOFF - timedelta(microseconds=1))))

    assert found == (last, 0)


def test_a_label_of_which_nobody_knows_when_it_was_known_is_neither_learned_from_nor_judged(
    shop_home: Home, settings: PipelineSettings
):
    frame = dated(shop.week(1), None)
    all_labels = frame["sold"].notna().sum()

    found = learned(shop_home, frame)
    judged = handles.rows(shop_home).judged(shop_home.ledger.batches.accepted("shop")[0], None, settings)

    assert found == (all_labels - MOVED, MOVED)
    assert len(judged.outcomes) == all_labels - MOVED


def test_a_label_that_is_given_before_it_can_be_known_is_set_aside(settings: PipelineSettings):
    now = pd.Timestamp(shop.START + timedelta(weeks=1)).to_pydatetime()
    loose = settings.model_copy(update={"validation": settings.validation.model_copy(update={"max_quarantined": 0.5})})
    frame = dated(shop.week(1), pd.Timestamp(now + timedelta(days=2)))

    found = batches.sort_out(frame, [], loose, now)
    later = batches.sort_out(frame, [], loose, now + timedelta(days=2))

    assert len(found.aside) == MOVED
    assert found.aside["_reasons"].str.contains("it is given before it can be known").all()
    assert [finding.rule for finding in found.findings] == ["ahead"]
    assert (len(later.aside), later.findings) == (0, ())


def test_a_row_without_a_label_may_say_when_it_will_have_one(settings: PipelineSettings):
    now = pd.Timestamp(shop.START + timedelta(weeks=1)).to_pydatetime()
    frame = dated(shop.week(1), pd.Timestamp(now + timedelta(days=200)))
    frame = frame.assign(sold=frame["sold"].mask(pd.Series(range(len(frame))) < MOVED))

    assert batches.sort_out(frame, [], settings, now).findings == ()


# ── one file, cut by time ─────────────────────────────────────────────────────────────────────────────────────────
TEXT = """
title: Will it be sold?
ingestion:
  source: {kind: csv, file: sales.csv, cut: {days: 1}}
  derive: {at: {text: '{day}', format: '%Y-%m-%d'}, known: {text: '{settled}', format: '%Y-%m-%d'}}
  times: {event: at, label: known}
validation:
  columns: {at: {type: timestamp}, known: {type: timestamp}, shop: {type: category}, sold: {type: boolean}}
training: {label: sold, features: [shop], candidates: [{family: logistic_regression}]}
"""


@pytest.fixture
def sales(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], list[str]]]:
    """Cuts a file with one row, whose label was known on a day, on another day."""
    shop.write_pipeline(tmp_path / "pipelines", "sales", TEXT)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    homes: list[Home] = []

    def cut(settled: str, today: str) -> list[str]:
        (tmp_path / "sales.csv").write_text(f"day,settled,shop,sold\n2013-01-01,{settled},a,true\n")
        now = pd.Timestamp(today, tz="UTC").to_pydatetime()
        homes.append(Home(tmp_path / f"home-{len(homes)}", clock=lambda: now))
        return source_kinds.of(homes[-1], "sales").fetch()

    yield cut
    for home in homes:
        home.close()


def test_a_window_of_a_file_is_judged_only_when_its_labels_are_known(sales: Callable[[str, str], list[str]]):
    assert sales("2013-01-01", "2013-01-02") == ["2013-01-01"]
    assert sales("2013-02-01", "2013-01-31 23:59") == []
    assert sales("2013-02-01", "2013-02-01") == ["2013-01-01"]
