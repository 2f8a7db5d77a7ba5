"""Losses of rows, and what bounds them. Means of them, with intervals, belong to `metrics`."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

Floats = NDArray[np.float64]

_EDGE, _HUGE = 1e-6, 1e70
LARGEST_LOSS = float(-np.log(_EDGE))
"""Log loss of a prediction that is as wrong as predictions may be."""


def log_losses(y: Floats, p: Floats) -> Floats:
    """Log loss of each row. What is not a probability (NaN, infinite, outside 0 to 1) has the loss NaN."""
    kept = np.where((p >= 0) & (p <= 1), np.clip(p, _EDGE, 1 - _EDGE), np.nan)
    return -np.log(np.where(y > 0.5, kept, 1 - kept))


def cross_entropies(y: Floats, p: Floats) -> Floats:
    """Log loss of each row, of places of classes and a probability for each, shape (rows, classes).

    A row in which something is not a probability (NaN, infinite, outside 0 to 1) has the loss NaN.
    """
    there = (p >= 0).all(axis=1) & (p <= 1).all(axis=1)
    own = np.take_along_axis(p, y.astype(np.intp)[:, None], axis=1)[:, 0]
    return -np.log(np.where(there, np.clip(own, _EDGE, 1 - _EDGE), np.nan))


def squared_errors(y: Floats, p: Floats) -> Floats:
    """Squared error of each row. What is no number, or too large to be squared twice, has the loss NaN."""
    fits = (np.abs(y) < _HUGE) & (np.abs(p) < _HUGE)
    return np.where(fits, np.square(np.where(fits, y, 0.0) - np.where(fits, p, 0.0)), np.nan)


def pinball_losses(y: Floats, p: Floats, quantile: float) -> Floats:
    """Pinball loss of each row; what is no number, or too large to be squared twice, has the loss NaN."""
    fits = (np.abs(y) < _HUGE) & (np.abs(p) < _HUGE)
    apart = np.where(fits, y, 0.0) - np.where(fits, p, 0.0)
    return np.where(fits, np.maximum(quantile * apart, (quantile - 1) * apart), np.nan)


def poisson_deviances(y: Floats, p: Floats) -> Floats:
    """Poisson deviance of each row, of answers that are at least 1e-6; NaN as above, and where a label is below 0."""
    fits = (y >= 0) & (y < _HUGE) & (np.abs(p) < _HUGE)
    labels, means = np.where(fits, y, 0.0), np.where(fits, np.maximum(p, _EDGE), 1.0)
    return np.where(fits, np.maximum(2 * (xlogy(labels, labels / means) - labels + means), 0.0), np.nan)


def is_measurable(values: Floats) -> bool:
    """Whether all numbers are small enough to be squared twice."""
    return bound(values) < _HUGE


def measurable(values: Floats) -> Floats:
    """Numbers, the largest of them cut to what can be measured: their losses are NaN, their means are finite."""
    return np.clip(values, -_HUGE, _HUGE)


def bound(values: Floats) -> float:
    """The largest size of a row's loss (or difference); it stands in where a loss has no bound of its own."""
    return float(np.abs(values).max()) if len(values) else 0.0
