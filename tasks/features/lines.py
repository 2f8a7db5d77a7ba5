"""Lines of a table: which of a delivery are used, and the values that they give to rows.

Add here what is wrong with lines. Which line a row gets is decided in `as_of`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from configs.joined import Table
from configs.section import ColumnType
from tasks.features.as_of import Asked, Lines, Micros, places
from tasks.ingestion.columns import HELD

_KEYS: Mapping[ColumnType, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "category": pa.string(),
    "boolean": pa.bool_(),
    "timestamp": pa.timestamp("us", "UTC"),
}


@dataclass(frozen=True)
class SortedOut:
    """The lines of a delivery: `len(used) + repeated + contradicting + unusable` are all that landed."""

    used: pd.DataFrame
    repeated: int
    contradicting: int
    unusable: int


def sort_out(frame: pd.DataFrame, table: Table) -> SortedOut:
    """Which lines of a delivery are used, with the columns of the table alone."""
    named = table.names_of_lines
    columns = list(dict.fromkeys([*named, *table.columns.values()]))
    rows = frame[columns]
    usable = rows[named].notna().all(axis=1)
    whole = rows[usable]
    once = whole.drop_duplicates()
    alone = ~once.duplicated(named, keep=False)
    used = once[alone].reset_index(drop=True)
    return SortedOut(used, len(whole) - len(once), int((~alone).sum()), int((~usable).sum()))


def together(parts: Sequence[pd.DataFrame], table: Table) -> pd.DataFrame:
    """The lines of several deliveries, in their order; of lines of one key and time the one that was delivered last."""
    named = table.names_of_lines
    return pd.concat(parts, ignore_index=True).drop_duplicates(named, keep="last").reset_index(drop=True)


@dataclass(frozen=True)
class Rows:
    """The rows that are joined."""

    frame: pd.DataFrame
    types: Mapping[str, ColumnType]
    """Of the columns of the contract."""
    event: str
    """The column that says when a row happened."""
    arrival: str | None
    """The one that says when it arrived."""


def values(rows: Rows, lines: pd.DataFrame | None, table: Table) -> dict[str, "pd.Series[Any]"]:
    """The columns of rows that a table fills, by name; `lines` are None if it has none yet."""
    found = places_of(rows, lines, table)
    columns = {ours: None if lines is None else lines[theirs] for ours, theirs in table.columns.items()}
    return {ours: _taken(column, found, rows.types[ours], rows.frame.index) for ours, column in columns.items()}


def places_of(rows: Rows, lines: pd.DataFrame | None, table: Table) -> NDArray[np.int64]:
    """The place of the line of each row, shape (rows,); -1 where there is none."""
    frame, types = rows.frame, rows.types
    if lines is None or frame.empty:
        return np.full(len(frame), -1, dtype=np.int64)
    asked = [_key(frame[ours], types[ours]) for ours in table.key.values()]
    there = [_key(lines[theirs], types[ours]) for theirs, ours in table.key.items()]
    arrived = micros(frame[rows.arrival]) if rows.arrival else None
    known = micros(lines[table.known]) if table.known else None
    return places(
        Asked(asked, micros(frame[rows.event]), arrived), Lines(there, micros(lines[table.time]), known), table.age
    )


def micros(times: "pd.Series[Any]") -> Micros:
    """Times in microseconds since 1970; what is missing lies before all others."""
    held: Micros = times.to_numpy(dtype="datetime64[us]").astype(np.int64)
    return held


def _key(column: "pd.Series[Any]", kind: ColumnType) -> pa.Array:
    held = pa.array(column, from_pandas=True)
    return held.cast(_KEYS[kind])


def _taken(
    column: "pd.Series[Any] | None", found: NDArray[np.int64], kind: ColumnType, index: "pd.Index[Any]"
) -> "pd.Series[Any]":
    """Values of chosen lines; missing where there is none."""
    if column is None:
        column = pd.Series([], dtype=HELD[kind])
    return pd.Series(pd.api.extensions.take(column.astype(HELD[kind]).array, found, allow_fill=True), index=index)
