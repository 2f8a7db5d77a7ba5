"""Two samples of a number: how far apart, and at which cut most.

Missing values are a part of their own: Kolmogorov-Smirnov on the known values and chi-square on the share of missing
are combined by Bonferroni (the smaller p, times two). The effect is the Kolmogorov-Smirnov distance with missing
counted as a value below, or above, all numbers, whichever is larger; so it is never smaller than the jump of the
missing share.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from tasks.domain.records import MISSING
from tasks.monitoring import two_sample
from tasks.monitoring.comparable import BINS, NO_ROWS, TELLING, Compared, Histogram, rounded, shares_text
from tasks.monitoring.two_sample import Floats

_TAIL = 0.005
"""Share at either end that is counted in the outermost bin of a histogram."""
_MOST_DECIMALS = 9
_EXACT = 2.0**53
"""Up to here a float has each whole number, and its neighbour."""


@dataclass(frozen=True)
class _Scale:
    """Where the values of both samples lie, and how they are written."""

    low: float
    high: float
    """The middle 99 % of each sample lies between low and high; what is beyond counts in the outermost bins."""
    whole: bool
    """Only whole numbers."""
    decimals: int
    """As many as the spread makes worth telling."""

    def write(self, value: float) -> str:
        """A value for people: `1,013.2`."""
        if not math.isfinite(value):
            return "infinity" if value > 0 else "−infinity"
        return f"{value:,.{0 if self.whole else self.decimals}f}".replace("-", "−")


def compare(reference: pd.Series, current: pd.Series) -> Compared:
    """Compare two samples of an integer or number column; no value at all on one side tells them apart."""
    if len(reference) == 0 or len(current) == 0:
        return NO_ROWS
    was, now = _known(reference), _known(current)
    lost_was, lost_now = len(reference) - len(was), len(current) - len(now)
    missing = lost_was / len(reference), lost_now / len(current)
    p_missing = two_sample.homogeneity(
        np.array([len(was), lost_was], dtype=float), np.array([len(now), lost_now], dtype=float)
    )
    scale = _scale([sample for sample in (was, now) if len(sample)])
    histogram = _histogram(was, now, *missing, scale)
    if len(was) == 0 or len(now) == 0:
        return Compared(abs(missing[1] - missing[0]), p_missing, _text("", 0.0, *missing), *missing, histogram)
    steps = two_sample.steps(was, now)
    gaps = np.abs(steps.reference - steps.current)
    widest = int(gaps.argmax())
    gap = float(gaps[widest])
    p_value = two_sample.kolmogorov_smirnov(gap, len(was), len(now))
    if lost_was or lost_now:
        p_value = min(1.0, 2 * min(p_value, p_missing))
    cut = shares_text(
        1 - float(steps.reference[widest]),
        1 - float(steps.current[widest]),
        f"above {scale.write(float(steps.cuts[widest]))}",
    )
    return Compared(_distance(steps, *missing), p_value, _text(cut, gap, *missing), *missing, histogram)


def _known(values: pd.Series) -> Floats:
    numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.sort(numbers[~np.isnan(numbers)])


def _distance(steps: two_sample.Steps, missing_was: float, missing_now: float) -> float:
    above_all = (1 - missing_was) * steps.reference - (1 - missing_now) * steps.current
    jump = missing_was - missing_now
    return float(max(abs(jump), np.abs(above_all).max(), np.abs(above_all + jump).max()))


def _text(cut: str, gap: float, missing_was: float, missing_now: float) -> str:
    """Whichever differs more comes alone; a smaller change of the missing share is added when it is worth telling."""
    jump = abs(missing_now - missing_was)
    missing = shares_text(missing_was, missing_now, "missing")
    if gap == 0 and jump == 0:
        return "as before"
    if jump >= gap:
        return missing
    return f"{cut}; {missing}" if jump >= TELLING else cut


def _scale(samples: Sequence[Floats]) -> _Scale:
    """Measure sorted samples."""
    finite = [sample[np.isfinite(sample)] for sample in samples]
    filled = [sample for sample in finite if len(sample)]
    if not filled:
        return _Scale(0.0, 0.0, True, 0)
    low, high = min(_at(sample, _TAIL) for sample in filled), max(_at(sample, 1 - _TAIL) for sample in filled)
    middle = max(_at(sample, 0.95) - _at(sample, 0.05) for sample in filled)
    step = middle or high - low or abs(high) or 1.0
    decimals = min(_MOST_DECIMALS, max(0, 2 - math.floor(math.log10(step))))
    return _Scale(low, high, all(bool((sample == np.floor(sample)).all()) for sample in filled), decimals)


def _at(values: Floats, share: float) -> float:
    return float(values[round(share * (len(values) - 1))])


def _histogram(was: Floats, now: Floats, missing_was: float, missing_now: float, scale: _Scale) -> Histogram:
    """Shares of all rows in bins of equal width; whole numbers with few values get one bin each."""
    missing = (rounded(MISSING, missing_was, missing_now),) if missing_was or missing_now else ()
    labels, borders = _grid(scale, BINS - len(missing))
    shares = [
        _bin(sample, borders) / max(1, len(sample)) * known
        for sample, known in ((was, 1 - missing_was), (now, 1 - missing_now))
    ]
    bins = (rounded(label, a, b) for label, a, b in zip(labels, *shares, strict=True)) if len(was) or len(now) else ()
    return (*bins, *missing)


def _grid(scale: _Scale, room: int) -> tuple[list[str], Floats]:
    """Labels of the bins, and the borders between them (one fewer); a value on a border belongs above it."""
    if scale.whole and scale.high - scale.low < room and max(-scale.low, scale.high) < _EXACT:
        values = np.arange(scale.low, scale.high + 1)
        return [scale.write(float(value)) for value in values], values[1:]
    if scale.high <= scale.low:
        return [scale.write(scale.low)], np.array([])
    edges = np.linspace(scale.low, scale.high, room + 1)
    texts = [scale.write(float(edge)) for edge in edges]
    return [f"{a} to {b}" for a, b in itertools.pairwise(texts)], edges[1:-1]


def _bin(values: Floats, borders: Floats) -> Floats:
    """Rows per bin of a sorted sample."""
    return np.diff(np.searchsorted(values, borders, side="left"), prepend=0, append=len(values)).astype(np.float64)
