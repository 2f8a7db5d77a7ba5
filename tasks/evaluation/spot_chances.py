"""Is the loss on a part of the rows above what it is compared with, by more than chance?

Tests are one-sided t over clusters of ratios of sums, as in `metrics.means`. Add here what decides about a part that
was chosen elsewhere; how parts are chosen belongs to `spot_search`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

from tasks.evaluation.cuts_of_columns import Codes
from tasks.evaluation.lost_rows import FEW, Floats, Lost, Mask, Part

MIN_CLUSTERS = 4
"""Rows in which a part, or the rest, lies in fewer clusters test nothing."""


def measure(part: Part, now: Lost, gate: Lost | None) -> float:
    """Chance that the loss there is not above what it is compared with, or not further above it than elsewhere.

    That all rows of some days are hard says nothing of a part: against the gate only the distance from all other rows
    of the same days is tested, beside what that was at the gate; the loss itself has to be higher.
    """
    inside = part.rows(now)
    values = now.loss if now.base is None else now.loss - now.base
    here = _Mean.of(values, now.clusters, inside)
    if here.fewest < MIN_CLUSTERS:
        return 1.0
    if gate is None:
        if now.loss[inside].mean() <= now.loss[~inside].mean():
            return 1.0
        return max(_chance(here.value, here.error, here.inside), _chance(here.apart, here.apart_error, here.fewest))
    same = part.rows(gate)
    if same.sum() < FEW:
        is_above = here.value > gate.loss.mean()
        return _chance(here.apart, here.apart_error, here.fewest) if is_above else 1.0
    there = _Mean.of(gate.loss, gate.clusters, same)
    if there.fewest < 2 or here.value <= there.value:
        return 1.0
    apart, error = here.apart - there.apart, np.hypot(here.apart_error, there.apart_error)
    return _chance(apart, error, min(here.fewest, there.fewest))


def distance(part: Part, now: Lost, gate: Lost | None) -> float:
    """Squared distance from all other rows in standard errors over clusters, beside what it was at the gate."""
    values = now.loss if now.base is None else now.loss - now.base
    here = _Mean.of(values, now.clusters, part.rows(now))
    apart, variance = here.apart, here.apart_error**2
    same = None if gate is None else part.rows(gate)
    if gate is not None and same is not None and same.sum() >= FEW:
        there = _Mean.of(gate.loss, gate.clusters, same)
        apart, variance = apart - there.apart, variance + there.apart_error**2
    return apart**2 / variance if apart > 0 and variance > 0 else 0.0


def holm(tested: Sequence[Part], level: float) -> list[Part]:
    """Those that Holm's step-down rejects at `level`."""
    kept = []
    for step, one in enumerate(sorted(tested, key=lambda one: one.p_value)):
        if one.p_value * (len(tested) - step) > level:
            break
        kept.append(one)
    return kept


@dataclass(frozen=True)
class _Mean:
    """Mean of some rows, and how far it lies above that of the others, with standard errors over clusters."""

    value: float
    error: float
    inside: int
    """Clusters with such rows."""
    apart: float
    apart_error: float
    fewest: int
    """Clusters with such rows, or with others, whichever are fewer."""

    @classmethod
    def of(cls, values: Floats, clusters: Codes, inside: Mask) -> "_Mean":
        """Measure `values` on the rows `inside`."""
        size = int(clusters.max()) + 1
        rows, others = np.bincount(clusters[inside], minlength=size), np.bincount(clusters[~inside], minlength=size)
        total = max(int(rows.sum()), 1), max(int(others.sum()), 1)
        sums = [np.bincount(clusters[one], values[one], size) for one in (inside, ~inside)]
        mean, rest = sums[0].sum() / total[0], sums[1].sum() / total[1]
        far = (sums[0] - mean * rows) / total[0]
        apart = far - (sums[1] - rest * others) / total[1]
        here, there, any_ = int((rows > 0).sum()), int((others > 0).sum()), int((rows + others > 0).sum())
        error = np.sqrt((far @ far) * here / max(here - 1, 1))
        apart_error = np.sqrt((apart @ apart) * any_ / max(any_ - 1, 1))
        return cls(float(mean), float(error), here, float(mean - rest), float(apart_error), min(here, there))


def _chance(value: float, error: float, clusters: int) -> float:
    if error <= 1e-12 * abs(value):
        return 0.0 if value > 0 else 1.0
    return float(stdtr(max(clusters - 1, 1), -value / error))
