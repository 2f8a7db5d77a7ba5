"""Columns that give the label away: nearly the label itself, or known only after it.

Each column is asked alone: rows are put into groups by its values, half of them say what is usual in a group, the other
half is predicted by that. Add a way here in which a column tells too much. Nothing here proves a leak, and a leak that
needs two columns is not seen, but for two that add up to the label.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.drafting.survey import Column

_ROWS = 20_000
_BINS = 32
_LEVELS = 60
_SAME = 0.97
"""From this AUC, or share of explained variance, on, a column is nearly the label."""
_SAME_NUMBER = 0.9
_STRONG = 0.9
_PURE, _PURE_SHARE, _PURE_ROWS = 0.999, 0.2, 50
_MOST_SUMMED = 40
_COMMON = {
    "date", "time", "last", "first", "day", "timestamp", "label", "known", "end", "customer", "user", "order", "loan",
}  # fmt: skip


@dataclass(frozen=True)
class Leak:
    """A column that tells too much."""

    column: str
    why: str
    is_certain: bool
    """Whether it is left out of the features; else it is said only."""


def suspects(columns: Sequence[Column], label: NDArray[np.float64], *, is_yes_or_no: bool, named: str) -> list[Leak]:
    """The columns that tell too much about the label, and why.

    Args:
        columns: Those that could be features.
        label: Of each row: 1 for yes and 0 for no, or the number; NaN where it is not known. Shape (rows,).
        is_yes_or_no: Which of the two it is.
        named: What the label is called.
    """
    rows = np.flatnonzero(~np.isnan(label))
    rows = rows[:: max(len(rows) // _ROWS, 1)]
    if len(rows) < 4 * _PURE_ROWS:
        return []
    answers = label[rows]
    leaks = [leak for column in columns if (leak := _suspect(column, rows, answers, is_yes_or_no))]
    if not is_yes_or_no:
        suspected = {leak.column for leak in leaks if leak.is_certain}
        leaks = [leak for leak in leaks if leak.column not in suspected or leak.is_certain]
        leaks += [leak for leak in _summands(columns, rows, answers, named) if leak.column not in suspected]
    return leaks


def of_the_outcome(columns: Sequence[Column], label_time: Sequence[str]) -> list[Leak]:
    """Columns that share a word of their name with the time at which the label is known: `total_paid`, `paid_at`."""
    words = {word for name in label_time for word in _words(name)} - _COMMON
    shared = {column.name: sorted(words & _words(column.name)) for column in columns}
    return [
        Leak(
            name,
            f"it may be known only after the label: {', '.join(label_time)} has {both[0]!r} in its name, too",
            True,
        )
        for name, both in shared.items()
        if both
    ]


def _words(name: str) -> set[str]:
    return {word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+", name) if len(word) > 2}


def _suspect(column: Column, rows: NDArray[np.int64], answers: NDArray[np.float64], yes_or_no: bool) -> Leak | None:
    groups = _groups(column, rows)
    if yes_or_no:
        auc = _auc(_expected(groups, answers), answers)
        if auc >= _SAME:
            return Leak(column.name, f"it is nearly the label itself (alone it has an AUC of {auc:.3f})", True)
        pure = _pure(groups, answers)
        if pure >= _PURE_SHARE:
            return Leak(
                column.name, f"it seems to be known only after the label: it alone settles {pure:.0%} of the yes", True
            )
        return (
            Leak(column.name, f"alone it has an AUC of {auc:.2f}: is it known beforehand?", False)
            if auc >= _STRONG
            else None
        )
    share = _explained(_expected(groups, answers), answers)
    if share >= _SAME_NUMBER:
        return Leak(column.name, f"it is nearly the label itself (alone it explains {share:.0%} of it)", True)
    return None


def _groups(column: Column, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """A group for each row, by the column's values; shape as `rows`."""
    if column.numbers is None:
        return np.minimum(column.codes[rows], _LEVELS) + 1
    numbers = column.numbers[rows]
    borders: NDArray[np.float64] = (
        np.unique(np.nanquantile(numbers, np.linspace(0, 1, _BINS + 1))) if not np.isnan(numbers).all() else np.zeros(0)
    )
    inside = np.searchsorted(borders, numbers, side="right")
    return np.where(np.isnan(numbers), 0, inside + 1)


def _halves(size: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    even = np.arange(size) % 2 == 0
    return even, ~even


def _expected(groups: NDArray[np.int64], answers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of each row the mean of its group in the other half, drawn to the overall mean by two rows."""
    expected = np.empty(len(answers))
    for learned, asked in (_halves(len(answers)), _halves(len(answers))[::-1]):
        size = int(groups.max()) + 1
        counts = np.bincount(groups[learned], minlength=size)
        sums = np.bincount(groups[learned], weights=answers[learned], minlength=size)
        means = (sums + 2 * answers[learned].mean()) / (counts + 2)
        expected[asked] = means[groups[asked]]
    return expected


def _auc(scores: NDArray[np.float64], answers: NDArray[np.float64]) -> float:
    from scipy import stats

    yes = answers > 0.5
    many, few = int(yes.sum()), int((~yes).sum())
    if not many or not few:
        return 0.5
    ranks = stats.rankdata(scores)
    return float((ranks[yes].sum() - many * (many + 1) / 2) / (many * few))


def _explained(expected: NDArray[np.float64], answers: NDArray[np.float64]) -> float:
    spread = float(((answers - answers.mean()) ** 2).sum())
    return 1 - float(((answers - expected) ** 2).sum()) / spread if spread else 0.0


def _pure(groups: NDArray[np.int64], answers: NDArray[np.float64]) -> float:
    """Share of the yes in groups of which all rows are yes, where yes is not the rule."""
    counts, sums = np.bincount(groups), np.bincount(groups, weights=answers)
    pure = (counts >= _PURE_ROWS) & (sums >= _PURE * counts)
    return float(sums[pure].sum() / answers.sum()) if answers.sum() and answers.mean() < 0.6 else 0.0


def _summands(
    columns: Sequence[Column], rows: NDArray[np.int64], answers: NDArray[np.float64], named: str
) -> list[Leak]:
    numeric = [column for column in columns if column.numbers is not None][:_MOST_SUMMED]
    for place, first in enumerate(numeric):
        for second in numeric[place + 1 :]:
            assert first.numbers is not None and second.numbers is not None
            total = first.numbers[rows] + second.numbers[rows]
            if np.allclose(total, answers, rtol=1e-9, atol=1e-9):
                why = f"{first.name} + {second.name} is {named} in every row"
                return [Leak(column.name, why, True) for column in (first, second)]
    return []
