"""The pipeline that the corpus is dropped on, its good rows, and the words in which an outcome is expected.

Each case gets a day of its own, so that none meets the rows of another one.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

PIPELINE, SHEETS = "corpus", "sheets"
"""The same contract for parquet and for CSV."""
YAML = """
title: Will it be sold?
ingestion:
  times: {event: at, arrival: learned, label: settled}
validation:
  key: [at, shop]
  columns:
    at: {type: timestamp}
    learned: {type: timestamp}
    settled: {type: timestamp, nullable: true}
    shop: {type: category}
    colour: {type: category, nullable: true, values: [red, green, blue]}
    items: {type: integer, nullable: true, min: 0}
    price: {type: number, nullable: true, max: 1000, unit: €}
    gift: {type: boolean, nullable: true}
    sold: {type: boolean, nullable: true}
training:
  label: sold
  features: [shop, colour, items, price, gift]
  min_rows: 20
  candidates: [{family: logistic_regression, min_frequency: 5}]
"""
SHEETS_YAML = YAML.replace("ingestion:\n", "ingestion:\n  source: {kind: csv}\n")
START = pd.Timestamp("1700-01-01", tz="UTC")
ROWS = 40
"""Rows of each good file; two of them may be quarantined."""

Change = Callable[[pd.DataFrame], pd.DataFrame]
Make = Callable[[pd.DataFrame], bytes]
Place = Callable[[Path, pd.DataFrame], None]


@dataclass(frozen=True)
class Expected:
    """What has to become of a file."""

    status: str
    """accepted, refused, duplicate, or ignored: not seen as a delivery at all."""
    landed: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    said: str = ""
    """Why it was refused, or what the contract found in it: `column: demand (rows)`."""


@dataclass(frozen=True)
class Case:
    """One bad (or odd) file."""

    name: str
    """As it is listed: the file's name without its ending, readable."""
    place: Place
    """Puts it into the landing folder."""
    expected: Expected
    also: tuple[tuple[str, Expected], ...] = ()
    """What becomes of other deliveries that it puts there."""


def accepted(rows: int = ROWS) -> Expected:
    """Everything comes in."""
    return Expected("accepted", rows, rows)


def sorted_out(quarantined: int, said: str = "", duplicates: int = 0, rows: int = ROWS) -> Expected:
    """Some rows are set aside."""
    return Expected("accepted", rows, rows - quarantined - duplicates, quarantined, duplicates, said)


def refused(said: str, rows: int = 0) -> Expected:
    """Set aside whole; with as many rows as could be counted."""
    return Expected("refused", rows, 0, rows, 0, said)


def good(day: int, rows: int = ROWS) -> pd.DataFrame:
    """The sales of one day, half an hour apart."""
    source = np.random.default_rng(1000 + day)
    shop = source.choice(["a", "b", "c"], rows)
    at = START + pd.Timedelta(days=day) + pd.to_timedelta(np.arange(rows) * 30, unit="min")
    return pd.DataFrame(
        {
            "at": at.as_unit("us"),
            "learned": (at + pd.Timedelta(hours=1)).as_unit("us"),
            "settled": (at + pd.Timedelta(hours=3)).as_unit("us"),
            "shop": pd.Series(shop, dtype="str"),
            "colour": pd.Series(source.choice(["red", "green", "blue"], rows), dtype="str"),
            "items": pd.array(source.integers(0, 9, rows), dtype="Int64"),
            "price": source.normal(5, 1, rows).round(2),
            "gift": pd.array(source.random(rows) < 0.3, dtype="boolean"),
            "sold": pd.array((shop == "a") ^ (source.random(rows) < 0.1), dtype="boolean"),
        }
    )


# ── bytes ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def parquet(rows: pd.DataFrame | pa.Table, **options: Any) -> bytes:
    """Rows as the bytes of a parquet file."""
    table = rows if isinstance(rows, pa.Table) else plain(rows)
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def plain(rows: pd.DataFrame) -> pa.Table:
    """Rows as a table that says nothing about pandas."""
    return pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)


def with_column(rows: pd.DataFrame, name: str, values: Any, kind: Any = None) -> pa.Table:
    """The rows with one column in place of another one, or added at the end."""
    table, column = plain(rows), pa.array(values, type=kind) if not isinstance(values, pa.Array) else values
    place = table.schema.get_field_index(name)
    return table.append_column(name, column) if place < 0 else table.set_column(place, name, column)


# ── cases ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def duplicate(rows: int = ROWS) -> Expected:
    """Content that is known under another name."""
    return Expected("duplicate", rows)


def file(name: str, make: Make, expected: Expected, ending: str = ".parquet") -> Case:
    """A file whose bytes are made from the good rows of its day."""

    def place(folder: Path, rows: pd.DataFrame) -> None:
        (folder / f"{name}{ending}").write_bytes(make(rows))

    return Case(name, place, expected)


def changed(name: str, change: Callable[[pd.DataFrame], pd.DataFrame | pa.Table], expected: Expected) -> Case:
    """A parquet file of changed rows."""
    return file(name, lambda rows: parquet(change(rows)), expected)


def first(rows: pd.DataFrame, name: str, *values: Any) -> pd.DataFrame:
    """The rows with other values in the first places of one column."""
    column = rows[name].astype(object)
    column.iloc[: len(values)] = list(values)
    return rows.assign(**{name: column})
