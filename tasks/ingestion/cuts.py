"""One file cut into batches by time: which row belongs to which window, and which windows are over.

Add a kind of window here when `Cut` gets one. Reading the file and delivering the windows belongs to `one_file`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.ingestion import Cut
from tasks.ingestion import intake

Moments = NDArray[np.datetime64]
"""Times in UTC, in microseconds; NaT where there is none."""

UNDATED = "undated"
"""Name of the delivery of rows that have no event time; the contract says what becomes of them."""


@dataclass(frozen=True)
class Part:
    """The rows of one window that is over."""

    name: str
    """The first day of the window, `1996-05-07`, or its first month, `2011-01`."""
    rows: NDArray[np.intp]
    """Positions in the file, in the order in which the rows happened."""


def parts(events: Moments, known: Moments | None, cut: Cut, now: datetime) -> Iterator[Part]:
    """The windows that are over, oldest first; with each row that has a time in one of those it is in exactly one.

    A window is over when its end, the days to wait, and the last time at which a label in it became known have passed:
    by the clock, or because a row is later.

    Args:
        events: When each row of the file happened.
        known: When each label was known; None where that is said nowhere.
        cut: The windows.
        now: What the clock says.
    """
    limit = _limit(events, now)
    for number, rows in _windows(events, cut):
        if _over(number, rows, known, cut) <= limit:
            yield Part(_name(number, cut), rows)
    undated = np.flatnonzero(np.isnat(events))
    if len(undated):
        yield Part(UNDATED, undated)


def next_over(events: Moments, known: Moments | None, cut: Cut, now: datetime) -> datetime | None:
    """When the clock makes the next window over whose rows are there; None if all are."""
    limit = _limit(events, now)
    waiting = [over for number, rows in _windows(events, cut) if (over := _over(number, rows, known, cut)) > limit]
    return min(waiting).astype("datetime64[us]").item().replace(tzinfo=UTC) if waiting else None


def _windows(events: Moments, cut: Cut) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Number and rows of each window that has rows, oldest first."""
    order = np.argsort(events, kind="stable")[: len(events) - int(np.isnat(events).sum())]
    windows = numbers(events[order], cut)
    for number in np.unique(windows):
        yield int(number), order[windows == number]


def copies(rows: pd.DataFrame) -> NDArray[np.int64]:
    """Which of several equal rows each one is, from 1 on, shape (rows,)."""
    hashes = pd.Series(intake.hash_rows(rows))
    numbers: NDArray[np.int64] = (hashes.groupby(hashes).cumcount() + 1).to_numpy(dtype=np.int64)
    return numbers


def fresh(now: pd.DataFrame, earlier: Sequence[pd.DataFrame]) -> NDArray[np.bool_]:
    """Which rows of a window were not delivered before, shape (rows,); of equal rows as many as there are more now."""
    hashes = pd.Series(intake.hash_rows(now))
    before = pd.concat([pd.Series(intake.hash_rows(frame)) for frame in earlier]).value_counts()
    found: NDArray[np.bool_] = (hashes.groupby(hashes).cumcount() >= hashes.map(before).fillna(0)).to_numpy()
    return found


def _limit(events: Moments, now: datetime) -> Any:
    clock = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    known = events[~np.isnat(events)]
    return max(clock, known.max()) if len(known) else clock


def numbers(events: Moments, cut: Cut) -> NDArray[np.int64]:
    """The number of the window of each time, as `spans` counts them."""
    unit, length = _unit(cut)
    passed: Any = events.astype(f"datetime64[{unit}]") - np.datetime64(cut.start, unit)
    windows: NDArray[np.int64] = passed.astype(np.int64) // length
    return windows


def _begin(number: int, cut: Cut) -> Any:
    unit, length = _unit(cut)
    return np.datetime64(cut.start, unit) + np.timedelta64(number * length, unit)


_LONGEST_WAIT = np.timedelta64(366, "D")
"""A label that is dated later than this after its window is not waited for: the contract judges such a date."""


def _over(number: int, rows: NDArray[np.intp], known: Moments | None, cut: Cut) -> Any:
    """When the window is over: its end and the days to wait, or when the last of its labels was known."""
    end = _begin(number + 1, cut).astype("datetime64[D]")
    waited = (end + np.timedelta64(cut.wait_days, "D")).astype("datetime64[us]")
    labels = known[rows] if known is not None else np.array([], dtype="datetime64[us]")
    return labels[labels <= waited + _LONGEST_WAIT].max(initial=waited)


def _name(number: int, cut: Cut) -> str:
    return str(_begin(number, cut))


def _unit(cut: Cut) -> tuple[Literal["M", "D"], int]:
    return ("M", cut.months) if cut.months else ("D", cut.days or 1)
