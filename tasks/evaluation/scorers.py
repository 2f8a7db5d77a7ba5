"""Scorers of scikit-learn, asked about answers that are there already, and any function of labels and answers.

Add here how what was not written as an estimate becomes one. Metrics with an interval of their own are in `metrics`.
"""

import warnings
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import get_scorer

from tasks.evaluation.metrics import Estimate, Floats, Groups, Interval, blocks, jackknife

Value = Callable[[Floats, Floats], float]
"""Labels and answers in, a number out; NaN where it is not defined."""


class _Shares(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that has given these probabilities: of a yes, or of each class, shape (rows, classes)."""

    def __init__(self, answers: Floats) -> None:
        self.answers = answers
        self.classes_ = np.arange(float(answers.shape[1] if answers.ndim > 1 else 2))

    def predict_proba(self, rows: Floats) -> NDArray[np.float64]:
        if self.answers.ndim == 1:
            return np.column_stack([1 - self.answers, self.answers])
        # They were kept off 0 and 1.
        return np.asarray(self.answers / self.answers.sum(axis=1, keepdims=True))

    def predict(self, rows: Floats) -> NDArray[np.float64]:
        named = self.answers.argmax(axis=1) if self.answers.ndim > 1 else self.answers >= 0.5
        return named.astype(np.float64)


class _Numbers(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A regressor that has given these numbers."""

    def __init__(self, answers: Floats) -> None:
        self.answers = answers

    def predict(self, rows: Floats) -> NDArray[np.float64]:
        return self.answers


def named(name: str, learner: str) -> Value:
    """A scorer without the sign that is put before errors; decisions are made at 0.5."""
    scorer, answered = get_scorer(name), _Shares if learner == "classifier" else _Numbers
    sign = -1 if name.startswith("neg_") else 1

    def value(labels: Floats, answers: Floats) -> float:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UndefinedMetricWarning)
                return sign * float(scorer(answered(answers), answers.reshape(len(answers), -1), labels))
        except ValueError:  # what scikit-learn raises where a score is not defined on these rows
            return np.nan

    return value


def estimate(value: Value) -> Estimate:
    """The value with an interval by a jackknife that leaves out groups of clusters."""

    def estimated(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
        parts, number = blocks(units)
        whole = float(value(y, p))
        if not np.isfinite(whole):
            return Interval(None, None, None)
        left_out = np.array([value(y[parts != part], p[parts != part]) for part in range(number)] if number > 1 else [])
        return jackknife(whole, left_out, confidence, -np.inf, np.inf)

    return estimated
