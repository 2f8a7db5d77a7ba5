"""Are these the same numbers in another unit: is one distribution the other one times a constant?

Values in, a factor out. Whether that factor is a fault is decided in `triage`.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_POINTS = 2_000
"""Order statistics by which a sample is represented."""
_DISTINCT = 5
"""Fewest distinct values of a measure; below, they are codes or grades."""
_ZEROS = 0.1
"""Largest difference of the shares of zeros, which no factor changes."""
_SLACK = 0.02
"""Largest relative difference of two values that are the same, rounded in another unit."""
_TRIED = np.linspace(0.1, 0.9, 17)
_FIT, _NOISE = 0.05, 1.4
"""Distance after the change of unit up to which the distributions are alike, and what chance adds: over √rows."""
_AS_GOOD = 0.01
"""Factors whose distances differ by less are as good as each other."""
_CLEARER = 3.0
"""How many times nearer the distributions are after the change of unit than before."""


def level(values: Floats) -> float:
    """The mean logarithm of the positive values, NaN if there are none: a factor adds its logarithm to it."""
    positive = values[values > 0]
    return float(np.log(positive).mean()) if len(positive) else float("nan")


def factor(was: Floats, now: Floats) -> float | None:
    """The constant by which all values were multiplied, None if there is none.

    There is one if the distributions, far apart as they come, are alike after the division. Their distance is that of
    Kolmogorov and Smirnov on the logarithms, with some slack for what was rounded: 2 %, at most a tenth of the spread.

    Args:
        was: Known values, none of them negative, shape (rows,).
        now: The same of the batch in question.
    """
    if min(was.min(initial=0), now.min(initial=0)) < 0 or abs((was == 0).mean() - (now == 0).mean()) > _ZEROS:
        return None
    old, new = _points(was), _points(now)
    if min(len(np.unique(old)), len(np.unique(new))) < _DISTINCT:
        return None
    steps = np.quantile(new, _TRIED) - np.quantile(old, _TRIED)
    slack = min(_SLACK, 0.1 * float(np.quantile(old, 0.9) - np.quantile(old, 0.1)))
    after = np.array([_distance(old, new - step, slack) for step in steps])
    alike = _FIT + _NOISE / np.sqrt(min(len(was), len(now)))
    if after.min() > alike or _CLEARER * after.min() > _distance(old, new, slack):
        return None
    return float(np.exp(np.median(steps[after <= after.min() + _AS_GOOD])))


def _points(values: Floats) -> Floats:
    """Logarithms of the positive values, sorted; of many, as many as tell the distribution, evenly spaced in rank."""
    ordered = np.sort(np.log(values[values > 0]))
    ranks = np.linspace(0, len(ordered) - 1, min(_POINTS, len(ordered)))
    return ordered[ranks.round().astype(np.int64)]


def _distance(one: Floats, other: Floats, slack: float) -> float:
    """Largest share by which one sorted sample runs ahead of the other at any point, moved by the slack."""

    def ahead(first: Floats, second: Floats) -> float:
        there = np.searchsorted(first, first, side="right") / len(first)
        return float((there - np.searchsorted(second, first + slack, side="right") / len(second)).max())

    return max(0.0, ahead(one, other), ahead(other, one))
