"""A table of a database as a source: each window is delivered once, whole; what came late or went is known."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import DeliveryWaits, IncumbentError, LandingFolderMissing, MistakeOfUser, UnreadableFile
from tasks.ingestion.sources import databases, sql_adbc, sql_postgres, sql_table
from tasks.ingestion.steps import arrivals
from tests.fixtures_postgres import PASSWORD, Cluster
from tests.ingestion import databases_of_shops as shops
from tests.ingestion.databases_of_shops import KINDS, ROWS, Shop

Make = Callable[..., Shop]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Shop] = []

    def one(kind: str, *rows: shops.Row, query: str = "") -> Shop:
        cluster = request.getfixturevalue("postgres") if kind == "postgresql" else None
        made.append(shops.make(kind, tmp_path, monkeypatch, cluster, query=query))
        made[-1].insert(*rows)
        return made[-1]

    yield one
    for shop in made:
        shop.home.close()


@pytest.fixture(params=["adbc", "copy"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How rows of PostgreSQL come: by ADBC, or where that is not installed by COPY."""
    monkeypatch.setattr(sql_adbc, "is_there", lambda: request.param == "adbc")
    return str(request.param)


@pytest.mark.parametrize("kind", KINDS)
def test_windows_that_are_over_are_delivered_as_the_table_has_them(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS)

    assert shop.fetch() == ["2013-01-01", "2013-01-02", "2013-01-03"]
    assert shop.fetch() == []
    assert shop.numbers() == {"2013-01-01": [1, 2], "2013-01-02": [3], "2013-01-03": [4]}
    found = [arrivals.read(shop.home, "sales", one) for one in arrivals.look(shop.home, "sales").deliveries]
    rows = pd.concat(found, ignore_index=True)
    assert rows["at"].tolist() == [pd.Timestamp(str(row[1])) for row in ROWS[:4]]
    assert rows["price"].tolist()[:2] + rows["price"].tolist()[3:] == [1.5, 2, 4.25]
    assert rows["shop"].isna().tolist() == [False, False, True, False]
    assert rows["shop"].tolist()[3] == 'ä,"b"\nc'
    assert rows["sold"].tolist() == [True, False, True, False]
    assert rows["note"].isna().tolist() == [False, False, True, False]


