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
from configs.problems import ProblemName
from configs.promotion import GuardSettings
from tasks.domain.class_records import ClassScore
from tasks.domain.limited import Limited
from tasks.domain.records import ALONE, CalibrationBin, Comparison, Metric, Score, SliceGain, SliceScore
from tasks.evaluation import choices, limits
from tasks.evaluation import metrics as intervals
from tasks.evaluation.choices import Amounts
from tasks.evaluation.limits import Pair, Part
from tasks.evaluation.metrics import Floats, Groups, Means
from tasks.problems import kinds
from tasks.problems.base import Constant, Problem
from tasks.problems.losses import measurable
from tasks.training.groups import MISSING, POOL, Labels

MIN_CLUSTERS = 5
"""A slice with rows in fewer clusters is insufficient."""


def constant(said: Constant, rows: int) -> Floats:
    """Predictions of no model: the same answer for every row, shape (rows,), of several classes (rows, classes)."""
    return np.tile(np.asarray(said, dtype=np.float64), (rows, 1)) if isinstance(said, tuple) else np.full(rows, said)


def score(
    model_id: str,
    batch_id: str,
    y: ArrayLike,
    p: ArrayLike,
    clusters: Labels,
    slice_labels: Mapping[str, Labels],
    settings: EvaluationSettings,
    problem: ProblemName,
    dummy: Constant | None = None,
    classes: Sequence[str] = (),
    amounts: Amounts | None = None,
) -> Score:
    """Measure answers `p` (probabilities, or numbers) of one model against labels `y`, overall and per slice.

    `dummy` is what no model says of every row; without it the loss is not compared with that of no model. `classes` are
    the names of those that the settings list, `amounts` those of the rows that metrics are multiplied with.
    """
    y, p = _floats(y), _floats(p)
    kind, units = kinds.named(problem), intervals.group(clusters)
    lost = kind.losses(y, p)
    sound = bool(len(y)) and bool(np.isfinite(lost).all())
    metrics = tuple(
        Metric(
            name,
            *(one.estimate(y, p, units, settings.confidence) if sound else intervals.UNDEFINED),
            greater_is_better=one.greater_is_better,
            title=one.title,
            amount=one.amount,
        )
        for name, one in choices.chosen(settings.measured(kind.name), kind, amounts or {}).items()
    )
    parts, sure = _partitions(slice_labels, units, settings.min_slice_rows), settings.confidence
    came, expected = kind.level_of(y, p)
    positives, mean = kind.counts(float(came.sum()), len(y))
    return Score(
        model=model_id,
        batch=batch_id,
        rows=len(y),
        positives=positives,
        mean_predicted=float(measurable(expected).mean()) if len(p) else 0.0,
        metrics=metrics,
        slices=tuple(row for part in parts for row in _slice_scores(part, lost, came, units, sure, kind)),
        calibration=_calibration(kind, y, p) if sound else (),
        mean_actual=mean,
        variance=kind.variance(y),
        offset=Metric("offset", *intervals.offset(came, expected, units, sure), False) if sound else None,
        excess=_excess(kind, lost, y, dummy, units, settings) if sound and dummy is not None else None,
        classes=_class_scores(kind, y, p, classes) if sound else (),
    )


def _calibration(kind: Problem, y: Floats, p: Floats) -> tuple[CalibrationBin, ...]:
    """Ten groups of rows by answer: what was expected and came, or what no model would say of each."""
    if kind.answers_mean:
        return intervals.calibration(*kind.level_of(y, p))
    return intervals.calibration(y, p, kind.constant)


def _class_scores(kind: Problem, y: Floats, p: Floats, classes: Sequence[str]) -> tuple[ClassScore, ...]:
    """Of each class its rows, how many were put in it and how many rightly, and the mean share that it was given."""
    decided = kind.decided(p)
    if decided is None or not classes:
        return ()
    rows, named = (np.bincount(places, minlength=len(classes)) for places in (y.astype(np.intp), decided))
    right = np.bincount(decided[decided == y], minlength=len(classes))
    each = zip(classes, rows.tolist(), named.tolist(), right.tolist(), p.mean(axis=0).tolist(), strict=True)
    return tuple(ClassScore(*one) for one in each)


def _excess(
    kind: Problem, lost: Floats, y: Floats, dummy: Constant, units: Groups, settings: EvaluationSettings
) -> Metric | None:
    """Loss less that of no model, paired by row: what makes a cluster hard for both cancels. One has no interval."""
    apart = lost - kind.losses(y, constant(dummy, len(y)))
    if not np.isfinite(apart).all():
        return None
    mean = intervals.means(apart, intervals.everything(len(y)), units, settings.confidence, kind.largest(apart))
    low, high = (float(mean.low[0]), float(mean.high[0])) if units.size > 1 else (None, None)
    return Metric("excess", float(mean.value[0]), low, high, greater_is_better=False)


def compare(
    y: ArrayLike,
    base: ArrayLike,
    challenger: ArrayLike,
    clusters: Labels,
    slice_labels: Mapping[str, Labels],
    settings: EvaluationSettings,
    level: float,
    problem: ProblemName,
    guards: GuardSettings | None = None,
    amounts: Amounts | None = None,
) -> Comparison:
    """Compare two models on the same rows, paired by row, with clusters as units.

    `level` is the familywise error rate (Holm over the slices) at which the challenger counts as worse on a slice.
    With a single cluster nothing is known about luck: the interval is all that the loss allows. `guards` say which
    metrics have a limit, and `amounts` are those of the rows that metrics are multiplied with.
    """
    y, base, challenger = _floats(y), _floats(base), _floats(challenger)
    kind, units = kinds.named(problem), intervals.group(clusters)
    before, after = kind.losses(y, base), kind.losses(y, challenger)
    gains = before - after
    largest = kind.largest(gains)
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
        churn=kind.churn(y, base, challenger) if len(y) else 0.0,
        righted=kind.righted_share(y, base, challenger) if len(y) else 0.0,
        metric=kind.metric,
        limited=_limited(Pair(y, base, challenger, units, amounts or {}), parts, guards, settings, kind),
    )


def losses(y: ArrayLike, p: ArrayLike, problem: ProblemName) -> Floats:
    """The loss of each row that decides."""
    return kinds.named(problem).losses(_floats(y), _floats(p))


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


def _limited(
    pair: Pair, parts: Sequence[_Partition], guards: GuardSettings | None, settings: EvaluationSettings, kind: Problem
) -> tuple[Limited, ...]:
    """What limits of metrics look at; without rows there is nothing to see."""
    if guards is None or not guards.metrics or not len(pair.y):
        return ()
    slices = [
        Part(part.column, label, part.groups.codes == place)
        for part in parts
        for place, label, sufficient in part.labels()
        if sufficient
    ]
    return tuple(limits.look(pair, slices, guards, settings, kind))


def _slice_scores(
    part: _Partition, losses: Floats, came: Floats, units: Groups, confidence: float, kind: Problem
) -> Iterator[SliceScore]:
    largest = kind.largest(losses)
    means, sums = intervals.means(losses, part.groups, units, confidence, largest), part.groups.tally(came)
    for i, label, sufficient in part.labels():
        loss, rows = Metric(kind.metric, *means.interval(i, largest), greater_is_better=False), int(means.rows[i])
        positives, mean = kind.counts(float(sums[i]), rows)
        counts = rows, int(means.clusters[i]), positives
        yield SliceScore(part.column, label, *counts, loss=loss, sufficient=sufficient, mean_actual=mean)


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
