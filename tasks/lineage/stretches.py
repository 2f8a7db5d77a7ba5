"""Stretches of time: of which day, month or year rows are, and in which of them a difference lies.

Add here what is said about when rows happened. What differs between them is measured in `differences`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.domain.records import MISSING

Unit = Literal["D", "M", "Y"]
NAMES: dict[Unit, tuple[str, str]] = {"D": ("day", "days"), "M": ("month", "months"), "Y": ("year", "years")}
_MOST_DAYS, _MOST_MONTHS = 62, 60
"""Longest span of which each day is looked at, and each month."""
_PLACES = 3


@dataclass(frozen=True)
class Place:
    """How much of a difference lies in one stretch."""

    stretch: str
    difference: float
    """Share of the difference; more than all of it where other stretches have less than none."""
    rows: float
    """Share of the rows."""

    @property
    def stands_out(self) -> bool:
        """Whether it has at least twice the part of the difference that its rows would have."""
        return self.difference >= 2 * self.rows


def unit(*sides: "pd.Series[pd.Timestamp]") -> Unit:
    """Days for up to two months, months for up to five years, else years."""
    moments = np.concatenate([_moments(events) for events in sides])
    there = moments[~np.isnat(moments)]
    if not len(there):
        return "D"
    days = (there.max() - there.min()).astype("timedelta64[D]").astype(int)
    if days <= _MOST_DAYS:
        return "D"
    return "M" if days <= _MOST_MONTHS * 31 else "Y"


def names(events: "pd.Series[pd.Timestamp]", unit: Unit) -> NDArray[np.str_]:
    """The stretch of each row, in UTC: `2013-03-08`, `2013-03` or `2013`; shape (rows,)."""
    moments = _moments(events).astype(f"datetime64[{unit}]")
    stretches, places = np.unique(moments, return_inverse=True)
    texts = np.array([MISSING if np.isnat(one) else str(one) for one in stretches], dtype=str)
    return texts[places] if len(texts) else np.empty(0, dtype=str)


def places(flags: NDArray[np.bool_], share_was: float, stretches: NDArray[np.str_]) -> tuple[Place, ...]:
    """Where a share of rows has come from what it was to what it is, largest part first.

    The change of the share is the mean over all rows of (flag - share it was), so each stretch has an exact part of it.

    Args:
        flags: Which rows count, shape (rows,).
        share_was: Their share before.
        stretches: Of which stretch each row is, shape (rows,).
    """
    total = float(flags.mean()) - share_was if len(flags) else 0.0
    if total == 0:
        return ()
    labels, codes = np.unique(stretches, return_inverse=True)
    parts = np.bincount(codes, weights=flags - share_was) / (len(flags) * total)
    rows = np.bincount(codes) / len(flags)
    largest = np.argsort(-parts, kind="stable")[:_PLACES]
    return tuple(Place(str(labels[n]), round(float(parts[n]), 4), round(float(rows[n]), 4)) for n in largest)


def _moments(events: "pd.Series[pd.Timestamp]") -> NDArray[np.datetime64]:
    """What is no time, as rows that were set aside may have it, is a time that is missing."""
    if not pd.api.types.is_datetime64_any_dtype(events.dtype) or isinstance(events.dtype, pd.ArrowDtype):
        return np.full(len(events), np.datetime64("NaT"), dtype="datetime64[us]")
    moments: NDArray[np.datetime64] = events.to_numpy(dtype="datetime64[us]")
    return moments
