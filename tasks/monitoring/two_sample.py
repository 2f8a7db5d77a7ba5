"""Could two samples come from one distribution? Tests that take both samples as random, and their correction.

Add a test here when it takes arrays and gives a p-value. What a column is, what counts as an effect and how it is
told belong to `drift`.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import kolmogorov

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_SMALLEST_EXPECTED = 5.0
"""Fewest expected rows of a level in the smaller sample for the chi-square approximation (Cochran 1954)."""


@dataclass(frozen=True)
class Steps:
    """Two distribution functions at every place where their distance can be largest."""

    cuts: Floats
    """A cut lies between values: `at or below` against `above`."""
    reference: Floats
    """Share of the reference at or below each cut."""
    current: Floats


def steps(reference: Floats, current: Floats) -> Steps:
    """Compare two sorted samples without missing values, neither of them empty.

    Between two neighbouring points of the smaller sample its distribution function is flat and the other one rises, so
    the distance is largest at such a point or just below it; the points of the larger sample need not be visited.
    """
    points = np.unique(min(reference, current, key=len))
    at = _shares(reference, points, "right"), _shares(current, points, "right")
    below = _shares(reference, points, "left"), _shares(current, points, "left")
    cuts = np.concatenate([points, np.maximum(_last_below(reference, points), _last_below(current, points))])
    return Steps(cuts, np.concatenate([at[0], below[0]]), np.concatenate([at[1], below[1]]))


def kolmogorov_smirnov(distance: float, reference_rows: int, current_rows: int) -> float:
    """Asymptotic p-value of the two-sample Kolmogorov-Smirnov distance; ties and small samples make it too large."""
    effective = reference_rows * current_rows / (reference_rows + current_rows)
    return float(kolmogorov(np.sqrt(effective) * distance))


def rare(reference: Floats, current: Floats) -> Flags:
    """Levels with too few rows to be tested on their own, from the counts per level in both samples."""
    smaller_share = min(reference.sum(), current.sum()) / (reference.sum() + current.sum())
    return np.asarray((reference + current) * smaller_share < _SMALLEST_EXPECTED)


def homogeneity(reference: Floats, current: Floats) -> float:
    """P-value that the counts per level come from one distribution; neither sample may be empty.

    Rare levels are pooled. If even the pool is rare it is tested against all other rows by Fisher's exact test, and the
    two parts (pool, frequent levels) are combined by Bonferroni: the smaller p, times two.
    """
    few = rare(reference, current)
    kept = reference[~few], current[~few]
    pool = np.array([reference[few].sum()]), np.array([current[few].sum()])
    parts = []
    if few.any() and rare(np.append(kept[0], pool[0]), np.append(kept[1], pool[1]))[-1]:
        parts.append(_fisher(int(pool[0][0]), int(pool[1][0]), int(reference.sum()), int(current.sum())))
    elif few.any():
        kept = np.append(kept[0], pool[0]), np.append(kept[1], pool[1])
    if len(kept[0]) > 1 and all(side.sum() > 0 for side in kept):
        parts.append(_chi_square(*kept))
    return min(1.0, len(parts) * min(parts)) if parts else 1.0


def benjamini_hochberg(p_values: Floats, level: float) -> Flags:
    """Which hypotheses are rejected at this false discovery rate (Benjamini & Hochberg 1995)."""
    rejected: Flags = stats.false_discovery_control(p_values) <= level
    return rejected


def _shares(values: Floats, points: Floats, side: Literal["left", "right"]) -> Floats:
    return np.searchsorted(values, points, side=side) / len(values)


def _last_below(values: Floats, points: Floats) -> Floats:
    place = np.searchsorted(values, points, side="left")
    return np.where(place > 0, values[np.maximum(place - 1, 0)], -np.inf)


def _chi_square(reference: Floats, current: Floats) -> float:
    return float(stats.chi2_contingency([reference, current], correction=False).pvalue)


def _fisher(reference: int, current: int, reference_rows: int, current_rows: int) -> float:
    """Two-sided exact p-value that a rare level is as frequent in both samples; cheap because it is rare."""
    others = [reference_rows - reference, current_rows - current]
    return float(stats.fisher_exact([[reference, current], others]).pvalue)
