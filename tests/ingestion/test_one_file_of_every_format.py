"""One file of every format as a source: its windows are deliveries, and what grew brings only what is new."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.adapters.home import Home
from tasks.ingestion.sources import source_kinds
from tasks.ingestion.steps import arrivals
from tests import shop

YAML = """
title: Will it be sold?
ingestion:
  source: {kind: %s, file: sales.data, cut: {days: 1}, timezone: UTC}
  times: {event: at}
validation:
  columns:
    at: {type: timestamp}
    shop: {type: category, nullable: true}
    price: {type: number, nullable: true}
    sold: {type: boolean}
training: {label: sold, features: [shop], candidates: [{family: logistic_regression}]}
"""
START = datetime.fromisoformat("2013-01-01T04:00")
Record = dict[str, Any]


def records(days: int) -> list[Record]:
    """Three rows of each day; a note changes its kind."""
    return [
        {
            "at": START + timedelta(days=day, hours=hour),
            "shop": None if hour == 2 else "ab"[hour],
            "price": [1, 1.25, None][hour],
            "sold": day % 2 == 0,
        }
        for day in range(days)
        for hour in range(3)
    ]


def as_lines(rows: list[Record]) -> bytes:
    texts = [{**row, "at": row["at"].isoformat(), "note": row["price"] or "x"} for row in rows]
    return "".join(f"{json.dumps(row)}\n" for row in texts).encode()


def as_table(rows: list[Record]) -> pa.Table:
    return pa.Table.from_pylist(rows).set_column(0, "at", pa.array([row["at"] for row in rows], pa.timestamp("us")))


def as_arrow(rows: list[Record]) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, as_table(rows).schema) as writer:
        writer.write_table(as_table(rows))
    return sink.getvalue()


def as_parquet(rows: list[Record]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(as_table(rows), sink)
    return sink.getvalue()


def as_book(rows: list[Record]) -> bytes:
    book, sink = openpyxl.Workbook(), io.BytesIO()
    book.active.append(list(rows[0]))
    for row in rows:
        book.active.append(list(row.values()))
    book.save(sink)
    return sink.getvalue()


def as_csv(rows: list[Record]) -> bytes:
    return (
        pd.DataFrame(rows)
        .to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%S")
        .replace("True", "true")
        .replace("False", "false")
        .encode()
    )


KINDS: dict[str, Callable[[list[Record]], bytes]] = {
    "json_lines": as_lines, "arrow": as_arrow, "parquet": as_parquet, "excel": as_book, "csv": as_csv,
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_its_windows_are_read_as_the_file_has_them(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    shop.write_pipeline(tmp_path / "pipelines", "sales", YAML % kind)
    home = Home(tmp_path / "home", clock=lambda: datetime(2020, 1, 1, tzinfo=UTC))
    source, file = source_kinds.of(home, "sales"), tmp_path / "sales.data"

    file.write_bytes(KINDS[kind](records(2)))
    first = source.fetch()
    file.write_bytes(KINDS[kind]([*records(3), {**records(1)[1], "shop": "late"}]))
    second = source.fetch()
    file.write_bytes(KINDS[kind]([*reversed(records(3)), {**records(1)[1], "shop": "late"}]))
    third = source.fetch()

    assert (first, second, third) == (["2013-01-01", "2013-01-02"], ["2013-01-01-2", "2013-01-03"], [])
    assert source.gone() == {}
    found = [arrivals.read(home, "sales", one) for one in arrivals.look(home, "sales").deliveries]
    assert [len(frame) for frame in found] == [3, 1, 3, 3]
    assert found[0]["at"].tolist() == [pd.Timestamp(START + timedelta(hours=hour), tz="UTC") for hour in range(3)]
    assert found[0]["price"].tolist()[:2] == [1, 1.25]
    assert found[0]["shop"].isna().tolist() == [False, False, True]
    assert found[0]["sold"].tolist() == [True] * 3
    assert found[1]["shop"].tolist() == ["late"]
    home.close()
