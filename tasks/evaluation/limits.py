"""Metrics that have a limit, of two models on the same rows: values, and how much worse one is than the other.

Add here what limits look at. Whether one is passed is decided by the guard `metrics`.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.evaluation import EvaluationSettings
from configs.metrics import entry
from configs.problems import KINDS
from configs.promotion import GuardSettings
from tasks.domain.limited import Limited
from tasks.evaluation import choices, metrics
from tasks.evaluation.choices import Amounts, Choice
from tasks.evaluation.metrics import UNDEFINED, Estimate, Floats, Groups, Interval, blocks, jackknife
from tasks.problems.base import Problem


@dataclass(frozen=True)
class Pair:
    """Two models on the same rows."""

    y: Floats
    base: Floats
    challenger: Floats
    units: Groups
    amounts: Amounts

    def of(self, rows: NDArray[np.bool_]) -> "Pair":
        """The same on some of the rows."""
        there, codes = np.unique(self.units.codes[rows], return_inverse=True)
        units = Groups(codes.astype(np.intp), tuple(self.units.names[code] for code in there))
        amounts = {name: values[rows] for name, values in self.amounts.items()}
        return Pair(self.y[rows], self.base[rows], self.challenger[rows], units, amounts)


@dataclass(frozen=True)
class Part:
    """A slice with rows and clusters enough to be judged."""

    column: str
    label: str
    rows: NDArray[np.bool_]


def look(
    pair: Pair,
    slices: Sequence[Part],
    guards: GuardSettings,
    settings: EvaluationSettings,
    problem: Problem,
) -> Iterator[Limited]:
    """What each limit looks at. On slices intervals hold for all of them together (Bonferroni at `slice_level`)."""
    for limit in guards.metrics:
        name = settings.called(limit.metric, problem.name)
        assert name is not None, "settings let no other metric through"
        yield _limited(name, "", "", pair, 1 - 2 * guards.slice_level, settings, problem)
        confidence = 1 - 2 * guards.slice_level / max(len(slices), 1)
        for part in slices if limit.slices else ():
            yield _limited(name, part.column, part.label, pair.of(part.rows), confidence, settings, problem)


def _limited(
    name: str, column: str, label: str, pair: Pair, confidence: float, settings: EvaluationSettings, problem: Problem
) -> Limited:
    name = problem.metric if name == KINDS[problem.name].metric else name

    def measured(rows: Pair) -> Choice:
        return choices.chosen(settings.measured(problem.name), problem, rows.amounts)[name]

    choice = measured(pair)
    again = measured if pair.amounts else lambda _: choice  # amounts are of all rows, so they are cut with these
    shown = entry(name) or choice
    value = choice.estimate(pair.y, pair.challenger, pair.units, confidence)
    base, _ = _values(choice.estimate, pair)
    better = choice.greater_is_better
    worse = _worse(again, better, pair, confidence)
    return Limited(name, shown.title, better, shown.amount, column, label, base, *value, *worse)


def _worse(measured: Callable[[Pair], Choice], greater_is_better: bool, pair: Pair, confidence: float) -> Interval:
    """By how much the challenger is worse, with a jackknife of the pair: what is hard for both cancels."""

    def apart(rows: Pair) -> float:
        base, value = _values(measured(rows).estimate, rows)
        if base is None or value is None:
            return math.nan
        return base - value if greater_is_better else value - base

    whole = apart(pair)
    if not math.isfinite(whole):
        return UNDEFINED
    parts, number = blocks(pair.units)
    left_out = np.array([apart(pair.of(parts != part)) for part in range(number)] if number > 1 else [])
    return jackknife(whole, left_out, confidence, -math.inf, math.inf)


def _values(estimate: Estimate, pair: Pair) -> tuple[float | None, float | None]:
    """The metric of both, without an interval."""
    alone = metrics.everything(len(pair.y))
    if not len(pair.y):
        return None, None
    base, value = (estimate(pair.y, answers, alone, 0.95).value for answers in (pair.base, pair.challenger))
    return base, value
