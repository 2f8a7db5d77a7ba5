"""Are the values that were stored those that were delivered? Looked at without any code that took them in."""

import io
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

OURS = ("_aside", "_reasons")
DIGITS = "_digits_of_"
"""Before the name of a time: its digits beyond microseconds."""
_NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def of(content: bytes) -> "Counter[tuple[Any, ...]]":
    """The rows of a parquet file, counted; each is its columns by name, as plain values that can be compared."""
    return rows(pq.ParquetFile(io.BytesIO(content)).read())


def rows(table: pa.Table) -> "Counter[tuple[Any, ...]]":
    """The same of a table."""
    there = set(table.column_names)
    names = sorted(name for name in there - set(OURS) if not name.startswith(DIGITS))
    columns = [_column(table, name, f"{DIGITS}{name}" in there) for name in names]
    return Counter(zip(*([name] * table.num_rows for name in names), *columns, strict=True))


def _column(table: pa.Table, name: str, has_digits: bool) -> list[Any]:
    """The values of a column; a time with the digits that are kept beside it."""
    values = list(_values(table.column(name).combine_chunks()))
    if not has_digits:
        return values
    digits = table.column(f"{DIGITS}{name}").to_pylist()
    return [(value[0], value[1] + int((more or "0").ljust(3, "0"))) for value, more in zip(values, digits, strict=True)]


def _values(column: pa.Array) -> Iterator[Any]:
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _values(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        # A time of no zone is another value than the same figures in UTC; beyond the calendar only ticks remain.
        factor, zoned = _NANOSECONDS[kind.unit], kind.tz is not None
        return ((zoned, tick * factor) if tick is not None else None for tick in column.cast(pa.int64()).to_pylist())
    return (_plain(value) for value in column.to_pylist())


def _plain(value: Any) -> Any:
    """Missing is None, however it is stored; 5 equals 5.0, exactly."""
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, dict):
        return tuple(sorted((key, _plain(inner)) for key, inner in value.items()))
    return tuple(map(_plain, value)) if isinstance(value, list) else value
