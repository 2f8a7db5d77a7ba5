"""A column beside what it was: figures of one stretch of rows, and how far one lies outside of all before it.

Add a figure here when damage to a part of the rows moves it and the world does not, or hardly. What follows from it is
said in `parts`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]
Codes = NDArray[np.int64]

_DIGITS = 1e-7
"""Relative distance from a whole number that is rounding."""
_NOISE = 2.0
"""Standard deviations of a share by chance that are added to what it swings by itself."""
_MOST_ROWS = 5_000
"""More rows than this are not luckier: what a share swings by itself is not chance alone."""
_DUST = 0.01
"""Share of rows that is added to the swing: the past is short."""


@dataclass(frozen=True)
class Figure:
    """A share of the rows of a batch, beside the same share of each stretch before."""

    now: float
    least: float
    most: float
    """The least and the largest share before."""
    swings: float
    """By how many times its own swing the share now lies outside of those before; 0 within."""

    @property
    def excess(self) -> float:
        """Share of rows by which it lies outside."""
        return max(self.now - self.most, self.least - self.now, 0.0)


def figure(now: float, before: Sequence[float], rows: int, *, both: bool = False) -> Figure:
    """How far a share lies above all before it, or below them as well.

    Args:
        now: Share of the rows of the batch.
        before: The same of stretches of the past.
        rows: Rows of the batch.
        both: Whether a fall counts, too.
    """
    least, most = min(before), max(before)
    excess = max(now - most, least - now if both else 0.0, 0.0)
    rows = min(rows, _MOST_ROWS)
    middle = float(np.clip(np.mean(before), 1 / rows, 1 - 1 / rows))
    noise = _NOISE * float(np.sqrt(middle * (1 - middle) / rows))
    return Figure(now, least, most, excess / (most - least + noise + _DUST))


def whole(values: Floats, unit: float) -> Rows:
    """Which values are whole multiples of a unit; zero and missing ones are not counted as such."""
    scaled = np.abs(values) / unit
    with np.errstate(invalid="ignore"):
        rounded: Rows = (np.abs(scaled - np.round(scaled)) <= _DIGITS * np.maximum(1.0, scaled)) & (values != 0)
    return rounded


def outside(parts: Sequence[Floats], lowest: bool) -> tuple[float, list[float]]:
    """The end of the range of all parts, and the share of each part that lies beyond the ends of all the others."""
    end: Callable[[Floats], float] = np.nanmin if lowest else np.nanmax
    ends = [end(part) if not np.isnan(part).all() else np.nan for part in parts]
    shares = []
    for place, part in enumerate(parts):
        others = [one for number, one in enumerate(ends) if number != place and not np.isnan(one)]
        limit = (min(others) if lowest else max(others)) if others else np.nan
        shares.append(float((part < limit).mean() if lowest else (part > limit).mean()))
    there = [one for one in ends if not np.isnan(one)]
    return ((min(there) if lowest else max(there)) if there else np.nan), shares
