"""Metrics of one of several classes, with intervals that hold over clusters.

Labels are places of classes, shape (rows,); answers are a probability for each class, shape (rows, classes). Add a
metric here together with such an interval, and an entry in `configs.metrics`. Metrics of a yes or no, and of numbers,
are in `metrics`.
"""

import numpy as np
from scipy.special import expit, logit, stdtrit

from tasks.evaluation import metrics
from tasks.evaluation.metrics import UNDEFINED, Codes, Floats, Groups, Interval
from tasks.problems.losses import LARGEST_LOSS, cross_entropies


def cross_entropy(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean log loss."""
    return metrics.mean(cross_entropies(y, p), units, confidence, LARGEST_LOSS)


def accuracy(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Share of rows whose class has the largest probability."""
    return metrics.mean((p.argmax(axis=1) == y).astype(np.float64), units, confidence, 1.0)


def macro_f1(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean F1 of the classes that are there or are named; each counts the same, however rare it is."""
    parts, number = metrics.blocks(units)
    named, size = p.argmax(axis=1), p.shape[1]
    truly = y.astype(np.intp)

    def counted(chosen: Floats, classes: Codes) -> Floats:
        return np.bincount(classes * number + parts, chosen, size * number).astype(np.float64).reshape(size, number)

    ones = np.ones(len(y))
    hits = counted((named == truly).astype(np.float64), truly)
    both = counted(ones, truly) + counted(ones, named)

    def mean(hits: Floats, both: Floats) -> Floats:
        there = both > 0
        each = np.where(there, 2 * hits / np.where(there, both, 1.0), 0.0)
        return np.asarray(each.sum(axis=0) / np.maximum(there.sum(axis=0), 1))

    whole = float(mean(hits.sum(axis=1), both.sum(axis=1)))
    left_out = mean(hits.sum(axis=1, keepdims=True) - hits, both.sum(axis=1, keepdims=True) - both)
    return metrics.jackknife(whole, left_out, confidence)


def auc_ovr(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean AUC of each class against all others, over the classes that are there (Hand & Till 2001, one against rest).

    Its interval is taken from what each cluster adds to the mean of the placements (Obuchowski 1997, of all classes at
    once), on the logit scale; there is none where a class lies in a single cluster.
    """
    there = [place for place in range(p.shape[1]) if 0 < (y == place).sum() < len(y)]
    if not there:
        return UNDEFINED
    each = [_placed((y == place).astype(np.float64), p[:, place], units) for place in there]
    auc = float(np.mean([area for area, _, _ in each]))
    if units.size < 2 or auc in (0.0, 1.0) or min(spread for _, _, spread in each) < 2:
        return Interval(auc, None, None)
    added = np.mean([influence for _, influence, _ in each], axis=0)
    variance = float(added @ added) * units.size / (units.size - 1)
    reach = stdtrit(units.size - 1, (1 + confidence) / 2) * np.sqrt(variance) / (auc * (1 - auc))
    return Interval(auc, float(expit(logit(auc) - reach)), float(expit(logit(auc) + reach)))


def calibration(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
    """Mean over the classes of the calibration error of each (Kull et al. 2019, classwise)."""
    each = [
        metrics.calibration_errors((y == place).astype(np.float64), p[:, place], units) for place in range(p.shape[1])
    ]
    whole, left_out = np.mean([one for one, _ in each]), np.mean([left for _, left in each], axis=0)
    return metrics.jackknife(float(whole), left_out, confidence)


def _placed(y: Floats, p: Floats, units: Groups) -> tuple[float, Floats, int]:
    """The AUC, what each cluster adds to it beyond its mean, and in how few clusters one of the two sides lies."""
    auc, below, above = metrics.placements(y, p)
    positive, negative = units.tally(y), units.tally(1 - y)
    own = (units.tally(y * below) - auc * positive) / y.sum()
    others = (units.tally((1 - y) * above) - auc * negative) / (len(y) - y.sum())
    return auc, own + others, int(min((positive > 0).sum(), (negative > 0).sum()))
