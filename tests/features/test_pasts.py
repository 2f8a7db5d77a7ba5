"""What the past of a key says, held against a search through all earlier rows for each row."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from tasks.features import pasts

DAY = 86_400_000_000
OVER = timedelta(days=10)


def taken(what: str, now: int, known: list[int], values: list[Any], over: timedelta = OVER) -> Any:
    """What is taken of the past of one key at the end of a day; `known` are days."""
    moments = np.array(known, dtype=np.int64) * DAY
    asked = np.zeros(1, dtype=np.int64), np.array([now * DAY])
    return pasts.take(what, over, asked, (np.zeros(len(known), dtype=np.int64), moments, np.array(values)))[0]


@pytest.mark.parametrize(
    ("what", "known", "values", "expected"),
    [
        ("count", [], [], 0),
        ("count", [1, 2, 3], [0.0, 0.0, 0.0], 3),
        ("count", [1, 2, 3], [np.nan, 0.0, 0.0], 3),  # a row is one, whatever its value
        ("mean", [], [], np.nan),
        ("mean", [1, 2], [1.0, 4.0], 2.5),
        ("mean", [1, 2], [np.nan, 4.0], 4.0),
        ("mean", [1, 2], [np.nan, np.nan], np.nan),
        ("sum", [1, 2], [1.0, 4.0], 5.0),
        ("min", [1, 2, 3], [3.0, 1.0, 2.0], 1.0),
        ("max", [1, 2, 3], [2.0, 3.0, 1.0], 3.0),
        ("last", [3, 1, 2], [7.0, 8.0, 9.0], 7.0),
        ("last", [1, 2], [7.0, np.nan], 7.0),
        ("days_since", [1, 3], [0.0, 0.0], 7.0),
        ("days_since", [], [], np.nan),
        ("count", [10, 11], [0.0, 0.0], 0),  # known at that very moment, or later: not the past
        ("count", [0, -1], [0.0, 0.0], 1),  # further back than asked for
    ],
)
def test_what_is_taken(what: str, known: list[int], values: list[float], expected: float) -> None:
    assert taken(what, 10, known, values) == pytest.approx(expected, nan_ok=True)


def test_the_last_text() -> None:
    values = np.array(["red", None, "blue"], dtype=object)
    past = np.zeros(3, dtype=np.int64), np.array([1, 2, 30]) * DAY, values

    found = pasts.take("last", OVER, (np.array([0, 1]), np.array([5, 5]) * DAY), past)

    assert found[0] == "red" and found[1] != found[1]


@pytest.mark.parametrize("what", ["count", "mean", "sum", "min", "max", "last", "days_since"])
@pytest.mark.parametrize("seed", range(4))
def test_as_a_search_through_all_rows_finds_it(what: str, seed: int) -> None:
    source = np.random.default_rng(seed)
    asked = source.integers(-1, 5, 80), source.integers(0, 400, 80) * DAY // 10
    keys, known = source.integers(0, 5, 100), source.integers(0, 400, 100) * DAY // 10
    values = np.where(source.random(100) < 0.2, np.nan, source.normal(size=100))

    found = pasts.take(what, OVER, asked, (keys, known, values))

    for row, (key, now) in enumerate(zip(*asked, strict=True)):
        counts = what in ("count", "days_since")
        fits = (keys == key) & (known < now) & (known >= now - 10 * DAY) & (counts | ~np.isnan(values))
        assert found[row] == pytest.approx(_searched(what, now, known[fits], values[fits]), nan_ok=True)


def _searched(what: str, now: int, known: np.ndarray, values: np.ndarray) -> float:
    if not len(known):
        return 0.0 if what == "count" else np.nan
    if what in ("last", "days_since"):
        return float(values[np.argsort(known, kind="stable")[-1]] if what == "last" else (now - known.max()) / DAY)
    return float({"count": len, "mean": np.mean, "sum": np.sum, "min": np.min, "max": np.max}[what](values))


def test_keys_of_several_columns_are_the_same_where_all_parts_are() -> None:
    rows = np.array(["a", "a", None, "b"], dtype=object), np.array([1, 2, 1, 1])
    past = np.array(["b", "a", "a"], dtype=object), np.array([1.0, 2.0, 3.0])

    asked, there = pasts.numbered([(rows[0], past[0]), (rows[1], past[1])])

    assert asked[2] == -1
    assert [list(there).index(key) if key in there else None for key in asked] == [None, 1, None, 0]
