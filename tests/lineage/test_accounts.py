"""What differs, in words: short where little does, and nothing that is not so."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from configs import loader
from tasks.adapters.home import Home
from tasks.lineage import accounts, differences
from tasks.lineage.differences import Frame
from tasks.lineage.origins import Origins, SettingChange
from tasks.reporting.account_page import Section
from tests import shop


@pytest.fixture
def home(shop_home: Home) -> Home:
    return shop_home


def told(was: pd.DataFrame, now: pd.DataFrame, looked_at: int | None = 2, **matters: float) -> dict[str, Section]:
    sides = [Frame(side, side["at"], side["sold"].to_numpy(dtype=float, na_value=np.nan)) for side in (was, now)]
    measured = differences.measure(*sides, ["at", "shop"], matters)
    return {part.name: part for part in accounts.of_rows(measured, ("v1", "v2"), looked_at, loader.load("shop"))}


@pytest.mark.usefixtures("home")
def test_rows_are_counted_and_placed() -> None:
    week = shop.week(1)
    changed = week.assign(price=week["price"].mask(week.index.isin([0, 1]), 9.0)).iloc[:-48]

    rows = told(week, changed)["rows"]

    assert rows.sentences == (
        "288 rows, was 336: 286 the same, 0 added, 48 gone, 2 changed. Changed in price (2).",
        "What came, went or changed lies in 2 of 7 days.",
    )
    assert [line[0] for line in rows.table] == ["day", "2013-01-07", "2013-01-13"]
    assert [line[3:6] for line in rows.table[1:]] == [("0", "0", "2"), ("0", "48", "0")]


@pytest.mark.usefixtures("home")
def test_days_on_which_the_same_happened_are_one_line_with_their_label_rate() -> None:
    week, later = shop.week(1), shop.week(2)

    rows = told(week, later)["rows"]

    first, second = rows.table[1:]
    assert first == ("2013-01-07 to 2013-01-13", "0", "336", "0", "336", "0", "–", first[-1])
    assert second[0] == "2013-01-14 to 2013-01-20"
    assert first[-1] == told(week, later)["label"].sentences[0].split("was ")[1].rstrip(".")


@pytest.mark.usefixtures("home")
def test_what_differs_is_drawn_and_it_is_said_which_side_is_which() -> None:
    week = shop.week(1)

    parts = told(week, week.assign(price=week["price"] + 1).iloc[:-48])

    ((name, _, chart),) = parts["rows"].pictures
    assert (name, chart.label) == ("per day", "Rows over time on both sides")
    assert "price" in [name for name, _, _ in parts["columns"].pictures]
    assert parts["columns"].reading == "Grey: v1. Line: v2."


@pytest.mark.usefixtures("home")
def test_where_nothing_differs_little_is_said() -> None:
    week = shop.week(1)

    parts = told(week, week, None)

    assert parts["rows"].sentences[1] == "No row came, went or changed."
    assert (
        parts["columns"]
        .sentences[0]
        .startswith("0 of 8 differ by more than chance, by distance (no model has been looked at yet")
    )
    assert (parts["columns"].table, "schema" in parts) == ((), False)


@pytest.mark.usefixtures("home")
def test_what_chance_does_is_not_told() -> None:
    columns = told(shop.week(1), shop.week(2))["columns"]

    assert columns.sentences[0].startswith("0 of 8 differ by more than chance, ")


@pytest.mark.usefixtures("home")
def test_a_column_tells_what_differs_and_from_when_it_comes() -> None:
    week = shop.week(1)
    storm = week["at"].dt.day == 10
    other = week.assign(price=week["price"].mask(storm, 0.0), shop=week["shop"].mask(storm, "d"))

    table = {line[0]: line[1:] for line in told(week, other, price=0.5, shop=0.1)["columns"].table}

    assert (table["price"][0], table["shop"][0]) == ("100\u202f%", "20\u202f%")
    assert "14\u202f% zero, was 0\u202f%" in table["price"][2]
    assert table["price"][2].endswith("of it from 2013-01-10, 14\u202f% of the rows")
    assert "new: 'd'" in table["shop"][2]


def test_what_models_are_made_with_is_told_as_far_as_it_is_known(shop_versions: Home) -> None:
    was, now = shop_versions.ledger.models.versions("shop").values()
    same = Origins((was, now), (), (), (), (), ())
    other = replace(now, seed=6, code_version="abcdef012345", lock_hash="1" * 64)
    changed = SettingChange("training.seed", "5", "6")
    libraries = (SettingChange("numpy", "2.4", "2.5"),)

    plain = {part.name: part.sentences for part in accounts.of_origins(same)}
    full = {
        part.name: part.sentences
        for part in accounts.of_origins(
            Origins((was, other), (changed,), ("abc one",), ("def two",), ("+x",), libraries)
        )
    }
    lost = {
        part.name: part.sentences for part in accounts.of_origins(Origins((was, other), None, None, None, (), None))
    }

    assert plain["settings"] == (
        "Family logistic_regression, was hist_gradient_boosting.",
        "The settings of the pipeline are the same.",
    )
    assert plain["libraries"] == ("Fitted with the same ones.",)
    assert full["settings"][1:] == ("Seed 6, was 5.", "training.seed: 6, was 5.")
    assert full["code"][1:] == ("since: abc one", "no longer: def two")
    assert full["libraries"] == ("numpy: 2.5, was 2.4",)
    assert "cannot be told" in lost["settings"][-1] + lost["code"][-1]
    assert "cannot be told" in lost["libraries"][0]
