"""How the sum that a model makes becomes its answer: a probability, or the number itself."""

import math
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tasks.problems.binary import EDGE
from tasks.scoring.compiled.base import CannotCompile


class Link(Protocol):
    """From a sum to an answer."""

    def one(self, total: float) -> float:
        """Of one row."""

    def many(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of many."""


class Logistic:
    """The probability of a yes, as far from 0 and 1 as at the gate; it overflows nowhere."""

    def one(self, total: float) -> float:
        """Of one row."""
        rest = math.exp(-abs(total))
        probability = 1 / (1 + rest) if total >= 0 else rest / (1 + rest)
        return min(max(probability, EDGE), 1 - EDGE)

    def many(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of many."""
        rest = np.exp(-np.abs(totals))
        probabilities = np.where(totals >= 0, 1.0, rest) / (1 + rest)
        return np.asarray(np.clip(probabilities, EDGE, 1 - EDGE))


class Identity:
    """The sum is the answer."""

    def one(self, total: float) -> float:
        """Of one row."""
        return total

    def many(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of many."""
        return totals


def of(model: Any) -> Link:
    """The link of a fitted model; raises CannotCompile where it is another one."""
    from sklearn.base import is_classifier

    if is_classifier(model):
        return Logistic()
    if getattr(model, "loss", "squared_error") != "squared_error":
        raise CannotCompile("its loss has a link of its own")
    return Identity()
