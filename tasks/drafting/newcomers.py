"""Columns whose later values were never there before: each such batch would be held, and a model could not know them.

Rows are looked at batch by batch, in their order. Add a way here in which a column leaves behind what it was.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.drafting.roles import LeftOut
from tasks.drafting.survey import Column

_UNSEEN, _STAYS = 0.1, 0.05
"""Share of a batch's rows with words never there before, and of the rows behind it, from which on they stay."""
_BEYOND = 0.5
"""Share of a batch's rows, and of those behind it, outside of all numbers before."""
_FALLS_BACK, _STEPS = 0.005, 50
"""Of what only grows with time: the largest share of rows below an earlier one, and its fewest values without times."""


def newcomer(column: Column, batches: NDArray[np.int64], names: Sequence[str]) -> LeftOut | None:
    """Why a column is left out if later batches bring values never there before; None if they do not.

    Args:
        column: What stands in it.
        batches: The batch of each row, numbered from 0 in their order. Shape (rows,).
        names: What the batches are called.
    """
    if column.kind == "category":
        place = _of_words(column, batches, len(names))
        kind = "values never there before"
    elif column.numbers is not None:
        place = _of_numbers(column.numbers, batches, len(names))
        kind = "values outside of all before"
    else:
        return None
    return None if place is None else LeftOut(column.name, f"from {names[place]} on it has {kind}")


def grows(column: Column, order: NDArray[np.int64] | None) -> LeftOut | None:
    """Why a column is left out that only grows with time; None if it does not.

    Args:
        column: What stands in it.
        order: The rows in the order in which they happened; None where nothing is known about when.
    """
    if column.numbers is None or column.levels < 2 or column.missing:
        return None
    numbers = column.numbers if order is None else column.numbers[order]
    falls_back = float((numbers < np.maximum.accumulate(numbers)).mean())
    if falls_back >= _FALLS_BACK or (order is None and column.levels <= _STEPS):
        return None
    return LeftOut(column.name, "it only grows with time: each batch has values never there before")


def _of_words(column: Column, batches: NDArray[np.int64], many: int) -> int | None:
    """The first batch that brings words which stay."""
    there = column.codes >= 0
    first = np.full(column.levels, many)
    np.minimum.at(first, column.codes[there], batches[there])
    came = np.where(there, first[np.clip(column.codes, 0, None)], -1)
    for place in range(1, many):
        here, behind = batches == place, batches > place
        if (came[here] == place).mean() < _UNSEEN:
            continue
        if not behind.any() or (came[behind] == place).mean() >= _STAYS:
            return place
    return None


def _of_numbers(numbers: NDArray[np.float64], batches: NDArray[np.int64], many: int) -> int | None:
    """The first batch of the later half that leaves all numbers before behind, and does not come back."""
    for place in range(max(many // 2, 1), many):
        before = numbers[batches < place]
        if np.isnan(before).all():
            continue
        low, high = np.nanmin(before), np.nanmax(before)
        outside = (numbers < low) | (numbers > high)
        if outside[batches >= place].mean() >= _BEYOND and outside[batches == place].mean() >= _BEYOND:
            return place
    return None
