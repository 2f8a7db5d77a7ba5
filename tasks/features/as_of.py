"""Joins as of a time: for each row the newest line of its key that held, and was known, when the row happened.

DuckDB joins. A line has two times, and a join can go by one of them: rows whose line was not known yet are asked again
for the line before it, until each has one that was known, or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from configs.errors import InvalidSettings

Micros = NDArray[np.int64]
"""Times in microseconds since 1970, in UTC."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Lines:
    """The lines of a table; whoever asks knows their values by their places."""

    keys: Sequence[pa.Array]
    """One array for each column of the key."""
    holds: Micros
    """From when on each holds."""
    known: Micros | None = None
    """When each was known; None: when it began to hold."""


@dataclass(frozen=True)
class Asked:
    """The rows that are joined."""

    keys: Sequence[pa.Array]
    """As those of the lines; where one is missing there is no line."""
    happened: Micros
    """When each happened: a line that begins to hold later is none of it."""
    arrived: Micros | None = None
    """When each arrived: a line that was known later is none of it. None: when it happened."""


def places(rows: Asked, lines: Lines, at_most: timedelta | None = None) -> NDArray[np.int64]:
    """The place of the line of each row, shape (rows,); -1 where there is none.

    Of lines of one key that begin to hold at one time the one counts that was known last, as far as it was known.

    Args:
        rows: What is joined.
        lines: With what.
        at_most: How old a line may be, counted from when it began to hold.
    """
    found = np.full(len(rows.happened), -1, dtype=np.int64)
    if not len(lines.holds) or not len(found):
        return found
    found = _newest(rows.keys, rows.happened, lines.keys, lines.holds) if lines.known is None else _known(rows, lines)
    if at_most is not None:
        found[(found >= 0) & (rows.happened - lines.holds[found] > at_most // _MICROSECOND)] = -1
    return found


def _known(rows: Asked, lines: Lines) -> NDArray[np.int64]:
    """The same where a line may hold before it is known: lines get numbers by both times, and join by these."""
    assert lines.known is not None
    known = np.maximum(lines.known, lines.holds)
    order = np.lexsort((known, lines.holds))
    holds, known = lines.holds[order], known[order]
    keys, numbers = [key.take(pa.array(order)) for key in lines.keys], np.arange(len(order))
    arrived = rows.happened if rows.arrived is None else np.maximum(rows.arrived, rows.happened)
    below = np.searchsorted(holds, rows.happened, side="right")
    found, left = np.full(len(below), -1, dtype=np.int64), np.arange(len(below))
    while len(left):
        hits = _newest([key.take(pa.array(left)) for key in rows.keys], below[left] - 1, keys, numbers)
        late = (hits >= 0) & (known[hits] > arrived[left])
        found[left[~late]] = hits[~late]
        left = left[late]
        below[left] = hits[late]
    return np.where(found >= 0, order[found], -1)


def _newest(
    keys: Sequence[pa.Array], moments: NDArray[np.int64], of: Sequence[pa.Array], begins: NDArray[np.int64]
) -> NDArray[np.int64]:
    """For each row the place of the last line of its key that begins by then; -1 for none."""
    try:
        import duckdb
    except ImportError as err:
        raise InvalidSettings(
            "features.tables: joins need DuckDB, which is not installed. Install the package duckdb (extra `sql` in "
            "pyproject.toml)."
        ) from err
    with duckdb.connect() as database:
        database.register("asked", _table(keys, moments))
        database.register("lines", _table(of, begins))
        same = " and ".join(f"asked.k{place} = lines.k{place}" for place in range(len(keys)))
        join = f"asked asof join lines on {same} and asked.moment >= lines.moment"
        hits = database.execute(f"select asked.place, lines.place as line from {join}").fetchnumpy()  # noqa: S608
    newest = np.full(len(moments), -1, dtype=np.int64)
    newest[np.asarray(hits["place"])] = np.asarray(hits["line"])
    return newest


def _table(keys: Sequence[pa.Array], moments: NDArray[np.int64]) -> pa.Table:
    """Keys with their places and a moment for each."""
    named = {f"k{place}": key for place, key in enumerate(keys)}
    return pa.table({**named, "place": np.arange(len(moments)), "moment": np.asarray(moments, dtype=np.int64)})
