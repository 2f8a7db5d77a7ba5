"""Before the first turn: what the sources of labels and of tables hold, how they fit the rows, and what is wrong with them."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from tasks.adapters.home import Home
from tasks.drafting.steps import proposal, rehearsal
from tasks.drafting.steps.other_sources import Source
from tests import late_labels as world
from tests import shop

TABLE = "{kind: csv, folder: landing/prices}"
YAML = (
    world.YAML.replace("    gift:", "    market: {type: number, nullable: true}\n    gift:")
    + f"""
features:
  tables:
    prices: {{source: {TABLE}, key: {{store: shop}}, time: since, columns: {{market: price_there}}, at_most: 30 days}}
"""
)
LINES = pd.DataFrame(
    {"store": ["a", "a", "b", "b", "b"], "since": [0, 1, 0, 0, 7], "price_there": [1.0, 3.0, 4.0, 5.0, 6.0]}
)


def land(home: Home, folder: str, name: str, frame: pd.DataFrame) -> Path:
    there = home.folder / "landing" / folder
    there.mkdir(parents=True, exist_ok=True)
    frame.to_csv(there / f"{name}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    return there / f"{name}.csv"


def lines(frame: pd.DataFrame = LINES) -> pd.DataFrame:
    return frame.assign(since=shop.START + pd.to_timedelta(frame["since"], unit="D"))


@pytest.fixture
def home(shop_home: Home, tmp_path: Path) -> Home:
    """A month of sales, of which most have labels, and a table of prices."""
    shop.write_pipeline(tmp_path / "pipelines", text=YAML)
    world.land_rows(shop_home.folder, 1)
    labels = world.labels(1)
    twice = labels[:2].assign(kept=lambda one: ~one["kept"])
    world.land_labels(shop_home.folder, "returns-1", pd.concat([labels[:1200], twice]))
    world.land_labels(shop_home.folder, "returns-2", pd.concat([labels[1190:1250], world.labels(3)[:7]]))
    land(shop_home, "prices", "first", lines())
    return shop_home


def of(home: Home, setting: str) -> Source:
    (one,) = [one for one in rehearsal.rehearse(home, "shop").others if one.setting == setting]
    return one


def test_labels_are_counted_and_laid_beside_their_rows(home: Home) -> None:
    found = of(home, "ingestion.labels")

    assert found.wrong == []
    assert found.sentences == [
        "1,269 labels landed: 1,255 are new, 10 were there already, 4 contradict each other",
        "1,248 of 1,255 labels find their row; none is there for 2013-03-04 00:00:00 UTC b, 2013-03-04 00:30:00 UTC c, "
        "2013-03-04 01:00:00 UTC c",
        "96 of 1,344 rows have no label yet",
    ]


def test_lines_of_a_table_are_counted_and_keys_without_one_are_named(home: Home) -> None:
    found, sales = of(home, "features.tables.prices"), world.rows(1)

    own = sales["shop"].isin(["a", "b"]) & ~((sales["shop"] == "b") & (sales["at"] < shop.START + pd.Timedelta(days=7)))
    assert found.sentences == [
        "5 lines, 2 contradicting each other",
        f"{own.sum():,} of 1,344 rows get a line",
        f"no line at all has the key of {(sales['shop'] == 'c').sum():,} rows, such as c",
    ]


def test_what_a_table_says_is_under_the_contract(home: Home, tmp_path: Path) -> None:
    text, sales = YAML.replace("market: {type: number,", "market: {type: number, min: 2,"), world.rows(1)
    shop.write_pipeline(tmp_path / "pipelines", text=text)
    below = (sales["shop"] == "a") & (sales["at"] < shop.START + pd.Timedelta(days=1))

    (reason,) = rehearsal.rehearse(home, "shop").most()

    assert (reason.column, reason.demand, reason.rows) == ("market", "at least 2", below.sum())


@pytest.mark.parametrize(
    ("folder", "frame", "wrong"),
    [
        ("returns", world.labels(1).drop(columns="kept"), "odd would not be used: Column 'kept' is missing."),
        (
            "returns",
            world.labels(1).assign(kept="perhaps"),
            "odd would not be used: Column 'kept' must be true or false",
        ),
        ("prices", lines().drop(columns="since"), "odd would not be used: Column 'since' is missing."),
        ("prices", lines().assign(price_there="dear"), "odd would not be used: Column 'price_there' must be a number"),
    ],
)
def test_a_delivery_that_cannot_be_used_is_told(home: Home, folder: str, frame: pd.DataFrame, wrong: str) -> None:
    land(home, folder, "odd", frame)

    found = of(home, "ingestion.labels" if folder == "returns" else "features.tables.prices")

    assert len(found.wrong) == 1 and found.wrong[0].startswith(wrong)
    assert found.sentences[0].startswith(("1,269 labels", "5 lines"))


def test_a_source_that_is_not_there_is_told_by_its_setting(home: Home) -> None:
    (home.folder / "landing" / "prices" / "first.csv").unlink()
    (home.folder / "landing" / "prices").rmdir()

    found = of(home, "features.tables.prices")

    assert "name another one as features.tables.prices.source.folder" in found.wrong[0] and found.sentences == []
    assert [one.what for one in proposal.check(home, "shop", None) if one.setting == found.setting] != []


def test_a_table_of_a_database_is_read_and_nothing_lands(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    source = "{kind: sql, address: 'sqlite:///p.db', table: p, watermark: since, timezone: UTC, cut: {days: 30}}"
    shop.write_pipeline(tmp_path / "pipelines", text=YAML.replace(TABLE, source))
    with closing(sqlite3.connect(tmp_path / "p.db")) as database:
        lines().assign(since=lambda one: one["since"].dt.strftime("%Y-%m-%d %H:%M:%S")).to_sql("p", database)

    assert of(home, "features.tables.prices").sentences[0] == "5 lines, 2 contradicting each other"
    assert not (home.folder / "landing" / "shop.table.prices").exists()


def test_what_is_otherwise_in_them_is_a_change(home: Home) -> None:
    assert proposal.check(home, "shop", None) == []
    land(home, "prices", "first", lines().rename(columns={"store": "branch"}))
    land(home, "returns", "odd", world.labels(1).assign(kept="perhaps"))

    changed = {one.setting: one.what for one in proposal.check(home, "shop", None)}

    assert changed.pop("ingestion.labels: kept").startswith("it holds category values")
    assert changed == {"features.tables.prices: store": "the rows have no column 'store'"}
