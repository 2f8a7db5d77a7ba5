"""A folder of parquet files with partitions is one file: what stands in the names of its folders is in its rows."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import LandingFolderMissing, UnreadableFile
from configs.ingestion import Source
from tasks.adapters.home import Home
from tasks.ingestion.sources import partitions, source_kinds
from tasks.ingestion.steps import arrivals
from tests import shop

YAML = """
title: Will it be sold?
ingestion:
  source: {file: sales, cut: {days: 1}}
  times: {event: at}
validation:
  columns:
    at: {type: timestamp}
    shop: {type: category, nullable: true}
    year: {type: integer}
    sold: {type: boolean}
training: {label: sold, features: [shop], candidates: [{family: logistic_regression}]}
"""
SOURCE = Source()


def part(folder: Path, name: str, *days: int, kind: pa.DataType | None = None, **more: object) -> None:
    at = pa.array([datetime(2013, 1, day, tzinfo=UTC) for day in days], pa.timestamp("us", tz="UTC"))
    numbers = pa.array([str(day) if kind == pa.string() else day for day in days], kind or pa.int64())
    table = pa.table(
        {
            "at": at,
            "sold": [True] * len(days),
            "n": numbers,
            **{key: [value] * len(days) for key, value in more.items()},
        }
    )
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, folder / name)


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], Home]]:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    homes: list[Home] = []

    def home() -> Home:
        shop.write_pipeline(tmp_path / "pipelines", "sales", YAML)
        homes.append(Home(tmp_path / "home", clock=lambda: datetime(2020, 1, 1, tzinfo=UTC)))
        return homes[-1]

    yield home
    for one in homes:
        one.close()


def test_its_rows_are_cut_and_what_is_added_is_new(make: Callable[[], Home], tmp_path: Path) -> None:
    home, sales = make(), tmp_path / "sales"
    part(sales, "year=2013/shop=a/0.parquet", 1, 2)
    part(sales, "year=2013/shop=b%20c/0.parquet", 1)
    (sales / "_SUCCESS").write_text("")
    source = source_kinds.of(home, "sales")

    first, again = source.fetch(), source.fetch()
    part(sales, "year=2013/shop=__HIVE_DEFAULT_PARTITION__/0.parquet", 2, 3)

    assert (first, again, source.fetch()) == (["2013-01-01", "2013-01-02"], [], ["2013-01-02-2", "2013-01-03"])
    rows = [arrivals.read(home, "sales", one) for one in arrivals.look(home, "sales").deliveries]
    assert rows[0]["shop"].tolist() == ["a", "b c"]
    assert rows[0]["year"].tolist() == [2013, 2013]
    assert rows[2]["shop"].isna().tolist() == [True]


def test_a_number_with_a_zero_before_it_stays_text(tmp_path: Path) -> None:
    part(tmp_path, "month=05/0.parquet", 1)
    part(tmp_path, "month=11/0.parquet", 2)

    assert partitions.table(tmp_path, SOURCE)["month"].to_pylist() == ["05", "11"]


def test_files_without_partitions_are_one_table_in_which_numbers_may_be_wider(tmp_path: Path) -> None:
    part(tmp_path, "a.parquet", 1, kind=pa.int32())
    part(tmp_path, "b.parquet", 2, kind=pa.float64(), note="x")

    assert partitions.table(tmp_path, SOURCE).select(["n", "note"]).to_pylist() == [
        {"n": 1.0, "note": None},
        {"n": 2.0, "note": "x"},
    ]


def test_what_does_not_fit_together_is_refused_in_words(tmp_path: Path) -> None:
    part(tmp_path / "kinds", "a.parquet", 1)
    part(tmp_path / "kinds", "b.parquet", 2, kind=pa.string())
    part(tmp_path / "keys", "year=2013/a.parquet", 1)
    part(tmp_path / "keys", "a.parquet", 1)
    part(tmp_path / "twice", "n=1/a.parquet", 1)
    part(tmp_path / "broken", "year=2013/a.parquet", 1)
    (tmp_path / "broken" / "year=2013" / "b.parquet").write_bytes(b"PAR1")
    (tmp_path / "empty").mkdir()
    said = {
        "kinds": "The files of the folder do not fit together: .*incompatible types",
        "keys": "The folder has files with different partitions: none and year=",
        "twice": "Column 'n' is in a.parquet and in the name of its folder; one would be lost",
        "broken": "year=2013/b.parquet: The file is truncated",
        "empty": "The folder has no files",
    }

    for name, words in said.items():
        with pytest.raises(UnreadableFile, match=words):
            partitions.table(tmp_path / name, SOURCE)


def test_a_folder_is_no_file_of_another_format(make: Callable[[], Home], tmp_path: Path) -> None:
    (tmp_path / "sales").mkdir()
    home = make()
    path = tmp_path / "pipelines" / "sales.yaml"
    path.write_text(path.read_text().replace("{file: sales,", "{kind: csv, file: sales,"))

    with pytest.raises(LandingFolderMissing, match="sales is not a file"):
        source_kinds.of(home, "sales").fetch()
