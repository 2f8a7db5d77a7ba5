"""The kinds of problem by name: which one a pipeline, a score or a comparison is of, and what it says of them.

Kinds are listed in `configs.problems`; one is imported when it is asked for. Small, so that `status` need not load
numpy for it.
"""

import importlib
import math
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from configs.metrics import METRICS
from configs.problems import KINDS
from tasks.domain import wording
from tasks.domain.records import Batch, Comparison, Metric, Model, Score, SliceScore, Snapshot
from tasks.domain.turns import Turn
from tasks.problems.base import Problem

Write = Callable[[float | None], str]
_BY_METRIC = {kind.metric: name for name, kind in KINDS.items()}


@cache
def named(name: str) -> Problem:
    """The kind of that name; KeyError if there is none, which settings do not let through."""
    module, _, kind = KINDS[name].path.partition(":")
    problem: Problem = getattr(importlib.import_module(module), kind)()
    return problem


def of(judged: Score | SliceScore | Comparison) -> Problem:
    """The kind whose loss decided."""
    return named(_BY_METRIC[judged.metric if isinstance(judged, Comparison) else judged.loss.name])


def of_turn(turn: Turn, name: str) -> Problem:
    """The kind whose loss decided in a turn; where nothing was judged, that of its pipeline."""
    judged = turn.champion or turn.probe or turn.comparison
    return of(judged) if judged else named(name)


def of_labels(labelled: Batch | Snapshot) -> Problem:
    """The kind of rows that are not judged: a mean of labels is kept of numbers alone."""
    if labelled.classes:
        return named("multiclass")
    return named("binary" if labelled.label_mean is None else "regression")


# ── metrics ───────────────────────────────────────────────────────────────────────────────────────────────────────
def title(metric: Metric) -> str:
    """What people call a metric."""
    return METRICS.get(metric.name, metric).title


def write(metric: Metric) -> Write:
    """How a value of a metric is written."""
    if metric.name in _BY_METRIC:
        return named(_BY_METRIC[metric.name]).loss
    return wording.amount if METRICS.get(metric.name, metric).amount else wording.loss


def shown(metric: Metric) -> Metric:
    """A loss that decides with the numbers that are told of it, for pictures."""
    problem = named(_BY_METRIC[metric.name])
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
    return problem.constant_loss(problem.dummy(model), score)
