"""What the live model says of the rows of a batch, before anybody knows their labels: are its answers as before?

Add here what can be seen in answers alone. They are held against the labels of the batches before and against what the
model answered at its fit; why they are others is asked in `steps.asking`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

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

    levels: Sequence[tuple[float, ...]]
    """Mean label (share of yes, or of each class) of each batch before."""
    golden: Floats
    """What the model answered to its golden batch, shape (rows,), or (rows, classes)."""
    labels: tuple[float, float] | None = None
    """Smallest and largest label that it has learned from, where it is a number."""


@dataclass(frozen=True)
class Words:
    """How it is told."""

    reporting: ReportingSettings
    classes: tuple[str, ...]
    """What the classes are called: no and yes, or each of several."""
    version: int | None
    """Whose answers they are."""
    told: int = 1
    """The class of which shares are told."""


def look(answers: Floats, usual: Usual, problem: Problem, words: Words) -> Answers:
    """Sum up what a model answered, and say whether that is as before.

    Its answers have moved if it puts all rows in one class, or tells them hardly apart, where it did not before; or if
    their mean lies further outside of the labels of all batches before than these swing, and than chance explains.

    Args:
        answers: To the rows of the batch, at least one, shape (rows,), or (rows, classes).
        usual: What there was before.
        problem: Kind of answer.
        words: How it is told.
    """
    place, levels, outside = _furthest(answers, usual.levels)
    own, words = (answers[:, place], replace(words, told=place)) if answers.ndim > 1 else (answers, words)
    yes, was = (_put_in(each, place, problem) for each in (answers, usual.golden))
    low, high = (float(end) for end in np.quantile(own, (_TAIL, 1 - _TAIL)))
    mean, collapsed = float(own.mean()), has_collapsed(answers, usual.golden, problem)
    beyond = 0.0
    if usual.labels is not None:
        beyond = float(((answers < usual.labels[0]) | (answers > usual.labels[1])).mean())
    text = _text(mean, (low, high), levels, len(usual.levels), problem, words)
    if collapsed:
        text = f"{_collapse(answers, usual.golden, problem, words)} {text}"
    if beyond > 0 and usual.labels is not None:
        ends = " to ".join(problem.level(end) for end in usual.labels)
        text = f"{text} {wording.share(beyond)} of its answers lie beyond all labels that it learned from ({ends})."
    return Answers(len(answers), mean, low, high, levels, yes, was, beyond, collapsed, collapsed or outside, text)


def _furthest(answers: Floats, before: Sequence[tuple[float, ...]]) -> tuple[int, tuple[float, float] | None, bool]:
    """The answer of which the mean lies furthest outside of all levels before; which these are, and if it is outside.

    Of a yes or no, and of a number, there is one; of several classes that which is given most where none lies outside.
    """
    each = answers[:, None] if answers.ndim == 1 else answers
    means, errors = each.mean(axis=0), each.std(axis=0) / math.sqrt(len(each))
    if len(before) < _ENOUGH:
        return int(means.argmax()), None, False
    known = np.asarray(before)
    lows, highs = known.min(axis=0), known.max(axis=0)
    apart = np.maximum(lows - means, means - highs)
    is_outside = apart > np.maximum(highs - lows, _ERRORS * errors)
    place = int(np.where(is_outside, apart, -1.0).argmax() if is_outside.any() else means.argmax())
    return place, (float(lows[place]), float(highs[place])), bool(is_outside.any())


def _put_in(answers: Floats, place: int, problem: Problem) -> float | None:
    """Share of rows that are put in the class yes, or in the one that is told."""
    shares = class_shares(answers, problem)
    return None if shares is None else float(shares[place if answers.ndim > 1 else 1])


def class_shares(answers: Floats, problem: Problem) -> Floats | None:
    """Share of rows that are put in each class, shape (classes,); None where there are none, or no rows."""
    decided = problem.decided(answers)
    if decided is None or not len(answers):
        return None
    classes = answers.shape[1] if answers.ndim > 1 else 2
    return np.bincount(decided, minlength=classes) / len(answers)


def has_collapsed(answers: Floats, golden: Floats, problem: Problem) -> bool:
    """Whether a model puts all rows in one class, or tells them hardly apart, where it did not at its fit.

    Args:
        answers: To the rows of a batch, shape (rows,), or (rows, classes).
        golden: To its golden batch.
        problem: Kind of answer.
    """
    now, was = class_shares(answers, problem), class_shares(golden, problem)
    if now is not None and was is not None and was.max() <= 1 - _BOTH and now.max() >= _ALL:
        return True
    return len(golden) > 1 and float(answers.std(axis=0).max()) < _FLAT * float(golden.std(axis=0).max())


def expected(answers: Floats, problem: Problem, words: Words) -> str:
    """The mean of answers in words: `24 % expert`, `140 rentals`; of several classes that which is given most."""
    if answers.ndim == 1:
        return _expected(float(answers.mean()), problem, words)
    means = answers.mean(axis=0)
    return _expected(float(means.max()), problem, replace(words, told=int(means.argmax())))


def _expected(mean: float, problem: Problem, words: Words) -> str:
    told = problem.level(mean)
    return f"{told} {words.classes[words.told]}" if problem.shares else words.reporting.quantity(told)


def one_class(answers: Floats, problem: Problem, words: Words) -> str:
    """The class in which a model puts (nearly) all rows; empty where it uses several, or has none."""
    shares = class_shares(answers, problem)
    return "" if shares is None or shares.max() < _ALL else f"'{words.classes[int(shares.argmax())]}'"


def _collapse(answers: Floats, golden: Floats, problem: Problem, words: Words) -> str:
    rows, kind = f"{wording.count(len(answers))} {words.reporting.row[1]}", one_class(answers, problem, words)
    shares, was = class_shares(answers, problem), class_shares(golden, problem)
    if kind and shares is not None and was is not None:
        others = "the other class" if len(shares) <= 2 else "others"
        put = wording.share(1 - float(was[int(shares.argmax())]))
        return f"v{words.version} puts all {rows} in {kind}; at its fit it put {put} in {others}."
    return f"v{words.version} hardly tells {rows} apart any more."


def _text(
    mean: float,
    ends: tuple[float, float],
    levels: tuple[float, float] | None,
    batches: int,
    problem: Problem,
    words: Words,
) -> str:
    text = f"v{words.version} {problem.expects} {_expected(mean, problem, words)}"
    if levels is not None:
        were = " to ".join(problem.level(level) for level in levels)
        text += f", where {were} were in the {wording.number_word(batches)} batches before"
    middle = " to ".join(problem.level(end) for end in ends)
    return f"{text}; nine of ten answers lie in {middle}."
