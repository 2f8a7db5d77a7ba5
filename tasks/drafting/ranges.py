"""The rule of a column in the contract: its type, whether it may be missing, and how far its values may reach.

Add a rule here that can be told from values. A range has slack: it is there for what cannot be, not for what is new.
"""

import math
from typing import Any

import numpy as np

from configs.section import ColumnType
from tasks.drafting.survey import Column

_SLACK = 1.0
"""By how many spans of the values the range reaches beyond them."""
_USUAL = 0.2
"""Share of the rows that a usual value has, of those that it would have if all came equally often."""


def rule(column: Column, kind: ColumnType | None = None, *, optional: bool = False) -> dict[str, Any]:
    """The rule as the settings have it.

    Args:
        column: What stands in it.
        kind: Its type, if that follows from what it is for.
        optional: Whether it may be missing even if it never was.
    """
    types: dict[str, ColumnType] = {"time": "timestamp", "empty": "category"}
    chosen: ColumnType = kind or types.get(column.kind) or column.kind  # type: ignore[assignment]
    written: dict[str, Any] = {"type": chosen}
    if column.missing or optional:
        written["nullable"] = True
    if chosen in ("integer", "number") and column.numbers is not None and column.levels:
        low, high = float(np.nanmin(column.numbers)), float(np.nanmax(column.numbers))
        is_whole = chosen == "integer"
        full = is_whole and _is_full(column, low, high)
        written |= {"min": int(low), "max": int(high)} if full else reach(low, high, whole=is_whole)
    return written


def _is_full(column: Column, low: float, high: float) -> bool:
    """Whether there are a few whole numbers, all of them usual, such as the hours of a day."""
    if not 2 <= column.levels <= len(column.common) or column.levels != high - low + 1:
        return False
    return min(count for _, count in column.common) >= _USUAL * column.rows / column.levels


def reach(low: float, high: float, *, whole: bool) -> dict[str, float | int]:
    """The least and the largest allowed value, where they can be told; with slack, and in round numbers."""
    if low >= 0 and high <= 1 and not whole:
        return {"min": 0, "max": 1}
    if whole and low >= 0 and high <= 1:
        return {"min": 0, "max": 1}
    span = max(high - low, abs(high), 1e-9)
    least = 0 if low >= 0 else _round(low - _SLACK * span, math.floor)
    most = _round(high + _SLACK * span, math.ceil)
    if low >= 0 and 1 < high <= 100 and not whole and high > 50:
        most = max(most, 100)
    return {"min": least, "max": most}


def _round(number: float, towards: Any) -> float | int:
    """A number with one or two figures, away from the values."""
    if number == 0:
        return 0
    step = 10.0 ** (math.floor(math.log10(abs(number))) - 1)
    rounded = towards(number / step) * step
    return int(rounded) if abs(rounded) >= 10 or float(rounded).is_integer() else float(f"{rounded:.2g}")
