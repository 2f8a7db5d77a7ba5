"""Metrics that are the same question for several kinds of problem, and whose answer the kind knows.

Add here a metric that is computed from what a kind of problem says of rows: its loss, its constant, its level. Each
function makes an estimate, as those in `metrics` are, out of a kind; `configs.metrics` names it with `asks_kind`.
"""

import math

import numpy as np

from tasks.evaluation import metrics
from tasks.evaluation.metrics import UNDEFINED, Estimate, Floats, Groups, Interval
from tasks.problems.base import Problem


def loss(problem: Problem) -> Estimate:
    """The mean of the loss that decides."""

    def estimated(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
        losses = problem.losses(y, p)
        largest = problem.largest(losses)
        return metrics.means(losses, metrics.everything(len(y)), units, confidence, largest).interval(0, largest)

    return estimated


def d2(problem: Problem) -> Estimate:
    """Part of the loss of the best constant for these rows that is saved; below 0 the answers are worse than it.

    The constant loses least, so that a few rows less change its loss by little: it stays fixed in the jackknife.
    """

    def estimated(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
        constant = problem.losses(y, np.full(len(y), problem.constant(y)))
        if not (np.isfinite(constant).all() and constant.sum() > 0):
            return UNDEFINED
        parts, number = metrics.blocks(units)
        lost, without = (np.bincount(parts, of, number) for of in (problem.losses(y, p), constant))
        rest = without.sum() - without
        saved = 1 - (lost.sum() - lost) / np.where(rest > 0, rest, np.nan)
        return metrics.jackknife(float(1 - lost.sum() / without.sum()), saved, confidence, -math.inf)

    return estimated


def coverage(problem: Problem) -> Estimate:
    """The level that came: the share of labels that lie below the answers."""

    def estimated(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
        below, _ = problem.level_of(y, p)
        return metrics.means(below, metrics.everything(len(y)), units, confidence, 1.0).interval(0, 1.0)

    return estimated


def coverage_error(problem: Problem) -> Estimate:
    """How far that level is from the one that was expected."""

    def estimated(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
        below, expected = problem.level_of(y, p)
        found = metrics.offset(below, expected, units, confidence)
        if found.value is None or found.low is None or found.high is None or units.size < 2:
            return Interval(None if found.value is None else abs(found.value), None, None)
        reach = (found.high - found.low) / 2
        return Interval(abs(found.value), max(abs(found.value) - reach, 0.0), abs(found.value) + reach)

    return estimated
