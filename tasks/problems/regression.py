"""A number: the squared error decides and is told as its root, in the unit of the label.

Add here what is so for this kind alone. A gain is told as what the root falls by; the ledger and what machines get keep
the loss itself. Small, so that `status` need not load numpy for it.
"""

import math
from typing import TYPE_CHECKING

from configs.promotion import FirstChampion
from tasks.domain import wording
from tasks.domain.records import Score
from tasks.problems.amounts import Number
from tasks.problems.base import Constant, Limit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Regression(Number):
    """A number by its squared error."""

    name = "regression"
    needed = ("squared_error", "r2", "bias")
    decides = "squared error"
    title = "RMSE"
    gain_title = "RMSE gain"
    gain_in = " in RMSE"

    def value(self, loss: float | None) -> float | None:
        """The root."""
        if loss is None:
            return None
        return math.sqrt(loss) if loss >= 0 else 0.0 if loss < 0 else math.nan

    def gained(self, gain: float | None, base: float | None) -> float | None:
        """By how much the root is lower."""
        if gain is None or base is None or not (math.isfinite(base) and math.isfinite(gain)):
            return None
        return math.sqrt(max(base, 0.0)) - math.sqrt(max(base - gain, 0.0))

    def rise(self, rise: float, base: float | None) -> tuple[float, str]:
        """By how much the root is higher."""
        told = -(self.gained(-rise, base) or 0.0)
        return told, wording.amount(told)

    def per_row(self, row: str) -> str:
        """A root is no mean over rows."""
        return ""

    def own_gains(self, told: float | None) -> list[tuple[str, float]]:
        """By how much the RMSE is lower."""
        return [] if told is None else [("rmse_gain", told)]

    def constant_loss(self, constant: Constant, score: Score) -> float | None:
        """Mean squared error of the mean label of the training data. None without rows."""
        if not score.rows or score.variance is None or score.mean_actual is None:
            return None
        assert isinstance(constant, float), "there is one number"
        return score.variance + (score.mean_actual - constant) ** 2

    def floor(self, policy: FirstChampion) -> Limit:
        """R²."""
        return Limit("r2", policy.min_r2)

    def glossary(self, row: str) -> str:
        """The RMSE, and the mean that is its mark to beat."""
        return (
            "Root of the mean squared distance between answer and label, in the unit of the label; lower is better. A "
            "gain is what it falls by; what decides is the squared distance itself. Saying the same number for every "
            f"{row} (“no model”: the mean of the training data of the champion, at a gate that of the challenger) is "
            "the mark to beat."
        )

    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """Squared error of each row; NaN where a number is too large to be squared twice."""
        from tasks.problems import losses

        return losses.squared_errors(outcomes, answers)
