"""Joins as of a time, held against a search through all lines for each row."""

from datetime import timedelta

import numpy as np
import pyarrow as pa
import pytest

from tasks.features import as_of
from tasks.features.as_of import Asked, Lines

SECOND = 1_000_000


def keys(*names: str | None) -> list[pa.Array]:
    return [pa.array(names, pa.string())]


def at(*seconds: int) -> np.ndarray:
    return np.array(seconds, dtype=np.int64) * SECOND


@pytest.mark.parametrize(
    ("happened", "arrived", "holds", "known", "found"),
    [
        ([10], None, [5], None, [0]),
        ([10], None, [10], None, [0]),  # it begins to hold at that moment
        ([10], None, [11], None, [-1]),  # it lies ahead
        ([10], None, [3, 5, 11], None, [1]),  # the newest
        ([10], None, [5, 3, 11], None, [0]),  # whatever their order
        ([10], None, [5], [12], [-1]),  # it held, and nobody knew
        ([10], [12], [5], [12], [0]),  # known when the row arrived
        ([10], [11], [3, 5], [4, 12], [0]),  # the one before was known
        ([10], [11], [3, 4, 5], [20, 4, 20], [1]),
        ([10], None, [5, 5], [6, 7], [1]),  # corrected in time
        ([10], None, [5, 5], [6, 12], [0]),  # corrected too late
        ([10], [8], [9], [9], [0]),  # a row that claims to have arrived before it happened
        ([10], None, [5], [2], [0]),  # known before it held
    ],
)
def test_the_newest_line_that_held_and_was_known(
    happened: list[int], arrived: list[int] | None, holds: list[int], known: list[int] | None, found: list[int]
) -> None:
    rows = Asked(keys(*["a"] * len(happened)), at(*happened), None if arrived is None else at(*arrived))
    lines = Lines(keys(*["a"] * len(holds)), at(*holds), None if known is None else at(*known))

    assert as_of.places(rows, lines).tolist() == found


def test_lines_of_other_keys_and_of_none_are_nobodys() -> None:
    rows = Asked([pa.array(["a", "b", None]), pa.array([1, 2, 1])], at(9, 9, 9))
    lines = Lines([pa.array(["b", "a", None, "a"]), pa.array([1, 2, 1, 1])], at(1, 1, 1, 1))

    assert as_of.places(rows, lines).tolist() == [3, -1, -1]


@pytest.mark.parametrize(("age", "found"), [(4, [-1]), (5, [0]), (6, [0])])
def test_a_line_that_is_too_old_counts_as_none(age: int, found: list[int]) -> None:
    rows, lines = Asked(keys("a"), at(10)), Lines(keys("a"), at(5))

    assert as_of.places(rows, lines, timedelta(seconds=age)).tolist() == found


def test_a_row_whose_time_is_missing_has_no_line() -> None:
    rows = Asked(keys("a"), np.array([np.iinfo(np.int64).min]))

    assert as_of.places(rows, Lines(keys("a"), at(5)), timedelta(days=1)).tolist() == [-1]


def test_no_lines_and_no_rows() -> None:
    assert as_of.places(Asked(keys("a"), at(5)), Lines(keys(), at())).tolist() == [-1]
    assert as_of.places(Asked(keys(), at()), Lines(keys("a"), at(5))).tolist() == []


@pytest.mark.parametrize("seed", range(20))
def test_as_a_search_through_all_lines_finds_them(seed: int) -> None:
    source = np.random.default_rng(seed)
    rows, lines = 150, 120
    names, named = source.integers(0, 6, rows), source.integers(0, 6, lines)
    happened, holds = source.integers(0, 500, rows), source.integers(0, 500, lines)
    arrived, known = happened + source.integers(0, 40, rows), holds + source.integers(0, 200, lines)

    found = as_of.places(Asked([pa.array(names)], happened, arrived), Lines([pa.array(named)], holds, known))

    for row, place in enumerate(found):
        fits = (named == names[row]) & (holds <= happened[row]) & (known <= arrived[row])
        best = max(((holds[line], known[line]) for line in np.flatnonzero(fits)), default=None)
        assert (None if place < 0 else (holds[place], known[place])) == best
        assert place < 0 or fits[place]