@pytest.mark.parametrize("kind", KINDS)
def test_late_rows_are_a_delivery_of_their_own_and_known_ones_are_left_out(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS)
    shop.fetch()

    shop.insert(
        (6, "2013-01-03T08:00:00Z", "late", 6, 1, ""), ROWS[3], (7, "2013-01-02T08:00:00Z", "late too", 6, 1, "")
    )
    late = shop.fetch()
    shop.now[0] += timedelta(days=1)

    assert (late, shop.fetch(), shop.fetch()) == (["2013-01-02-2", "2013-01-03-2"], ["2013-01-05"], [])
    assert shop.numbers()["2013-01-03-2"] == [6, 4]
    assert shop.numbers()["2013-01-05"] == [5]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_may_come_long_after_the_clock_has_passed_their_windows(kind: str, make: Make) -> None:
    shop = make(kind)
    shop.now[0] = datetime(2020, 1, 1, tzinfo=UTC)

    looks = [shop.fetch()]
    for row in (ROWS[0], ROWS[3], ROWS[2], ROWS[4]):
        shop.insert(row)
        looks.append(shop.fetch())
    looks.append(shop.fetch())

    assert looks == [[], ["2013-01-01"], ["2013-01-03"], ["2013-01-02"], ["2013-01-05"], []]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_that_come_too_late_are_said_once_and_taken_in_with_more_days(
    kind: str, make: Make, tmp_path: Path
) -> None:
    shop = make(kind, *ROWS)
    shop.fetch()
    shop.insert((6, "2013-01-01T08:00:00Z", "too late", 6, 1, ""))
    unseen = shop.fetch()
    shop.now[0] += timedelta(days=1)

    with pytest.raises(
        UnreadableFile, match="later than the 2 days of overlap_days: 1 before 2013-01-04, which were not"
    ):
        shop.fetch()
    after = shop.fetch()
    path = tmp_path / "pipelines" / "sales.yaml"
    path.write_text(path.read_text().replace("overlap_days: 2", "overlap_days: 9"))
    shop.home._settings.clear()

    assert (unseen, after, shop.fetch(), shop.fetch()) == ([], [], ["2013-01-01-2"], [])
    assert [*shop.numbers()] == ["2013-01-01-2", "2013-01-01", "2013-01-02", "2013-01-03", "2013-01-05"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_that_was_changed_is_delivered_as_it_is_now_and_the_old_one_is_gone(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS)
    shop.fetch()

    shop.execute("update sales set price = 9 where number = 4")
    shop.insert((6, "2013-01-04T08:00:00Z", "a", 6, 1, ""))

    assert shop.fetch() == ["2013-01-03-2", "2013-01-04"]
    assert shop.gone() == {"2013-01-03": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_without_a_watermark_are_delivered_once_and_named_so(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS, (6, None, "a", 1, 1, ""))

    assert shop.fetch()[-1] == "undated"
    assert shop.fetch() == []
    shop.insert((7, None, "b", 1, 1, ""))
    assert shop.fetch() == ["undated-2"]
    assert (shop.numbers()["undated"], shop.numbers()["undated-2"]) == ([6], [7])


@pytest.mark.parametrize("kind", KINDS)
def test_a_query_may_stand_in_place_of_a_table(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS, query="select *, number + 1 as next from sales where number <> 2 -- not the second;")

    assert shop.fetch() == ["2013-01-01", "2013-01-02", "2013-01-03"]
    assert shop.numbers()["2013-01-01"] == [1]


@pytest.mark.parametrize("kind", KINDS)
def test_a_watermark_that_runs_backwards_is_said_and_nothing_is_delivered(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS[:4])
    shop.fetch()
    before = shop.numbers()

    shop.execute("delete from sales where number > 2")
    shop.insert((9, "2013-01-02T08:00:00Z", "a", 1, 1, ""))

    with pytest.raises(
        UnreadableFile, match="'at' runs backwards: 2013-01-03 was delivered, but the newest row is of 2013-01-02 now"
    ):
        shop.fetch()
    assert shop.numbers() == before
    (shop.home.folder / "cut" / "sales.json").unlink()
    assert (shop.fetch(), shop.fetch()) == (["2013-01-02-2"], [])
    assert shop.gone() == {"2013-01-02": 1, "2013-01-03": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_changes_its_type_is_named_before_anything_is_delivered(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS[:3])
    shop.fetch()

    shop.execute("drop table sales")
    shop.execute(
        (shops.TABLE % shops.TYPES[kind])
        .replace("real", "text")
        .replace("numeric(9, 2)", "text")
        .replace("decimal(9, 2)", "varchar")
    )
    shop.insert(*((*row[:3], "cheap", *row[4:]) for row in ROWS))

    with pytest.raises(
        UnreadableFile, match="Column 'price' has changed its type: it holds text, and was delivered as numbers"
    ):
        shop.fetch()
    assert list(shop.numbers()) == ["2013-01-01", "2013-01-02"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_is_gone_is_named_before_anything_is_delivered(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS[:3])
    shop.fetch()

    shop.insert(ROWS[3])
    shop.execute("alter table sales drop column price")

    with pytest.raises(UnreadableFile, match="no longer has the column 'price'"):
        shop.fetch()
    assert list(shop.numbers()) == ["2013-01-01", "2013-01-02"]


def test_a_window_whose_rows_change_type_is_not_half_delivered(make: Make) -> None:
    shop = make("sqlite", *ROWS, (6, "2013-01-03T01:00:00Z", "a", "dear", 1, ""))

    with pytest.raises(
        UnreadableFile, match=r"Column 'price' changes its type: it holds 1.5 \(float\) and 'dear' \(str\)"
    ):
        shop.fetch()
    assert shop.numbers() == {}


LOOK = """
from datetime import UTC, datetime
from pathlib import Path
from tasks.adapters.home import Home
from tasks.ingestion.sources import source_kinds
source_kinds.of(Home(Path({home!r}), clock=lambda: datetime(2013, 1, 5, 12, tzinfo=UTC)), "sales").fetch()
"""


@pytest.mark.parametrize("file", [n if n in (1, 4) else pytest.param(n, marks=pytest.mark.long) for n in range(1, 7)])
def test_a_look_that_is_killed_at_any_file_is_finished_by_the_next_one(file: int, make: Make) -> None:
    shop = make("sqlite", *ROWS)
    look = [sys.executable, "-c", LOOK.format(home=str(shop.home.folder))]

    killed = subprocess.run(look, env={**os.environ, "INCUMBENT_FAILPOINT": f"file-written:{file}"}, check=False)
    before = shop.numbers()
    shop.fetch()

    assert killed.returncode == -signal.SIGKILL
    assert before.items() <= shop.numbers().items()
    assert shop.numbers() == {"2013-01-01": [1, 2], "2013-01-02": [3], "2013-01-03": [4]}
    assert (shop.fetch(), shop.gone()) == ([], {})


def test_times_that_cannot_be_read_are_named(make: Make) -> None:
    shop = make("sqlite", *ROWS[:2], (6, "2013-01-02 25:00", "a", 1, 1, ""))

    with pytest.raises(
        UnreadableFile,
        match="Column 'at' must be a time with its time zone, but '2013-01-02 25:00' in row 3 is no time",
    ):
        shop.fetch()


@pytest.mark.parametrize("kind", KINDS)
def test_a_watermark_that_is_not_there_is_refused(kind: str, make: Make, tmp_path: Path) -> None:
    shop = make(kind, *ROWS)
    path = tmp_path / "pipelines" / "sales.yaml"
    path.write_text(path.read_text().replace("watermark: at", "watermark: then"))

    with pytest.raises(LandingFolderMissing, match=r"The database refuses what it is asked: .*then"):
        shop.fetch()


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_nobody_asked_for_may_change_its_type(kind: str, make: Make) -> None:
    shop = make(kind, *ROWS[:3])
    shop.fetch()

    shop.execute("alter table sales drop column note")
    shop.execute("alter table sales add column note integer default 5")
    shop.execute("insert into sales select number + 3, ?, shop, price, sold, 7 from sales where number = 1", ROWS[3][1])

    assert (shop.fetch(), shop.gone()) == (["2013-01-03"], {})


def test_a_column_that_turns_out_to_be_wider_is_written_so(make: Make) -> None:
    shop = make("sqlite")
    shop.execute("create table wide (number integer, at text, shop, price, sold, note)")
    several = "with recursive n(n) as (select 0 union all select n + 1 from n where n < 239999) "
    values = "n, '2013-01-01T00:00:00Z', null, case when n < 200000 then n else n + 0.5 end, 1, case when n > 230000 then 'x' end"
    shop.execute(f"{several} insert into wide select {values} from n")
    shop.execute("drop table sales")
    shop.execute("alter table wide rename to sales")

    assert shop.fetch() == ["2013-01-01"]
    table = pq.read_table(shop.home.landing("sales") / "2013-01-01.parquet")
    assert table["price"].to_pylist() == [n if n < 200_000 else n + 0.5 for n in range(240_000)]
    assert (str(table.schema.field("note").type), table["note"].null_count) == ("string", 230_001)
    assert not list(shop.home.landing("sales").glob(".*"))


def test_a_watermark_that_is_a_number_is_refused(make: Make) -> None:
    shop = make("sqlite", (1, 5, "a", 1, 1, ""))

    with pytest.raises(UnreadableFile, match="watermark 'at' must be a time or a date"):
        shop.fetch()


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_database_does_not_have_is_said_in_its_words(kind: str, make: Make) -> None:
    shop = make(kind, query="select * from nowhere")

    with pytest.raises(LandingFolderMissing, match=r"The database refuses what it is asked: .*nowhere"):
        shop.fetch()
    assert not list(shop.home.landing("sales").glob("*.parquet"))


@pytest.mark.parametrize(("kind", "file"), [("sqlite", "shop.db"), ("duckdb", "shop.duckdb")])
def test_a_database_that_is_not_there_is_not_made(kind: str, file: str, make: Make, tmp_path: Path) -> None:
    shop = make(kind)
    (tmp_path / file).unlink()

    with pytest.raises(LandingFolderMissing, match="does not exist"):
        shop.fetch()
    assert not (tmp_path / file).exists()


def test_nothing_is_written_into_the_database(make: Make, tmp_path: Path) -> None:
    shop = make("sqlite", *ROWS)
    before = (tmp_path / "shop.db").read_bytes()

    shop.fetch()

    with databases.opened(shop.home.settings("sales").ingestion.source) as (database, _), pytest.raises(IncumbentError):
        database.value("delete from sales")
    assert (tmp_path / "shop.db").read_bytes() == before


def test_a_server_that_goes_away_in_the_middle_leaves_whole_windows(
    make: Make, monkeypatch: pytest.MonkeyPatch, postgres: Cluster, way: str
) -> None:
    shop = make("postgresql")
    shop.execute(
        "insert into sales select n, timestamptz '2013-01-01' + n * interval '10 s', repeat('a', 3000), 1, true, '' "
        "from generate_series(0, 25919) n"
    )
    keep = sql_table.SqlTable._keep

    def cut_off(self: sql_table.SqlTable, seen: object) -> None:
        keep(self, seen)
        postgres.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'incumbent'")

    monkeypatch.setattr(sql_postgres, "_BLOCK", 2**17)  # little is read ahead
    monkeypatch.setattr(sql_table.SqlTable, "_keep", cut_off)
    with pytest.raises(
        DeliveryWaits, match=r"The database cannot be read just now: .*nothing was half delivered"
    ) as told:
        shop.fetch()
    monkeypatch.setattr(sql_table.SqlTable, "_keep", keep)

    assert PASSWORD not in str(told.value)
    assert not [
        path for path in shop.home.folder.rglob("*") if path.is_file() and PASSWORD.encode() in path.read_bytes()
    ]
    assert [len(rows) for rows in shop.numbers().values()] == [8_640]
    assert shop.fetch() == ["2013-01-02", "2013-01-03"]
    assert [len(rows) for rows in shop.numbers().values()] == [8_640] * 3
    assert not list(shop.home.landing("sales").glob(".*"))


def test_a_server_that_is_not_there_waits_and_shows_no_password(make: Make, postgres: Cluster) -> None:
    shop = make("postgresql", *ROWS)
    shop.fetch()
    postgres.stop()
    try:
        with pytest.raises(DeliveryWaits, match="cannot be read just now") as told:
            shop.fetch()
        waiting = arrivals.look(shop.home, "sales")
    finally:
        postgres.start()

    assert PASSWORD not in str(told.value)
    assert isinstance(waiting.problem, DeliveryWaits)
    assert len(waiting.deliveries) == 3


def test_a_variable_that_is_not_set_is_named(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = make("postgresql")
    monkeypatch.delenv("SHOP_WORD")

    with pytest.raises(MistakeOfUser, match="no SHOP_WORD, which"):
        shop.fetch()


def test_a_window_is_over_by_the_clock_of_its_zone(make: Make, tmp_path: Path) -> None:
    shop = make("sqlite", *((number, f"2013-01-{day:02} 10:00", "a", 1, 1, "") for number, day in enumerate((3, 4))))
    path = tmp_path / "pipelines" / "sales.yaml"
    path.write_text(path.read_text().replace("watermark: at,", "watermark: at, timezone: America/New_York,"))
    shop.now[0] = datetime(2013, 1, 5, 4, 59, tzinfo=UTC)

    early = shop.fetch()
    shop.now[0] = datetime(2013, 1, 5, 5, tzinfo=UTC)

    assert (early, shop.fetch()) == (["2013-01-03"], ["2013-01-04"])


COLUMNS = {
    "smallint '1'": 1, "bigint '9007199254740993'": 2**53 + 1, "real '1.5'": 1.5, "float8 '0.1'": 0.1, "numeric '12.10'": 12.1,
    "numeric(10, 0) '7'": 7, "true": True, "'é'::text": "é", "''::varchar": "", "null::text": None, "'x'::char(3)": "x  ",
    "date '2013-01-05'": datetime(2013, 1, 5, tzinfo=UTC).replace(tzinfo=None),
    "timestamp '2013-01-05 01:02:03.000004'": datetime(2013, 1, 5, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None),
    "timestamptz '2013-01-05 01:02:03+02'": datetime(2013, 1, 4, 23, 2, 3, tzinfo=UTC),
}  # fmt: skip
WRITTEN = {
    "'{\"a\": 1}'::jsonb": '{"a": 1}',
    "array[1, 2]": "{1,2}",
    "'6289e06d-1366-43d9-99e1-4df5e8e59d0a'::uuid": "6289e06d-1366-43d9-99e1-4df5e8e59d0a",
}
"""What both have to leave to PostgreSQL's own words."""


@pytest.mark.parametrize("columns", [COLUMNS, {**COLUMNS, **WRITTEN}], ids=["plain", "others"])
def test_values_of_postgresql_are_the_same_by_both_ways(columns: dict[str, object], way: str, make: Make) -> None:
    shop = make("postgresql")
    asked = ", ".join(f"{value} as c{place}" for place, value in enumerate(columns))

    with databases.opened(shop.home.settings("sales").ingestion.source) as (database, _):
        rows = pa.Table.from_batches(list(database.rows(f"select {asked} from generate_series(1, 3)")))

    assert rows.to_pylist() == [{f"c{place}": value for place, value in enumerate(columns.values())}] * 3


@pytest.mark.parametrize(
    "value",
    [
        "timestamptz 'infinity'",
        "timestamp '-infinity'",
        "date 'infinity'",
        "timestamptz '0044-03-15 BC'",
        "1 / (n - 5000)",
    ],
)
def test_what_is_no_value_is_never_taken_for_one(value: str, way: str, make: Make) -> None:
    shop = make("postgresql")

    with (
        pytest.raises(UnreadableFile, match="A value cannot be read"),
        databases.opened(shop.home.settings("sales").ingestion.source) as (database, _),
    ):
        list(database.rows(f"select n, {value} as x from generate_series(1, 10000) n"))
