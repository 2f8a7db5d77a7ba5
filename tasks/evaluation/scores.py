"""How a model is measured, and two models on the same rows: scores, comparisons, slices.

Add here what is computed from labels and predictions. A new metric belongs to `metrics`, with an interval that holds
over clusters; what follows from the numbers (a verdict, an alarm) must not be put here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import stdtr

from configs.evaluation import EvaluationSettings
from configs.section import Problem
from tasks.domain.records import ALONE, Comparison, Metric, Score, SliceGain, SliceScore
from tasks.evaluation import metrics as intervals
from tasks.evaluation.metrics import Floats, Groups, Means
from tasks.training.groups import MISSING, POOL, Labels

MIN_CLUSTERS = 5
"""A slice with rows in fewer clusters is insufficient."""
_NEEDED: dict[Problem, tuple[str, ...]] = {
    "binary": ("log_loss", "roc_auc", "calibration_error"),
    "regression": ("squared_error", "r2", "bias"),
}
"""Measured whether asked for or not: the first one decides, the guards look at the others."""


def constant(base_rate: float, rows: int) -> Floats:
    """Predictions of no model: the share of positives (or the mean label) in the training data, for every row."""
    return np.full(rows, base_rate, dtype=np.float64)


def log_losses(y: ArrayLike, p: ArrayLike) -> Floats:
    """Log loss of each row. What is not a probability (NaN, infinite, outside 0 to 1) has the loss NaN."""
    return intervals.log_losses(_floats(y), _floats(p))


def score(
    model_id: str,
    batch_id: str,
    y: ArrayLike,
    p: ArrayLike,
    clusters: Labels,
    slice_labels: Mapping[str, Labels],
    settings: EvaluationSettings,
    problem: Problem = "binary",
) -> Score:
    """Measure answers `p` (probabilities, or numbers) of one model against labels `y`, overall and per slice."""
    y, p = _floats(y), _floats(p)
    units, lost = intervals.group(clusters), losses(y, p, problem)
    first, *others = _NEEDED[problem]
    names = dict.fromkeys((first, *settings.measured(problem), *others))
    sound = bool(len(y)) and bool(np.isfinite(lost).all())
    metrics = tuple(
        Metric(
            name,
            *(measure(y, p, units, settings.confidence) if sound else intervals.UNDEFINED),
            greater_is_better=better,
        )
        for name, (measure, better) in ((name, intervals.MEASURES[name]) for name in names)
    )
    parts = _partitions(slice_labels, units, settings.min_slice_rows)
    a_number = problem == "regression" and len(y) > 0
    return Score(
        model=model_id,
        batch=batch_id,
        rows=len(y),
        positives=_positives(y, problem),
        mean_predicted=float(intervals.measurable(p).mean()) if len(p) else 0.0,
        metrics=metrics,
        slices=tuple(
            row for part in parts for row in _slice_scores(part, lost, y, units, settings.confidence, problem)
        ),
        calibration=intervals.calibration(y, p) if sound else (),
        mean_actual=float(y.mean()) if a_number else None,
        variance=intervals.variance(y) if a_number else None,
        offset=Metric("offset", *intervals.offset(y, p, units, settings.confidence), False) if sound else None,
    )


def compare(
    y: ArrayLike,
    base: ArrayLike,
    challenger: ArrayLike,
    clusters: Labels,
    slice_labels: Mapping[str, Labels],
    settings: EvaluationSettings,
    level: float,
    problem: Problem = "binary",
) -> Comparison:
    """Compare two models on the same rows, paired by row, with clusters as units.

    `level` is the familywise error rate (Holm over the slices) at which the challenger counts as worse on a slice.
    With a single cluster nothing is known about luck: the interval is all that the loss allows.
    """
    y, base, challenger = _floats(y), _floats(base), _floats(challenger)
    units, before, after = intervals.group(clusters), losses(y, base, problem), losses(y, challenger, problem)
    gains = before - after
    largest = _largest(gains, problem)
    whole = intervals.means(gains, intervals.everything(len(y)), units, settings.confidence, largest)
    parts = _partitions(slice_labels, units, settings.min_slice_rows) if np.isfinite(gains).all() else []
    # Without clusters there is no unit of evidence: the sums are over all rows.
    kept = intervals.everything(len(y)) if settings.cluster.independent else units
    return Comparison(
        rows=len(y),
        gain=float(whole.value[0]),
        low=float(whole.low[0]),
        high=float(whole.high[0]),
        clusters=(ALONE,) if settings.cluster.independent else units.names,
        cluster_rows=tuple(kept.tally().astype(int).tolist()),
        base_loss=tuple(kept.tally(before).tolist()),
        challenger_loss=tuple(kept.tally(after).tolist()),
        slices=_slice_gains(parts, gains, units, settings.confidence, level, largest),
        churn=_churn(y, base, challenger, problem),
        righted=_righted(y, base, challenger, problem),
        measure=_NEEDED[problem][0],
    )


def losses(y: ArrayLike, p: ArrayLike, problem: Problem) -> Floats:
    """The loss of each row that decides: log loss, or of a number the squared error."""
    y, p = _floats(y), _floats(p)
    return intervals.squared_errors(y, p) if problem == "regression" else log_losses(y, p)


# ── a yes or no, and a number ─────────────────────────────────────────────────────────────────────────────────────
def _largest(values: Floats, problem: Problem) -> float:
    """What bounds a mean loss, or a mean difference of two."""
    return intervals.bound(values) if problem == "regression" else intervals.LARGEST_LOSS


def _positives(y: Floats, problem: Problem) -> int:
    return 0 if problem == "regression" else int(y.sum())


def _churn(y: Floats, base: Floats, challenger: Floats, problem: Problem) -> float:
    """Share of decisions at 0.5 that change; of a number, its mean change in standard deviations of the label."""
    if not len(y):
        return 0.0
    if problem == "binary":
        return float(((base >= 0.5) != (challenger >= 0.5)).mean())
    change = float(np.abs(intervals.measurable(base) - intervals.measurable(challenger)).mean())
    spread = float(y.std())
    return change / (spread or 1.0)


def _righted(y: Floats, base: Floats, challenger: Floats, problem: Problem) -> float:
    """How much larger the share of right decisions at 0.5 is; of a number: of answers nearer to it than farther."""
    if not len(y):
        return 0.0
    if problem == "regression":
        return float(np.sign(np.abs(y - base) - np.abs(y - challenger)).mean())
    right, was_right = (challenger >= 0.5) == (y >= 0.5), (base >= 0.5) == (y >= 0.5)
    return float(right.mean()) - float(was_right.mean())


# ── slices ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class _Partition:
    """Rows of one column in slices; those with too few rows or clusters are one pool, the last."""

    column: str
    groups: Groups
    pooled: bool

    def labels(self) -> Iterator[tuple[int, str, bool]]:
        """Position, name and whether it can be judged, for each slice."""
        for position, name in enumerate(self.groups.names):
            yield position, name, not (self.pooled and position == self.groups.size - 1)


def _partitions(labels: Mapping[str, Labels], units: Groups, min_rows: int) -> list[_Partition]:
    return [_partition(column, intervals.group(values), units, min_rows) for column, values in labels.items()]


def _partition(column: str, groups: Groups, units: Groups, min_rows: int) -> _Partition:
    enough = (groups.tally() >= min_rows) & (intervals.distinct_clusters(groups, units) >= MIN_CLUSTERS)
    ordered = sorted(np.flatnonzero(enough), key=lambda code: _natural(groups.names[code]))
    position = np.full(groups.size, len(ordered), dtype=np.intp)
    position[ordered] = np.arange(len(ordered))
    pooled = len(ordered) < groups.size
    names = (*(groups.names[code] for code in ordered), *((POOL,) if pooled else ()))
    return _Partition(column, Groups(position[groups.codes], names), pooled)


def _slice_scores(
    part: _Partition, losses: Floats, y: Floats, units: Groups, confidence: float, problem: Problem
) -> Iterator[SliceScore]:
    name, largest = _NEEDED[problem][0], _largest(losses, problem)
    means, sums = intervals.means(losses, part.groups, units, confidence, largest), part.groups.tally(y)
    a_number = problem == "regression"
    for i, label, sufficient in part.labels():
        loss, rows = Metric(name, *means.interval(i, largest), greater_is_better=False), int(means.rows[i])
        mean = float(sums[i]) / rows if a_number and rows else None
        counts = rows, int(means.clusters[i]), 0 if a_number else int(sums[i])
        yield SliceScore(part.column, label, *counts, log_loss=loss, sufficient=sufficient, mean_actual=mean)


def _slice_gains(
    parts: Sequence[_Partition], gains: Floats, units: Groups, confidence: float, level: float, largest: float
) -> tuple[SliceGain, ...]:
    found: list[tuple[str, str, float, float, float, float, bool]] = []
    for part in parts:
        means = intervals.means(gains, part.groups, units, confidence, largest)
        p_values = _not_worse(means)
        for i, label, sufficient in part.labels():
            numbers = float(means.value[i]), float(means.low[i]), float(means.high[i]), float(p_values[i])
            found.append((part.column, label, *numbers, sufficient))
    worse = _holm([row[5] if row[6] else None for row in found], level)
    return tuple(SliceGain(*row[:6], worse=bad, sufficient=row[6]) for row, bad in zip(found, worse, strict=True))


def _not_worse(means: Means) -> Floats:
    """One-sided p-values that the mean is not below 0 (t over clusters); 1 where there is a single cluster."""
    certain = means.error <= 1e-12 * np.abs(means.value)
    t = means.value / np.where(means.error > 0, means.error, 1.0)
    p = np.where(certain, np.where(means.value < 0, 0.0, 1.0), stdtr(np.maximum(means.clusters - 1, 1), t))
    return np.where(means.clusters > 1, p, 1.0)


def _holm(p_values: Sequence[float | None], level: float) -> list[bool]:
    """Which hypotheses Holm's step-down rejects at `level`; None is not tested."""
    tested = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    rejected = [False] * len(p_values)
    for step, (p, i) in enumerate(tested):
        if p * (len(tested) - step) > level:
            break
        rejected[i] = True
    return rejected


# ── names of rows ─────────────────────────────────────────────────────────────────────────────────────────────────
def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def _natural(label: str) -> tuple[int, float, str]:
    """Bands and numbers by size, open bands first, then texts, missing last."""
    found = re.match(r"(below |up to )?(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: .*)?$", label)
    if found:
        return (0, -np.inf, label) if found[1] else (1, float(found[2]), label)
    return (3 if label == MISSING else 2, 0.0, label)
