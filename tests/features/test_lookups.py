"""What is looked up for a batch: no value that was not known yet, whatever is moved; nothing lost, nothing in silence."""

import dataclasses
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import BrokenContract, DeliveryWaits, LandingFolderMissing
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.features.steps import lookups
from tasks.ingestion import tasks as ingestion
from tasks.lineage.verify.checks import joined_tables, ledger_copy
from tasks.validation import tasks as validation
from tasks.validation.steps import door
from tests import shop

LOOKED_UP = """
features:
  tables:
    prices:
      source: {kind: csv}
      key: {store: shop}
      time: since
      known: heard
      columns: {market: price_there}
      at_most: 30 days
  past:
    - {column: sold_before, key: [shop], take: mean, of: sold, over: 60 days}
    - {column: rows_before, key: [shop], take: count, over: 60 days}
"""
COLUMNS = """
    market: {type: number, nullable: true}
    sold_before: {type: number, nullable: true}
    rows_before: {type: number, nullable: true}
"""
LINES = pd.DataFrame({"store": ["a", "a", "b"], "day": [-2, 3, 1], "heard": [-2, 4, 1], "price_there": [1.0, 2.0, 3.0]})


def text() -> str:
    with_columns = shop.YAML.replace("    sold: {type", f"{COLUMNS.strip(chr(10))}\n    sold: {{type")
    return with_columns.replace("features: [shop,", "features: [market, sold_before, shop,") + LOOKED_UP


@pytest.fixture
def home(shop_home: Home, tmp_path: Path) -> Home:
    shop.write_pipeline(tmp_path / "pipelines", text=text())
    return shop_home


@pytest.fixture
def deliver(home: Home) -> Callable[..., None]:
    """Puts lines of the table where it is read."""

    def put(name: str, lines: pd.DataFrame) -> None:
        folder = home.folder / "landing" / "shop.table.prices"
        folder.mkdir(parents=True, exist_ok=True)
        since, heard = (shop.START + pd.to_timedelta(lines[one], unit="D") for one in ("day", "heard"))
        written = lines.assign(since=since, heard=heard).drop(columns="day")
        written.to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")

    return put


def take_in(home: Home, number: int, frame: pd.DataFrame | None = None) -> Batch:
    name = f"{number:064x}"
    turn = TurnRef("shop", number, name, f"week {number}")
    batch = door.enter(home, turn, shop.week(number) if frame is None else frame)
    home.ledger.batches.record("shop", batch)
    return batch


def rows_of(home: Home, batch: Batch) -> pd.DataFrame:
    return home.store.read(batch.accepted_file or "")


def test_a_row_has_the_newest_line_that_held_and_was_known(home: Home, deliver: Callable[..., None]) -> None:
    deliver("first", LINES)

    rows = rows_of(home, take_in(home, 1))

    days = (rows["at"] - shop.START) / pd.Timedelta(days=1)
    # all arrives when the week is over: what was heard by then was known
    expected = (rows["shop"] == "a").map({True: 1.0, False: float("nan")})
    expected = expected.mask((rows["shop"] == "a") & (days >= 3), 2.0).mask((rows["shop"] == "b") & (days >= 1), 3.0)
    pd.testing.assert_series_equal(rows["market"], expected, check_names=False)


@pytest.mark.parametrize(
    ("moved", "from_day"),
    [
        ({}, 1.0),
        ({"heard": 6.9}, 1.0),  # still known when the rows arrived
        ({"heard": 7.1}, None),  # not known any more
        ({"day": 6.0}, 6.0),  # holds from later on
        ({"day": -40.0}, None),  # too old
    ],
)
def test_a_value_follows_the_times_of_its_line(
    home: Home, deliver: Callable[..., None], moved: dict[str, float], from_day: float | None
) -> None:
    lines = LINES.astype({"day": float, "heard": float})
    lines.loc[2, list(moved)] = list(moved.values())
    deliver("first", lines)

    rows = rows_of(home, take_in(home, 1))

    of_b = rows[rows["shop"] == "b"]
    holds = (of_b["at"] - shop.START) / pd.Timedelta(days=1) >= (99 if from_day is None else from_day)
    assert (of_b["market"] == 3.0).tolist() == holds.tolist()
    assert of_b["market"].notna().tolist() == holds.tolist()


def test_what_the_past_says_is_of_rows_whose_labels_were_known_before(home: Home, deliver: Callable[..., None]) -> None:
    deliver("first", LINES)
    first, second = take_in(home, 1), take_in(home, 2)

    rows, past = rows_of(home, second), rows_of(home, first)

    one = rows.iloc[200]
    known = past[["learned", "settled"]].max(axis=1, skipna=False)
    mine = past[(past["shop"] == one["shop"]) & (known < one["at"]) & past["sold"].notna()]
    assert one["sold_before"] == pytest.approx(mine["sold"].astype(float).mean())
    assert one["rows_before"] == ((past["shop"] == one["shop"]) & (past["learned"] < one["at"])).sum()
    assert rows_of(home, first)["sold_before"].isna().all()  # the first week arrived as a whole when it was over


def test_a_label_that_becomes_known_later_is_not_looked_at(home: Home, deliver: Callable[..., None]) -> None:
    deliver("first", LINES)
    late = shop.week(1).assign(settled=lambda rows: rows["settled"] + pd.Timedelta(weeks=4))
    take_in(home, 1, late)

    rows = rows_of(home, take_in(home, 2))

    assert rows["sold_before"].isna().all() and (rows["rows_before"] > 0).any()


