"""What the live model says of the rows of a batch, before anybody knows their labels: are its answers as before?

Add here what can be seen in answers alone. They are held against the labels of the batches before and against what the
model answered at its fit; why they are others is asked in `steps.asking`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from configs.reporting import ReportingSettings
from tasks.domain import wording
from tasks.domain.observations import Answers
from tasks.problems.base import Problem

Floats = NDArray[np.float64]

_ENOUGH = 4
"""Batches before that show how far the level of labels swings."""
_ERRORS = 4
"""Standard errors of a mean that are chance."""
_BOTH = 0.03
"""Share from which a class counts as used."""
_ALL = 0.999
"""Share that is as good as all."""
_FLAT = 0.2
"""Part of its former spread below which a model hardly tells rows apart."""
_TAIL = 0.05


@dataclass(frozen=True)
class Usual:
    """What there was before."""

    levels: Sequence[float]
    """Mean label (share of yes) of each batch before."""
    golden: Floats
    """What the model answered to its golden batch."""
    labels: tuple[float, float] | None = None
    """Smallest and largest label that it has learned from, where it is a number."""


@dataclass(frozen=True)
class Words:
    """How it is told."""

    reporting: ReportingSettings
    classes: tuple[str, str]
    """What the classes no and yes are called."""
    version: int | None
    """Whose answers they are."""


def look(answers: Floats, usual: Usual, problem: Problem, words: Words) -> Answers:
    """Sum up what a model answered, and say whether that is as before.

    Its answers have moved if it puts all rows in one class, or tells them hardly apart, where it did not before; or if
    their mean lies further outside of the labels of all batches before than these swing, and than chance explains.

    Args:
        answers: To the rows of the batch, shape (rows,), at least one.
        usual: What there was before.
        problem: Kind of answer.
        words: How it is told.
    """
    yes, was = positive(answers, problem), positive(usual.golden, problem)
    low, high = (float(end) for end in np.quantile(answers, (_TAIL, 1 - _TAIL)))
    mean, collapsed = float(answers.mean()), has_collapsed(answers, usual.golden, problem)
    levels = (min(usual.levels), max(usual.levels)) if len(usual.levels) >= _ENOUGH else None
    outside = levels is not None and _lies_outside(mean, levels, float(answers.std()) / math.sqrt(len(answers)))
    beyond = 0.0
    if usual.labels is not None:
        beyond = float(((answers < usual.labels[0]) | (answers > usual.labels[1])).mean())
    text = _text(mean, (low, high), levels, len(usual.levels), problem, words)
    if collapsed:
        text = f"{_collapse(answers, yes, was, words)} {text}"
    if beyond > 0 and usual.labels is not None:
        ends = " to ".join(problem.level(end) for end in usual.labels)
        text = f"{text} {wording.share(beyond)} of its answers lie beyond all labels that it learned from ({ends})."
    return Answers(len(answers), mean, low, high, levels, yes, was, beyond, collapsed, collapsed or outside, text)


def positive(answers: Floats, problem: Problem) -> float | None:
    """Share of rows that are put in the class yes."""
    return float((answers >= 0.5).mean()) if problem.shares and len(answers) else None


def has_collapsed(answers: Floats, golden: Floats, problem: Problem) -> bool:
    """Whether a model puts all rows in one class, or tells them hardly apart, where it did not at its fit.

    Args:
        answers: To the rows of a batch, shape (rows,).
        golden: To its golden batch.
        problem: Kind of answer.
    """
    now, was = positive(answers, problem), positive(golden, problem)
    if now is not None and was is not None and _BOTH <= was <= 1 - _BOTH and max(now, 1 - now) >= _ALL:
        return True
    return len(golden) > 1 and float(answers.std()) < _FLAT * float(golden.std())


def _lies_outside(mean: float, levels: tuple[float, float], error: float) -> bool:
    apart = max(levels[0] - mean, mean - levels[1])
    return apart > max(levels[1] - levels[0], _ERRORS * error)


def expected(mean: float, problem: Problem, words: Words) -> str:
    """A mean answer in words: `24 % expert`, `140 rentals`."""
    told = problem.level(mean)
    return f"{told} {words.classes[1]}" if problem.shares else words.reporting.quantity(told)


def one_class(yes: float | None, words: Words) -> str:
    """The class in which a model puts (nearly) all rows; empty where it uses both, or has none."""
    if yes is None or max(yes, 1 - yes) < _ALL:
        return ""
    return f"'{words.classes[yes > 0.5]}'"


def _collapse(answers: Floats, yes: float | None, was: float | None, words: Words) -> str:
    rows, kind = f"{wording.count(len(answers))} {words.reporting.row[1]}", one_class(yes, words)
    if kind and yes is not None and was is not None:
        other = wording.share(was if yes < 0.5 else 1 - was)
        return f"v{words.version} puts all {rows} in {kind}; at its fit it put {other} in the other class."
    return f"v{words.version} hardly tells {rows} apart any more."


def _text(
    mean: float,
    ends: tuple[float, float],
    levels: tuple[float, float] | None,
    batches: int,
    problem: Problem,
    words: Words,
) -> str:
    text = f"v{words.version} expects {expected(mean, problem, words)}"
    if levels is not None:
        were = " to ".join(problem.level(level) for level in levels)
        text += f", where {were} were in the {wording.number_word(batches)} batches before"
    middle = " to ".join(problem.level(end) for end in ends)
    return f"{text}; nine of ten answers lie in {middle}."
