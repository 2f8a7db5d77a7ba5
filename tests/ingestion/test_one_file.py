"""A file as a source: its windows become deliveries, once each; a file that is rewritten brings only what is new."""

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import DeliveryWaits, LandingFolderMissing, UnreadableFile
from tasks.adapters.home import Home, use
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.sources import entries, one_file, source_kinds
from tasks.ingestion.steps import arrivals
from tests import shop

YAML = """
title: Will it be sold?
ingestion:
  source: {kind: csv, file: sales.csv, cut: {days: 1}, missing: ['', 'NULL']}
  derive:
    at: {text: '{day} {hour}', format: '%Y-%m-%d %H'}
  times: {event: at}
validation:
  columns:
    at: {type: timestamp}
    shop: {type: category, nullable: true}
    sold: {type: boolean}
training: {label: sold, features: [shop], candidates: [{family: logistic_regression}]}
"""
ROWS = ["2013-01-02,1,a,true", "2013-01-01,5,b,false", "2013-01-01,4,NULL,true", "2013-01-03,0,c,true"]
NOW = datetime(2013, 1, 3, 12, tzinfo=UTC)


@dataclass
class World:
    """A home, its clock, and the file that it cuts."""

    home: Home
    file: Path
    now: list[datetime] = field(default_factory=lambda: [NOW])

    def write(self, *rows: str, header: str = "day,hour,shop,sold") -> None:
        self.file.write_text("\n".join([header, *rows, ""]))

    def cut(self) -> list[str]:
        return source_kinds.of(self.home, "sales").fetch()

    def gone(self) -> dict[str, int]:
        return source_kinds.of(self.home, "sales").gone()

    def rows(self) -> dict[str, list[str]]:
        folder = self.home.landing("sales")
        return {path.stem: path.read_text().splitlines()[1:] for path in sorted(folder.glob("*.csv"))}


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], World]]:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    homes: list[Home] = []

    def world(text: str = YAML) -> World:
        shop.write_pipeline(tmp_path / "pipelines", "sales", text)
        now = [NOW]
        homes.append(Home(tmp_path / "home", clock=lambda: now[0]))
        return World(homes[-1], tmp_path / "sales.csv", now)

    yield world
    for home in homes:
        home.close()


def test_windows_that_are_over_are_delivered_as_they_stand_in_the_file(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)

    assert world.cut() == ["2013-01-01", "2013-01-02"]
    assert world.rows() == {"2013-01-01": [ROWS[2], ROWS[1]], "2013-01-02": [ROWS[0]]}
    assert world.cut() == []


def test_who_looks_what_waits_finds_the_windows(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)

    waiting = arrivals.look(world.home, "sales").deliveries

    assert [one.name for one in waiting] == ["2013-01-01", "2013-01-02"]
    frame = arrivals.read(world.home, "sales", waiting[0])
    assert frame["at"].tolist() == [pd.Timestamp("2013-01-01 04:00", tz="UTC"), pd.Timestamp("2013-01-01 05", tz="UTC")]
    assert frame["shop"].isna().tolist() == [True, False]


