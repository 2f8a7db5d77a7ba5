"""Estimates with intervals that hold when rows of a cluster share their luck: the cluster, not the row, is the unit.

Add a metric here together with such an interval, and an entry in `configs.metrics`. Slices, scores and comparisons
belong to `scores`.

Means are ratio estimators over clusters with t quantiles; the AUC uses placements per cluster (Obuchowski 1997);
calibration error and average precision use a jackknife that leaves out groups of clusters.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit, stdtrit

from tasks.domain.records import CalibrationBin
from tasks.problems.losses import LARGEST_LOSS, bound, is_measurable, log_losses, squared_errors
from tasks.problems.scale import unit as unit_of

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]

_BINS, _BLOCKS = 10, 40


class Interval(NamedTuple):
    """An estimate with its interval; None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


UNDEFINED = Interval(None, None, None)
Estimate = Callable[[Floats, Floats, "Groups", float], Interval]
"""Labels, answers, clusters and confidence in, value and interval out."""


@dataclass(frozen=True)
class Groups:
    """Rows by name: `codes[i]` is the position of row i's name in `column_names`."""

    codes: Codes
    names: tuple[str, ...]

    @property
    def size(self) -> int:
        """Number of names."""
        return len(self.names)

    def tally(self, weights: Floats | None = None) -> Floats:
        """Sum of the weights (of ones, without) per name."""
        return np.bincount(self.codes, weights, self.size).astype(np.float64)


@dataclass(frozen=True)
class Means:
    """Per group of rows: mean, standard error, interval, rows, clusters."""

    value: Floats
    error: Floats
    low: Floats
    high: Floats
    rows: Codes
    clusters: Codes

    def interval(self, group: int, largest: float) -> Interval:
        """Mean of one group, which lies between 0 and `largest`; no interval from a single cluster."""
        if not np.isfinite(self.value[group]):
            return UNDEFINED
        ends = float(self.low[group]), float(self.high[group])
        return _bounded(float(self.value[group]), *ends, int(self.clusters[group]), largest)


def group(names: ArrayLike) -> Groups:
    """Group rows by their names, sorted."""
    codes, unique = pd.factorize(np.asarray(names, dtype=object), sort=True)
    return Groups(codes, tuple(unique))


def everything(rows: int) -> Groups:
    """All rows as one group."""
    return Groups(np.zeros(rows, dtype=np.intp), ("all",))


def distinct_clusters(groups: Groups, units: Groups) -> Codes:
    """Number of clusters in which each group has rows."""
    owner = pd.unique(groups.codes * np.intp(max(units.size, 1)) + units.codes) // max(units.size, 1)
    return np.bincount(owner, minlength=groups.size)


def means(values: Floats, groups: Groups, units: Groups, confidence: float, largest: float = LARGEST_LOSS) -> Means:
    """Estimate the mean of each group as a ratio of sums over its clusters.

    The variance of ΣL_k / Σn_k is K/(K−1) · Σ(L_k − mean·n_k)² / (Σn_k)²; the quantile is that of t with K−1 degrees.
    A single cluster tells nothing about luck: its interval is all that a loss, or a difference of two, allows. That is
    `largest`; for a loss without a bound, what one row had at most.
    """
    codes, pairs = pd.factorize(groups.codes * np.intp(max(units.size, 1)) + units.codes)
    owner = pairs // max(units.size, 1)
    sums, counts = np.bincount(codes, values, len(pairs)), np.bincount(codes, minlength=len(pairs))
    rows, number = np.bincount(owner, counts, groups.size), np.bincount(owner, minlength=groups.size)
    mean = np.bincount(owner, sums, groups.size) / np.maximum(rows, 1)
    far = sums - mean[owner] * counts
    unit = unit_of(bound(far))
    squares = np.bincount(owner, (far / unit) ** 2, groups.size)
    freedom = np.maximum(number - 1, 1)
    error = np.sqrt(squares * number / freedom) / np.maximum(rows, 1) * unit
    reach = np.where(number > 1, stdtrit(freedom, (1 + confidence) / 2) * error, np.inf)
    low, high = np.maximum(mean - reach, -largest), np.minimum(mean + reach, largest)
    return Means(mean, error, low, high, rows.astype(np.intp), number)


