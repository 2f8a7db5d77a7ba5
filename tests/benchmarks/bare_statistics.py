"""The statistics of the bare script, on plain arrays: metrics, drift, what decisions rest on."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, expit, kolmogorov, logit, stdtr, stdtrit

Floats = np.ndarray[Any, np.dtype[np.float64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

CONFIDENCE = 0.95


def losses(y: Floats, p: Floats) -> Floats:
    """Log loss per row."""
    return -np.log(np.where(y > 0.5, p, 1 - p))


def mean_by(values: Floats, groups: Floats, days: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Per group: mean, standard error over days (ratio estimator), number of days, rows."""
    size, width = groups.max() + 1, days.max() + 1
    cells = groups * width + days
    sums = np.bincount(cells, values, size * width).reshape(size, width)
    counts = np.bincount(cells, minlength=size * width).reshape(size, width)
    rows, number = counts.sum(axis=1), (counts > 0).sum(axis=1)
    mean = sums.sum(axis=1) / rows
    squares = ((sums - mean[:, None] * counts) ** 2).sum(axis=1)
    return mean, np.sqrt(squares * number / np.maximum(number - 1, 1)) / rows, number, rows


def roc_auc(y: Floats, p: Floats, days: Floats) -> tuple[float, float, float]:
    """AUC with the cluster interval of Obuchowski (1997), on the logit scale; NaN where one day has a whole side."""
    ties = np.unique(p, return_inverse=True)[1]
    m, n = y.sum(), len(y) - y.sum()
    at_m, at_n = np.bincount(ties, y), np.bincount(ties, 1 - y)
    below, above = (np.cumsum(at_n) - at_n / 2) / n, (m - np.cumsum(at_m) + at_m / 2) / m
    auc = float(at_m @ below / m)
    late, early = np.bincount(days, y), np.bincount(days, 1 - y)
    d10 = np.bincount(days, y * below[ties]) - auc * late
    d01 = np.bincount(days, (1 - y) * above[ties]) - auc * early
    k, k10, k01 = len(late), (late > 0).sum(), (early > 0).sum()
    if min(k10, k01) < 2:
        return auc, float("nan"), float("nan")
    variance = d10 @ d10 * k10 / (k10 - 1) / m**2 + d01 @ d01 * k01 / (k01 - 1) / n**2
    variance += 2 * (d10 @ d01) * k / (k - 1) / (m * n)
    reach = stdtrit(k - 1, (1 + CONFIDENCE) / 2) * np.sqrt(max(variance, 0)) / (auc * (1 - auc))
    return auc, float(expit(logit(auc) - reach)), float(expit(logit(auc) + reach))


def calibration(y: Floats, p: Floats, days: Floats) -> tuple[float, float, float]:
    """Calibration error over ten equal bins, with a jackknife over days."""
    ties = np.unique(p, return_inverse=True)[1]
    counts = np.bincount(ties)
    bins = ((np.cumsum(counts) - (counts + 1) / 2) * 10 / len(p)).astype(int)[ties]
    width = days.max() + 1
    surplus = np.bincount(bins * width + days, p - y, 10 * width).reshape(10, width)
    error = np.abs(surplus.sum(axis=1)).sum() / len(y)
    left = np.abs(surplus.sum(axis=1, keepdims=True) - surplus).sum(axis=0) / (len(y) - np.bincount(days))
    reach = stdtrit(width - 1, (1 + CONFIDENCE) / 2) * np.sqrt((width - 1) * left.var())
    return float(error), float(max(error - reach, 0)), float(min(error + reach, 1))


def worse_slices(slices: Iterable[Floats], gains: Floats, days: Floats, min_rows: int, level: float) -> int:
    """Slices on which the challenger is significantly worse (one-sided t over days, Holm)."""
    p_values: list[float] = []
    for groups in slices:
        mean, error, number, rows = mean_by(gains, groups, days)
        enough = (rows >= min_rows) & (number >= 5)
        p_values += stdtr(number[enough] - 1, mean[enough] / error[enough]).tolist()
    ordered = np.sort(p_values)
    passed = ordered * (len(ordered) - np.arange(len(ordered))) <= level
    return int(np.cumprod(passed).sum())


def levels(was: pd.Series, now: pd.Series) -> tuple[float, float]:
    """Chi-square p-value and total variation distance of a category."""
    both = pd.concat([was.value_counts(), now.value_counts()], axis=1).fillna(0).to_numpy()
    shares = both / both.sum(axis=0)
    return homogeneity(both[:, 0], both[:, 1]), float(np.abs(shares[:, 0] - shares[:, 1]).sum() / 2)


def numbers(was: pd.Series, now: pd.Series) -> tuple[float, float]:
    """Kolmogorov-Smirnov p-value and distance of a number, missing values apart."""
    a, b = (np.sort(side.to_numpy(dtype=float)) for side in (was, now))
    a, b = a[: len(a) - int(np.isnan(a).sum())], b[: len(b) - int(np.isnan(b).sum())]
    points = np.unique(min(a, b, key=len))
    steps = [[np.searchsorted(v, points, side) / len(v) for v in (a, b)] for side in ("left", "right")]
    gap = max(float(np.abs(one - other).max()) for one, other in steps)
    p = float(kolmogorov(np.sqrt(len(a) * len(b) / (len(a) + len(b))) * gap))
    lost = np.array([len(a), len(was) - len(a)]), np.array([len(b), len(now) - len(b)])
    if lost[0][1] or lost[1][1]:
        p = min(1.0, 2 * min(p, homogeneity(*lost)))
    return p, max(gap, abs(float(lost[0][1] / len(was) - lost[1][1] / len(now))))


def homogeneity(was: Floats, now: Floats) -> float:
    """Chi-square p-value for counts per level, rare levels pooled."""
    rare = (was + now) * min(was.sum(), now.sum()) / (was.sum() + now.sum()) < 5
    if rare.any():
        was, now = (np.append(side[~rare], side[rare].sum()) for side in (was, now))
    counts = np.stack([was, now])
    counts = counts[:, counts.sum(axis=0) > 0]
    if counts.shape[1] < 2:
        return 1.0
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / counts.sum()
    return float(chdtrc(counts.shape[1] - 1, ((counts - expected) ** 2 / expected).sum()))


def benjamini_hochberg(p_values: Floats, level: float) -> Flags:
    """Which hypotheses are rejected at this false discovery rate."""
    order = np.argsort(p_values)
    passed = np.flatnonzero(p_values[order] <= level * np.arange(1, len(order) + 1) / len(order))
    rejected = np.zeros(len(order), dtype=bool)
    rejected[order[: passed[-1] + 1 if len(passed) else 0]] = True
    return rejected