def test_the_last_window_comes_when_the_clock_has_passed_its_end(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()

    world.now[0] = datetime(2013, 1, 4, tzinfo=UTC)

    assert world.cut() == ["2013-01-03"]


def test_a_file_that_has_not_changed_is_not_read_again(make: Callable[..., World], monkeypatch: pytest.MonkeyPatch):
    world = make()
    world.write(*ROWS)
    world.cut()
    monkeypatch.setattr(one_file, "_cut", lambda *_: pytest.fail("it was read"))

    assert world.cut() == []


def test_a_file_that_grew_brings_only_what_is_new(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()
    before = world.rows()

    world.write(*ROWS, "2013-01-04,9,d,true", "2013-01-05,9,d,true", "2013-01-01,6,late,true")

    assert world.cut() == ["2013-01-01-2", "2013-01-03", "2013-01-04"]
    assert world.rows()["2013-01-01-2"] == ["2013-01-01,6,late,true"]
    assert {name: world.rows()[name] for name in before} == before


def test_a_row_that_was_changed_is_delivered_as_it_is_now_beside_what_was_delivered(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()

    world.write("2013-01-02,1,a,false", *ROWS[1:])
    first = world.cut()
    world.write("2013-01-02,1,x,false", *ROWS[1:])
    second = world.cut()

    assert (first, second) == (["2013-01-02-2"], ["2013-01-02-3"])
    assert world.rows()["2013-01-02-3"] == ["2013-01-02,1,x,false"]


def test_a_file_in_another_order_brings_nothing(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()

    world.write(*reversed(ROWS))

    assert world.cut() == []


def test_what_the_file_has_lost_is_known_until_it_is_back(make: Callable[..., World]):
    world = make()
    world.write(*ROWS, "2013-01-01,4,NULL,true")
    world.cut()
    whole = world.gone()

    world.write(ROWS[1], *ROWS[3:])
    found = world.cut(), world.gone()
    world.write(*ROWS, "2013-01-01,4,NULL,true", "")

    assert (whole, found) == ({}, ([], {"2013-01-01": 2, "2013-01-02": 1}))
    assert (world.cut(), world.gone()) == ([], {})


def test_a_row_that_was_changed_is_a_row_that_is_gone(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()
    world.write("2013-01-02,1,a,false", *ROWS[1:])
    world.cut()

    world.write("2013-01-02,1,x,false", *ROWS[1:])
    world.cut()

    assert world.gone() == {"2013-01-02": 1, "2013-01-02-2": 1}


def test_a_column_that_is_new_makes_no_row_new(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()

    world.write(*(f"{row},9" for row in (*ROWS, "2013-01-04,9,d,true")), header="day,hour,shop,sold,price")

    assert (world.cut(), world.gone()) == (["2013-01-03"], {})


def test_a_column_that_is_needed_and_gone_is_named_before_anything_is_delivered(make: Callable[..., World]):
    world = make()
    world.write(*(f"{row},9" for row in ROWS), header="day,hour,shop,sold,price")
    world.cut()

    world.write(*ROWS, "2013-01-04,9,d,true")
    unneeded = world.cut()
    world.write(*(row.replace(",a", "").replace(",b", "") for row in ROWS[:2]), header="day,hour,sold")

    assert unneeded == ["2013-01-03"]
    with pytest.raises(
        UnreadableFile, match=r"It no longer has 'shop', with which rows of 2013-01-01 were delivered\."
    ):
        world.cut()
    assert list(world.rows()) == ["2013-01-01", "2013-01-02", "2013-01-03"]


def test_windows_whose_files_were_taken_away_are_the_same_content_when_they_are_cut_again(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()
    before = {one.name: one.digest for one in arrivals.look(world.home, "sales").deliveries}
    for path in world.home.landing("sales").glob("*.csv"):
        path.unlink()

    os.utime(world.file, (1, 1))

    assert world.cut() == ["2013-01-01", "2013-01-02"]
    assert {one.name: one.digest for one in arrivals.look(world.home, "sales").deliveries} == before


def test_equal_rows_are_rows_of_their_own_where_that_is_said(make: Callable[..., World]):
    world = make(YAML.replace("cut: {days: 1}", "cut: {days: 1, copies: kept}"))
    world.write(ROWS[0], ROWS[0], *ROWS)

    world.cut()

    assert world.rows()["2013-01-02"] == [f"{ROWS[0]},1", f"{ROWS[0]},2", f"{ROWS[0]},3"]


def test_times_that_are_counted_are_delivered_with_the_rows(make: Callable[..., World]):
    world = make(YAML.replace("text: '{day} {hour}', format: '%Y-%m-%d %H'", "start: 2013-01-01, rows_per_day: 2"))
    world.write(*ROWS)

    assert world.cut() == ["2013-01-01", "2013-01-02"]
    assert world.rows()["2013-01-01"] == [f"{ROWS[0]},2013-01-01T00:00:00Z", f"{ROWS[1]},2013-01-01T12:00:00Z"]


def test_parquet_is_cut_as_well(make: Callable[..., World]):
    world = make(YAML.replace("kind: csv, file: sales.csv", "file: sales.csv").replace(", missing: ['', 'NULL']", ""))
    frame = pd.DataFrame(
        {"day": ["2013-01-01", "2013-01-02"], "hour": [4, 5], "shop": ["a", None], "sold": [True, True]}
    )
    frame.to_parquet(world.file)

    assert world.cut() == ["2013-01-01", "2013-01-02"]
    assert world.cut() == []
    assert len(arrivals.look(world.home, "sales").deliveries) == 2


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["2013-01-32,1,a,true"], "'2013-01-32 1' in row 1 is no time of the form '%Y-%m-%d %H'"),
        (["2013-01-01,1,a"], "Line 2 has 3 cells, the first line has 4"),
    ],
)
def test_a_file_that_cannot_be_cut_is_refused_and_nothing_is_delivered(
    make: Callable[..., World], rows: list[str], words: str
):
    world = make()
    world.write(*rows)

    with pytest.raises(UnreadableFile) as caught:
        world.cut()

    assert str(caught.value).startswith("sales.csv cannot be cut into batches.")
    assert words in str(caught.value)
    assert world.rows() == {}


def test_a_delivery_that_was_damaged_is_named_and_made_anew_when_it_is_removed(make: Callable[..., World]):
    world = make()
    world.write(*ROWS)
    world.cut()
    damaged = world.home.landing("sales") / "2013-01-01.csv"
    damaged.write_bytes(b"a\0b\n")
    world.write(*ROWS, "2013-01-01,6,d,true")

    with pytest.raises(UnreadableFile, match=r"2013-01-01\.csv was cut from it before, and cannot be read any more: "):
        world.cut()
    damaged.unlink()

    assert world.cut() == ["2013-01-01"]


def test_a_row_whose_time_is_missing_is_not_lost(make: Callable[..., World]):
    world = make()
    world.write(*ROWS, "NULL,1,a,true")

    assert world.cut() == ["2013-01-01", "2013-01-02", "undated"]


def test_a_file_that_is_not_there_is_named_with_what_to_do(make: Callable[..., World], tmp_path: Path):
    world = make()

    with pytest.raises(LandingFolderMissing) as caught:
        world.cut()

    assert str(tmp_path / "sales.csv") in str(caught.value)
    assert "starts from INCUMBENT_DATA" in str(caught.value)
    tmp_path.joinpath("sales.csv").mkdir()
    with pytest.raises(LandingFolderMissing, match="is not a file"):
        world.cut()


def test_a_file_that_changes_while_it_is_read_is_not_taken_for_the_old_one(
    make: Callable[..., World], monkeypatch: pytest.MonkeyPatch
):
    world = make()
    world.write(*ROWS)
    read = entries._all

    def slow(file: io.BufferedReader) -> bytes:
        found = read(file)
        world.write(*ROWS, "2013-01-04,9,d,true")
        return found

    monkeypatch.setattr(entries, "_all", slow)
    with pytest.raises(DeliveryWaits, match="changed while it was read"):
        world.cut()
    monkeypatch.setattr(entries, "_all", read)

    assert world.rows() == {}, "what may be half old and half new is not delivered"
    assert world.cut() == ["2013-01-01", "2013-01-02", "2013-01-03"]


def test_a_file_that_may_not_be_read_is_named(make: Callable[..., World], monkeypatch: pytest.MonkeyPatch):
    world = make()
    world.write(*ROWS)
    assert world.home.settings("sales")

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(entries, "read_named", refuse)

    with pytest.raises(DeliveryWaits, match=r"sales\.csv cannot be read just now: /.*/sales\.csv: Permission denied"):
        world.cut()


def test_rows_that_are_counted_may_be_added_at_the_end_only(make: Callable[..., World]):
    world = make(
        YAML.replace("{text: '{day} {hour}', format: '%Y-%m-%d %H'}", "{start: '2013-01-01', rows_per_day: 1}")
    )
    rows = [f"x,0,{letter},true" for letter in "abcdef"]
    world.write(*rows[:4])
    first = world.cut()
    world.write(*rows)
    more = world.cut()

    world.write(*rows[1:], "x,0,g,true")

    assert (first, more) == (["2013-01-01", "2013-01-02", "2013-01-03"], ["2013-01-04", "2013-01-05"])
    with pytest.raises(UnreadableFile, match="times of its rows are counted from the first one"):
        world.cut()
    assert len(world.rows()) == 5


def test_a_folder_as_a_source_is_left_alone(shop_home: Home):
    assert source_kinds.of(shop_home, "shop").fetch() == []
    assert not (shop_home.folder / "cut").exists()


@pytest.mark.parametrize("broken", ["2013-01-01,1,a", None], ids=["of another form", "not there"])
def test_what_was_delivered_waits_also_when_the_file_cannot_be_cut_any_more(
    broken: str | None, make: Callable[..., World]
):
    world = make()
    world.write(*ROWS)
    world.cut()
    world.write(broken or "")
    if broken is None:
        world.file.unlink()

    found = arrivals.look(world.home, "sales")

    assert [one.name for one in found.deliveries] == ["2013-01-01", "2013-01-02"]
    assert isinstance(found.problem, LandingFolderMissing if broken is None else UnreadableFile)
    assert arrivals.changed(world.home, "sales") is not None


def test_with_nothing_left_to_do_a_broken_file_ends_the_look(make: Callable[..., World]):
    world = make()
    world.home.landing("sales").mkdir(parents=True)
    world.write("2013-01-01,1,a")

    with use(world.home), pytest.raises(UnreadableFile, match="cannot be cut"):
        ingestion.list_waiting.fn("sales")
