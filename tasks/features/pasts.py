"""The past of a key: what its earlier rows say that were known before a row happened.

A row of the past counts from the moment at which it was known: when it happened and had arrived, and where its label is
asked for, when that was known. So no row sees itself, nor anything that was not known yet.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.features.as_of import Micros

Values = NDArray[Any]
_MICROSECOND = timedelta(microseconds=1)
_DAY = 86_400_000_000.0


def take(
    what: str,
    over: timedelta,
    asked: tuple[NDArray[np.int64], Micros],
    past: tuple[NDArray[np.int64], Micros, Values],
) -> Values:
    """What the past says for each row, shape (rows,); missing where it says nothing (a count is 0).

    Args:
        what: One of `configs.joined.Take`.
        over: How far back.
        asked: The key of each row, as a number (below 0: none), and when it happened.
        past: The same of the rows of the past, with when each was known, and its value; where the value is missing it
            is passed over.
    """
    keys, known, values = past
    if what not in ("count", "days_since"):
        there = np.asarray(pd.notna(values))
        keys, known, values = keys[there], known[there], values[there]
    order = np.lexsort((known, keys))
    keys, known, values = keys[order], known[order], values[order]
    ends = _place(keys, known, asked[0], asked[1])
    begins = _place(keys, known, asked[0], asked[1] - over // _MICROSECOND)
    counts = np.where(asked[0] < 0, 0, ends - begins)
    return _TAKEN[what](values, known, asked[1], begins, ends, counts)


def _place(keys: NDArray[np.int64], known: Micros, asked: NDArray[np.int64], before: Micros) -> NDArray[np.int64]:
    """How many rows of the past stand before a row's key and moment; those known at that very moment do not."""
    both = np.lexsort(
        (
            np.concatenate([np.ones(len(keys)), np.zeros(len(asked))]),
            np.concatenate([known, before]),
            np.concatenate([keys, asked]),
        )
    )
    is_past = both < len(keys)
    places = np.empty(len(asked), dtype=np.int64)
    places[both[~is_past] - len(keys)] = np.cumsum(is_past)[~is_past]
    return places


def _sums(values: Values, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.float64]:
    whole: NDArray[np.float64] = np.concatenate([[0.0], np.cumsum(values.astype(np.float64))])
    return np.asarray(whole[ends] - whole[begins])


def _count(values: Values, known: Micros, now: Micros, begins: Any, ends: Any, counts: Any) -> Values:
    return np.asarray(counts, dtype=np.float64)


def _sum(values: Values, known: Micros, now: Micros, begins: Any, ends: Any, counts: Any) -> Values:
    return np.where(counts > 0, _sums(values, begins, ends), np.nan)


def _mean(values: Values, known: Micros, now: Micros, begins: Any, ends: Any, counts: Any) -> Values:
    return np.where(counts > 0, _sums(values, begins, ends) / np.maximum(counts, 1), np.nan)


def _extreme(of: Any) -> Callable[..., Values]:
    def taken(values: Values, known: Micros, now: Micros, begins: Any, ends: Any, counts: Any) -> Values:
        result, there = np.full(len(counts), np.nan), np.flatnonzero(counts > 0)
        if len(there):
            padded = np.append(values.astype(np.float64), np.nan)
            borders = np.stack([begins[there], ends[there]], axis=1).ravel()
            result[there] = of.reduceat(padded, borders)[::2]
        return result

    return taken


def _last(values: Values, known: Micros, now: Micros, begins: Any, ends: Any, counts: Any) -> Values:
    there = counts > 0
    result = np.full(len(counts), np.nan, dtype=values.dtype if values.dtype == object else np.float64)
    result[there] = values[ends[there] - 1]
    return result


def _days_since(values: Values, known: Micros, now: Micros, begins: Any, ends: Any, counts: Any) -> Values:
    result, there = np.full(len(counts), np.nan), counts > 0
    result[there] = (now[there] - known[ends[there] - 1]) / _DAY
    return result


_TAKEN: Mapping[str, Callable[..., Values]] = {
    "count": _count,
    "sum": _sum,
    "mean": _mean,
    "min": _extreme(np.minimum),
    "max": _extreme(np.maximum),
    "last": _last,
    "days_since": _days_since,
}


def numbered(columns: Sequence[tuple[Values, Values]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys as numbers, the same for the same key in both; -1 where a part is missing.

    Args:
        columns: Of each column of the key the values of the rows, and those of the past.
    """
    codes = [pd.factorize(np.concatenate([np.asarray(one, dtype=object) for one in pair]))[0] for pair in columns]
    missing = np.any([one < 0 for one in codes], axis=0)
    together = codes[0].astype(np.int64)
    for one in codes[1:]:
        together = pd.factorize(together * (one.max(initial=0) + 2) + one + 1)[0].astype(np.int64)
    together[missing] = -1
    first = len(columns[0][0])
    return together[:first], together[first:]