def test_a_row_that_is_corrected_does_not_see_itself(home: Home, deliver: Callable[..., None], tmp_path: Path) -> None:
    replacing = text().replace("  key: [at, shop]\n", "  key: [items]\n  corrections: replace\n")
    shop.write_pipeline(tmp_path / "pipelines", text=replacing.replace("nullable: true, min: 0", "min: 0"))
    deliver("first", LINES)
    first = shop.week(1).assign(items=pd.array(range(336), dtype="Int64"), shop="a", learned=lambda rows: rows["at"])
    take_in(home, 1, first)

    later = first[:1].assign(at=first["at"][0] + pd.Timedelta(days=8), learned=first["at"][0] + pd.Timedelta(days=8))

    assert rows_of(home, take_in(home, 2, later))["rows_before"].tolist() == [335]


def test_rows_that_came_before_are_duplicates_whatever_their_table_says_by_now(
    home: Home, deliver: Callable[..., None]
) -> None:
    deliver("first", LINES)
    take_in(home, 1)
    deliver("second", LINES.assign(price_there=9.0, heard=LINES["heard"] + 0.5))

    again = take_in(home, 2, shop.week(1))

    assert (again.accepted, again.duplicates) == (0, len(shop.week(1)))


def test_lines_that_are_not_used_are_counted_and_said(home: Home, deliver: Callable[..., None]) -> None:
    deliver("first", pd.concat([LINES, LINES.iloc[:1], LINES.iloc[1:2].assign(price_there=7.0)]))

    batch = take_in(home, 1)

    assert batch.notes == ("prices: first has 5 lines, 1 there twice, 2 contradicting",)
    (one,) = home.ledger.tables.all("shop")
    assert (one.landed, one.taken, one.repeated, one.contradicting, one.unusable) == (5, 2, 1, 2, 0)
    assert take_in(home, 2).notes == ()


def test_a_delivery_that_is_none_of_the_table_is_said_once_and_the_batch_goes_on(home: Home) -> None:
    folder = home.folder / "landing" / "shop.table.prices"
    folder.mkdir(parents=True)
    (folder / "other.csv").write_text("store,since\na,2013-01-01T00:00:00Z\n")

    first, second = take_in(home, 1), take_in(home, 2)

    assert "prices: other is not used: " in first.notes[0] and "'price_there' is missing" in first.notes[0]
    assert first.is_in and second.notes == () and rows_of(home, first)["market"].isna().all()


def test_rows_that_bring_what_is_looked_up_are_refused(home: Home, deliver: Callable[..., None]) -> None:
    deliver("first", LINES)

    with pytest.raises(BrokenContract, match="Column 'market' is looked up"):
        take_in(home, 1, shop.week(1).assign(market=1.0))


def test_a_source_that_is_not_there_stops_the_turn(home: Home) -> None:
    with pytest.raises(LandingFolderMissing, match=r"shop\.table\.prices"):
        take_in(home, 1)


def test_while_a_table_cannot_be_read_its_batch_waits(
    shop_home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    source = "{kind: sql, address: 'sqlite:///prices.db', table: prices, watermark: since, cut: {days: 30}}"
    shop.write_pipeline(tmp_path / "pipelines", text=text().replace("{kind: csv}", source))
    with closing(sqlite3.connect(tmp_path / "prices.db")) as database:
        LINES.assign(since="2013-01-07 00:00:00", heard="2013-01-07 00:00:00").to_sql("prices", database)
    landing = shop_home.folder / "landing" / "shop"
    landing.mkdir(parents=True)
    shop.week(1).to_parquet(landing / "week-1.parquet", index=False)

    with homes.use(shop_home):
        for _ in range(2):  # a turn that was given up is not the end of it
            (delivery,) = ingestion.list_waiting.fn("shop").deliveries
            turn = coordination.open_turn.fn("shop", delivery)
            assert ingestion.read_batch.fn(turn, delivery) is None
            with pytest.raises(
                DeliveryWaits, match=r"features\.tables\.prices: .* as features\.tables\.prices\.source\.time"
            ):
                validation.check_batch.fn(turn)
            coordination.give_up.fn("shop", delivery, "four times")


@pytest.mark.parametrize("arrives", [True, False])
def test_a_model_that_is_asked_gets_the_same(home: Home, deliver: Callable[..., None], arrives: bool) -> None:
    deliver("first", LINES)
    stored = rows_of(home, take_in(home, 1))
    asked = stored.drop(columns=["market", "sold_before", "rows_before"])

    found = lookups.asked(home, "shop", asked if arrives else asked.assign(market=5.0))

    assert found["market"].equals(stored["market"]) if arrives else (found["market"] == 5.0).all()
    assert found["rows_before"].notna().all()


def test_verify_finds_lines_and_values_that_were_changed(home: Home, deliver: Callable[..., None]) -> None:
    deliver("first", LINES)
    batch = take_in(home, 1)
    recorded = ledger_copy.read(home, "shop")
    assert list(joined_tables.check(home, recorded)) == []

    forged = home.store.write(rows_of(home, batch).assign(market=4.0))
    changed = dataclasses.replace(recorded, batches=[dataclasses.replace(batch, accepted_file=forged)])
    assert ["336 values of 'market'" in one.text for one in joined_tables.check(home, changed)] == [True]

    shop.write_pipeline(home.folder.parent / "pipelines", text=text().replace("at_most: 30 days", "at_most: 2 days"))
    home._settings.clear()
    assert list(joined_tables.check(home, recorded)) == []  # it was right by the settings of its time

    (line,) = home.ledger.tables.all("shop")
    path = next(home.folder.rglob(f"*{line.file}*"))
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert [one.invariant for one in joined_tables.check(home, recorded)] == ["I6"]
