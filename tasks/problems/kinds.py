"""The kinds of problem by name: which one a pipeline, a score or a comparison is of, and what it says of them.

Kinds are listed in `configs.problems`; one is imported when it is asked for. Small, so that `status` need not load
numpy for it.
"""

import importlib
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from configs import metrics
from configs.problems import KINDS
from tasks.domain import wording
from tasks.domain.records import Batch, Comparison, Metric, Model, Score, SliceScore, Snapshot
from tasks.domain.turns import Turn
from tasks.problems.base import Problem

Write = Callable[[float | None], str]
_BY_METRIC = {kind.metric: name for name, kind in KINDS.items()}


@cache
def named(name: str) -> Problem:
    """The kind of that name, `TrainingSettings.kind`; KeyError if there is none, which settings do not let through."""
    plain, _, share = name.partition(" ")
    module, _, kind = KINDS[plain].path.partition(":")
    problem: Problem = getattr(importlib.import_module(module), kind)(*([share] if share else []))
    return problem


def _decided_by(metric: str) -> Problem | None:
    """The kind that a metric decides for, by its name in records; None if it decides for none."""
    plain, _, share = metric.rpartition("_")
    if metric in _BY_METRIC:
        return named(_BY_METRIC[metric])
    return named(f"{_BY_METRIC[plain]} {share}") if plain in _BY_METRIC else None


def of(judged: Score | SliceScore | Comparison) -> Problem:
    """The kind whose loss decided."""
    metric = judged.metric if isinstance(judged, Comparison) else judged.loss.name
    problem = _decided_by(metric)
    if problem is None:
        raise KeyError(metric)
    return problem


def of_turn(turn: Turn, name: str) -> Problem:
    """The kind whose loss decided in a turn; where nothing was judged, that of its pipeline."""
    judged = turn.champion or turn.probe or turn.comparison
    return of(judged) if judged else named(name)


def of_labels(labelled: Batch | Snapshot) -> Problem:
    """The kind of rows that are not judged: a mean of labels is kept of numbers alone.

    What decides about their answers is not asked here: of labels all kinds of a number say the same.
    """
    if labelled.classes:
        return named("multiclass")
    return named("binary" if labelled.label_mean is None else "regression")


# ── metrics ───────────────────────────────────────────────────────────────────────────────────────────────────────
def title(metric: Metric) -> str:
    """What people call a metric."""
    return (metrics.entry(metric.name) or metric).title


def write(metric: Metric) -> Write:
    """How a value of a metric is written."""
    problem = _decided_by(metric.name)
    if problem is not None:
        return problem.loss
    return wording.amount if (metrics.entry(metric.name) or metric).amount else wording.loss


def shown(metric: Metric) -> Metric:
    """A loss that decides with the numbers that are told of it, for pictures."""
    problem = _decided_by(metric.name)
    if problem is None:
        return metric
    value, low, high = (problem.value(number) for number in (metric.value, metric.low, metric.high))
    return replace(metric, value=value, low=low, high=high)


# ── comparisons ───────────────────────────────────────────────────────────────────────────────────────────────────
def base(pair: Comparison) -> float | None:
    """Mean loss of what a challenger was compared with; None without rows."""
    return math.fsum(pair.base_loss) / pair.rows if pair.rows else None


def gains(pair: Comparison) -> tuple[float | None, float | None, float | None]:
    """Gain, low and high end of its interval, as they are told."""
    problem, over = of(pair), base(pair)
    return problem.gained(pair.gain, over), problem.gained(pair.low, over), problem.gained(pair.high, over)


def gain(pair: Comparison) -> str:
    """The gain with its sign: `+0.0244`."""
    return of(pair).gain(pair.gain, base(pair))


def difference(pair: Comparison) -> str:
    """The size of the gain."""
    return of(pair).difference(pair.gain, base(pair))


def ends(pair: Comparison) -> str:
    """The interval of the gain: `+0.0129 to +0.0387`."""
    problem, over = of(pair), base(pair)
    return wording.interval(pair.low, pair.high, lambda end: problem.gain(end, over))


# ── scores ────────────────────────────────────────────────────────────────────────────────────────────────────────
def actual(rows: Score | SliceScore) -> float | None:
    """Share of positives, or mean label; None without rows."""
    return of(rows).actual(rows)


def bias(score: Score) -> float | None:
    """How far the mean answer lies above the mean label, of a number in its standard deviations; None without rows."""
    return of(score).bias(score)


def dummy_loss(model: Model, score: Score) -> float | None:
    """Mean loss of no model on the rows that were scored: of what was usual in the training data of this one.

    None without rows.
    """
    problem = of(score)
    return problem.constant_loss(problem.dummy(model, [one.name for one in score.classes]), score)
