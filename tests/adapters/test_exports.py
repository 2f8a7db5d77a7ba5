"""Exports: every row in the file, in its format, or no file at all."""

import json
import math
import stat
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from configs.errors import MistakeOfUser
from tasks.adapters import exports

ROWS = pa.table({"a": [1, 2, 3], "b": ["x", None, "z, 'z'"], "c": [0.5, None, 1.5]})


def write(path: Path, table: pa.Table = ROWS, batch: int = 2) -> int:
    return exports.write(path, table.schema, table.to_batches(batch))


def test_each_format_holds_all_rows(tmp_path: Path) -> None:
    paths = {suffix: tmp_path / f"rows{suffix}" for suffix in exports.FORMATS}

    counts = [write(path) for path in paths.values()]

    assert counts == [3, 3, 3, 3]
    assert pq.read_table(paths[".parquet"]).equals(ROWS)
    assert csv.read_csv(paths[".csv"]).column("b").to_pylist() == ["x", "", "z, 'z'"]
    assert json.loads(paths[".json"].read_text()) == ROWS.to_pylist()
    assert [json.loads(line) for line in paths[".jsonl"].read_text().splitlines()] == ROWS.to_pylist()
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths.values()} == {0o600}


@pytest.mark.parametrize("suffix", exports.FORMATS)
def test_no_rows_are_a_file_too(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"none{suffix}"

    assert exports.write(path, ROWS.schema, []) == 0
    assert path.exists()
    assert suffix != ".json" or json.loads(path.read_text()) == []


def test_where_rows_stop_coming_the_file_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("before")

    def broken() -> Iterator[pa.RecordBatch]:
        yield from ROWS.to_batches()
        raise MistakeOfUser("no more")

    with pytest.raises(MistakeOfUser, match="no more"):
        exports.write(path, ROWS.schema, broken())

    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("rows.csv", "before")]


def test_what_a_format_does_not_hold_is_said(tmp_path: Path) -> None:
    nested = pa.table({"a": [[1, 2]]})

    with pytest.raises(MistakeOfUser, match="this format does not hold the answer"):
        write(tmp_path / "rows.csv", nested)

    assert list(tmp_path.iterdir()) == []
    assert write(tmp_path / "rows.json", nested) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rows.xlsx", "name a file that ends with .csv, .parquet, .json, .jsonl"),
        ("rows", "name a file that ends with"),
        ("home/ledger.db", "name a file that ends with"),
        ("nowhere/rows.csv", "there is no folder"),
        ("folder.csv", "that is a folder"),
        (f"{'x' * 300}.csv", "File name too long"),
        ("home/store/rows.parquet", "Incumbent keeps files of its own in"),
        ("link/rows.parquet", "Incumbent keeps files of its own in"),
    ],
)
def test_a_place_that_will_not_do_is_refused_beforehand(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "home" / "store").mkdir(parents=True)
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "home" / "store")

    with pytest.raises(MistakeOfUser, match=words):
        exports.require(tmp_path / name, tmp_path / "home")

    exports.require(tmp_path / "rows.CSV", tmp_path / "home")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (math.nan, None),
        (-math.inf, None),
        (Decimal("1.50"), "1.50"),
        (datetime(2013, 1, 1, tzinfo=UTC), "2013-01-01T00:00:00+00:00"),
        (date(2013, 1, 1), "2013-01-01"),
        (timedelta(days=1), "1 day, 0:00:00"),
        (b"\x00\xff", "AP8="),
        ({"a": [math.nan, {"b": b""}]}, {"a": [None, {"b": ""}]}),
        (2**70, 2**70),
        (True, True),
    ],
)
def test_every_value_can_be_written_as_json(value: object, written: object) -> None:
    assert exports.plain(value) == written
    json.dumps(exports.plain(value), allow_nan=False)