def offset(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """How far the mean answer lies above the mean label; from a single cluster, all that a row allows."""
    apart = p - y
    found = means(apart, everything(len(y)), units, confidence, bound(apart))
    return Interval(float(found.value[0]), float(found.low[0]), float(found.high[0]))


def calibration(y: Floats, p: Floats, level: Callable[[Floats], float] | None = None) -> tuple[CalibrationBin, ...]:
    """Predicted and actual level in ten groups by prediction, equal in size as far as ties allow.

    `level` is that of some outcomes, if it is not their mean.
    """
    bins = _bins(p)
    rows, predicted, actual = (np.bincount(bins, weights, _BINS) for weights in (np.ones_like(p), p, y))
    return tuple(
        CalibrationBin(
            int(n), float(predicted[place] / n), level(y[bins == place]) if level else float(actual[place] / n)
        )
        for place, n in enumerate(rows)
        if n > 0
    )


def log_loss(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean log loss."""
    return mean(log_losses(y, p), units, confidence, LARGEST_LOSS)


def brier(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean squared distance of probability and outcome."""
    return mean((y - p) ** 2, units, confidence, 1.0)


def roc_auc(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """AUC with the variance of Obuchowski (Biometrics 1997) over clusters, its interval on the logit scale.

    No interval where one cluster has all positives, or all negatives: how much they vary between clusters is unknown.
    """
    m, n = float(y.sum()), float(len(y) - y.sum())
    if m == 0 or n == 0:
        return UNDEFINED
    auc, below, above = placements(y, p)
    i10, i01, i = (units.tally(y) > 0).sum(), (units.tally(1 - y) > 0).sum(), units.size
    if i10 < 2 or i01 < 2 or auc in (0.0, 1.0):
        return Interval(auc, None, None)
    d10 = units.tally(y * below) - auc * units.tally(y)
    d01 = units.tally((1 - y) * above) - auc * units.tally(1 - y)
    variance = (
        (d10 @ d10) * i10 / (i10 - 1) / m**2
        + (d01 @ d01) * i01 / (i01 - 1) / n**2
        + 2 * (d10 @ d01) * i / (i - 1) / (m * n)
    )
    reach = stdtrit(i - 1, (1 + confidence) / 2) * np.sqrt(max(variance, 0.0)) / (auc * (1 - auc))
    return Interval(auc, float(expit(logit(auc) - reach)), float(expit(logit(auc) + reach)))


def placements(y: Floats, p: Floats) -> tuple[float, Floats, Floats]:
    """The AUC, and for each row the share of negatives that its answer is above, of positives that it is below.

    There is at least one positive and one negative; a tie counts half.
    """
    m, n = float(y.sum()), float(len(y) - y.sum())
    ties = pd.factorize(p, sort=True)[0]
    at_m, at_n = np.bincount(ties, y), np.bincount(ties, 1 - y)
    above = (m - np.cumsum(at_m) + at_m / 2) / m
    below = (np.cumsum(at_n) - at_n / 2) / n
    return float((at_m * below).sum() / m), below[ties], above[ties]


def average_precision(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Area under precision over recall, as a step function; tied predictions are one step."""
    if y.min() == y.max():
        return UNDEFINED
    ties = pd.factorize(-p, sort=True)[0]
    parts, number = blocks(units)
    at_m = np.bincount(ties * number + parts, y, (ties.max() + 1) * number).reshape(-1, number)
    at_all = np.bincount(ties * number + parts, minlength=(ties.max() + 1) * number).reshape(-1, number)
    hits, shown = at_m.sum(axis=1), at_all.sum(axis=1)

    def area(hits: Floats, shown: Floats) -> float:
        precision = np.cumsum(hits) / np.maximum(np.cumsum(shown), 1)
        return float((precision * hits).sum() / hits.sum()) if hits.sum() else float("nan")

    left_out = np.array([area(hits - at_m[:, j], shown - at_all[:, j]) for j in range(number)])
    return jackknife(area(hits, shown), left_out, confidence)


def calibration_error(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Expected calibration error over ten groups of equal size by prediction, which stay fixed in the jackknife."""
    return jackknife(*calibration_errors(y, p, units), confidence)


def calibration_errors(y: Floats, p: Floats, units: Groups) -> tuple[float, Floats]:
    """The calibration error, and what it is without each group of clusters."""
    bins, (parts, number) = _bins(p), blocks(units)
    cells = bins * number + parts
    surplus = np.bincount(cells, p - y, _BINS * number).reshape(_BINS, number)
    rows = np.bincount(parts, minlength=number)
    whole = float(np.abs(surplus.sum(axis=1)).sum() / len(y))
    left_out = np.abs(surplus.sum(axis=1, keepdims=True) - surplus).sum(axis=0) / np.maximum(len(y) - rows, 1)
    return whole, left_out


def squared_error(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean squared error."""
    losses = squared_errors(y, p)
    return mean(losses, units, confidence, bound(losses))


def rmse(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Root of the mean squared error and of the ends of its interval."""
    return Interval(*(None if end is None else math.sqrt(end) for end in squared_error(y, p, units, confidence)))


def mae(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean size of the error."""
    errors = np.abs(y - p)
    return mean(errors, units, confidence, bound(errors))


def bias(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Size of the mean error in standard deviations of the label; the label must not be constant."""
    if y.min() == y.max():
        return UNDEFINED
    unit = unit_of(bound(y - y.mean()))
    with np.errstate(over="ignore"):
        errors = (p - y) / unit / (y / unit).std()
    if not is_measurable(errors):
        return UNDEFINED
    mean = means(errors, everything(len(errors)), units, confidence, bound(errors))
    value, reach = abs(float(mean.value[0])), float(mean.high[0] - mean.value[0])
    return _bounded(value, value - reach, value + reach, units.size, math.inf)


def r2(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Share of the label's variance that is explained; below 0 it is worse than the mean of these rows."""
    if y.min() == y.max():
        return UNDEFINED
    parts, number = blocks(units)
    unit = unit_of(bound(y - y.mean()))
    with np.errstate(over="ignore"):
        y, p = y / unit, p / unit
    centred = y - y.mean()
    sums = np.array(
        [np.bincount(parts, w, number) for w in (np.ones_like(y), centred, centred**2, squared_errors(y, p))]
    )

    def explained(rows: Floats, first: Floats, second: Floats, error: Floats) -> Floats:
        spread = second - first**2 / np.maximum(rows, 1)
        varied = spread > 1e-12 * (centred @ centred)
        return np.where(varied, 1 - error / np.where(varied, spread, 1.0), np.nan)

    value = float(explained(*sums.sum(axis=1)))
    if not math.isfinite(value):
        return UNDEFINED
    left_out = explained(*(sums.sum(axis=1, keepdims=True) - sums))
    return jackknife(value, left_out, confidence, -math.inf)


def jackknife(value: float, left_out: Floats, confidence: float, least: float = 0.0, most: float = 1.0) -> Interval:
    """A value with an interval from what it is without each group of clusters; none if that is not always defined."""
    number = len(left_out)
    if number < 2 or not np.isfinite(left_out).all():
        return Interval(value, None, None)
    reach = float(stdtrit(number - 1, (1 + confidence) / 2) * np.sqrt((number - 1) * left_out.var()))
    return Interval(value, max(value - reach, least), min(value + reach, most))


def _bins(p: Floats) -> NDArray[np.intp]:
    """Ten groups by prediction, equal in size as far as ties (which stay together) allow."""
    ties = pd.factorize(p, sort=True)[0]
    counts = np.bincount(ties)
    middle = np.cumsum(counts) - (counts + 1) / 2
    bins: Codes = (middle * _BINS / len(p)).astype(np.intp)[ties]
    return bins


def mean(values: Floats, units: Groups, confidence: float, largest: float) -> Interval:
    """The mean of values that lie between 0 and `largest`."""
    return means(values, everything(len(values)), units, confidence, largest).interval(0, largest)


def _bounded(value: float, low: float, high: float, number: int, largest: float) -> Interval:
    if number < 2:
        return Interval(value, None, None)
    return Interval(value, max(low, 0.0), min(high, largest))


def blocks(units: Groups) -> tuple[Codes, int]:
    """At most forty groups of clusters to leave out: of each row which, and how many."""
    number = max(min(units.size, _BLOCKS), 1)
    return units.codes % number, number
