"""How rows are cut into batches: by their times, so that each has enough rows and clusters; or by their order.

Add a length of window here. What a cluster is, and why ten of them, is said in `docs/decisions.md`.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from configs.ingestion import Cut, DerivedTime

FEWEST_ROWS = 500
FEWEST_CLUSTERS = 10
FEWEST_BATCHES = 2
_MOST_BATCHES = 120
LENGTHS = (
    ("day", Cut(days=1)), ("week", Cut(days=7)), ("month", Cut(months=1)), ("quarter", Cut(months=3)),
    ("half-year", Cut(months=6)), ("year", Cut(months=12)),
)  # fmt: skip
"""Windows from short to long; weeks begin on the first day of the rows' first week."""
_SECONDS = 86_400
_PARTS = (10, 30)
_ROWS_OF_A_PART = 1_000
_CLUSTERS_OF_A_PART = 12
START = "2001-01-01"
"""The made-up time of the first row where nothing is known about when."""


@dataclass(frozen=True)
class Rhythm:
    """The batches that a cut makes."""

    cut: Cut
    word: str
    """The window in words, such as `month`."""
    batches: int
    rows: int
    """Median of the rows of a batch."""
    days: int
    """Median of the different days in a batch."""

    @property
    def is_enough(self) -> bool:
        """Whether batches can be judged one by one, by their days."""
        return self.rows >= FEWEST_ROWS and self.days >= FEWEST_CLUSTERS and self.batches >= FEWEST_BATCHES


def choose(moments: NDArray[np.datetime64]) -> Rhythm:
    """The shortest window whose batches can be judged one by one; else the one with the most that can be said.

    Args:
        moments: When each row happened, in UTC; none is missing. Shape (rows,).
    """
    tried = [_tried(moments, word, cut) for word, cut in LENGTHS]
    good = [one for one in tried if one.is_enough and one.batches <= _MOST_BATCHES]
    if good:
        return good[0]
    long = [one for one in tried if one.is_enough]
    if long:
        return long[-1]
    enough = [one for one in tried if one.batches >= FEWEST_BATCHES and one.rows >= FEWEST_ROWS]
    several = [one for one in tried if one.batches >= FEWEST_BATCHES]
    return enough[-1] if enough else several[-1] if several else tried[0]


def by_order(rows: int) -> tuple[DerivedTime, Rhythm]:
    """Windows of rows that follow one another, ten to thirty of them, where nothing is known about when.

    Each row gets a made-up time, so that a "day" is a block of rows: the unit of evidence.
    """
    parts = int(np.clip(rows // _ROWS_OF_A_PART, *_PARTS))
    block = max(rows / parts / _CLUSTERS_OF_A_PART, 1.0)
    divisors = np.array([number for number in range(1, _SECONDS + 1) if _SECONDS % number == 0])
    a_day = int(divisors[np.abs(divisors - block).argmin()])
    days = max(int(np.ceil(rows / parts / a_day)), 1)
    size = a_day * days
    derived = DerivedTime(start=START, rows_per_day=a_day)
    return derived, Rhythm(Cut(days=days, start=START), f"{size:,} rows", -(-rows // size), min(size, rows), days)


def cut_into(moments: NDArray[np.datetime64], cut: Cut) -> NDArray[np.int64]:
    """The number of the window in which each row lies; shape (rows,)."""
    unit: Literal["M", "D"] = "M" if cut.months else "D"
    passed: Any = moments.astype(f"datetime64[{unit}]") - np.datetime64(cut.start, unit)
    numbers: NDArray[np.int64] = passed.astype(np.int64) // (cut.months or cut.days or 1)
    return numbers


def _tried(moments: NDArray[np.datetime64], word: str, cut: Cut) -> Rhythm:
    if cut.days and cut.days > 1:
        first = moments.min().astype("datetime64[D]")
        cut = cut.model_copy(update={"start": str(first)})
    windows = cut_into(moments, cut)
    days = moments.astype("datetime64[D]").astype(np.int64)
    numbers, counts = np.unique(windows, return_counts=True)
    pairs = np.unique(np.stack([windows, days]), axis=1)
    _, different = np.unique(pairs[0], return_counts=True)
    return Rhythm(cut, word, len(numbers), int(np.median(counts)), int(np.median(different)))
