"""How the sum that a model makes becomes its answer: a probability, the number itself, or its exponential."""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Link(Protocol):
    """From a sum to an answer."""

    def one(self, total: float) -> float:
        """Of one row."""

    def many(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of many."""

    def plain(self) -> dict[str, Any]:
        """What it is, as values of JSON."""


@dataclass(frozen=True)
class Logistic:
    """The probability of a yes, as far from 0 and 1 as at the gate; it overflows nowhere."""

    edge: float
    """So far."""

    def one(self, total: float) -> float:
        """Of one row."""
        rest = math.exp(-abs(total))
        probability = 1 / (1 + rest) if total >= 0 else rest / (1 + rest)
        return min(max(probability, self.edge), 1 - self.edge)

    def many(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of many."""
        rest = np.exp(-np.abs(totals))
        probabilities = np.where(totals >= 0, 1.0, rest) / (1 + rest)
        return np.asarray(np.clip(probabilities, self.edge, 1 - self.edge))

    def plain(self) -> dict[str, Any]:
        """What it is."""
        return {"edge": self.edge}


class Identity:
    """The sum is the answer."""

    def one(self, total: float) -> float:
        """Of one row."""
        return total

    def many(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of many."""
        return totals

    def plain(self) -> dict[str, Any]:
        """What it is."""
        return {}


class Exponential:
    """The sum is the logarithm of the answer: of counts."""

    def one(self, total: float) -> float:
        """Of one row; infinite where it is too large for a number."""
        try:
            return math.exp(total)
        except OverflowError:
            return math.inf

    def many(self, totals: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of many."""
        with np.errstate(over="ignore"):
            return np.asarray(np.exp(totals))

    def plain(self) -> dict[str, Any]:
        """What it is."""
        return {"exponential": True}


def of_plain(plain: dict[str, Any]) -> Link:
    """The link that `plain` describes."""
    if "exponential" in plain:
        return Exponential()
    return Logistic(float(plain["edge"])) if "edge" in plain else Identity()
