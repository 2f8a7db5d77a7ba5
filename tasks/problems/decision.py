"""Decisions on a yes or no: the answer is the probability of a yes, and what its decisions are worth decides.

Add here what is so for this kind alone. The loss of a row is its regret: what the right decision would have brought,
less what the one that follows from the answer did; it is bounded, as evidence needs. A yes is said from the share on
that the values imply. All else is as for a yes or no. Small, so that `status` need not load numpy for it.
"""

from typing import TYPE_CHECKING

from configs.worth import Outcomes
from tasks.domain import wording
from tasks.domain.records import Score
from tasks.problems.base import Constant
from tasks.problems.binary import Binary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Decisions(Binary):
    """A yes or no, by what its decisions are worth."""

    name = "decisions"
    decides = "regret"
    title = "regret"
    gain_title = "gain"

    def __init__(self, text: str) -> None:
        self._of_missed, self._of_false, self._said_from = Outcomes.read(text).regrets
        self.needed = (f"regret_{text}", "roc_auc", "calibration_error")

    def rise(self, rise: float, base: float | None) -> tuple[float, str]:
        """The rise itself."""
        return rise, wording.amount(rise)

    def write(self, value: float | None) -> str:
        """An amount of what the values are in."""
        return wording.amount(value)

    def gain(self, gain: float | None, base: float | None) -> str:
        """`+12.31`."""
        return wording.signed_amount(gain)

    def difference(self, gain: float | None, base: float | None) -> str:
        """`12.31`."""
        return wording.amount_of(gain)

    def constant_loss(self, constant: Constant, score: Score) -> float | None:
        """Mean regret of saying yes to all, or to none. None without rows."""
        assert isinstance(constant, float), "there is one share"
        if score.rows == 0:
            return None
        negatives = score.rows - score.positives
        lost = negatives * self._of_false if constant >= self._said_from else score.positives * self._of_missed
        return lost / score.rows

    def glossary(self, row: str) -> str:
        """The regret, and the share that is its mark to beat."""
        return (
            f"What right decisions would have brought beyond those that were made, per {row}, a yes being said from "
            f"{wording.number(round(self._said_from, 3))} on; lower is better. Saying the same share for every {row} "
            "(“no model”: that in the training data of the champion, at a gate that of the challenger) is the mark to "
            "beat."
        )

    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """Regret of each row; NaN for what is not a probability."""
        import numpy as np

        says_yes, is_yes = answers >= self._said_from, outcomes > 0.5
        lost = np.where(is_yes, np.where(says_yes, 0.0, self._of_missed), np.where(says_yes, self._of_false, 0.0))
        return np.where((answers >= 0) & (answers <= 1), lost, np.nan)

    def largest(self, losses: "Floats") -> float:
        """That of the worse mistake."""
        return max(self._of_missed, self._of_false)

    def decided(self, answers: "Floats") -> "NDArray[np.intp]":
        """0 below the share from which on a yes is said, else 1."""
        import numpy as np

        return (answers >= self._said_from).astype(np.intp)

    def churn(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """Share of decisions that change."""
        return float((self.decided(base) != self.decided(challenger)).mean())

    def righted_share(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """How much larger the share of right decisions is."""
        right, was_right = self.decided(challenger) == outcomes, self.decided(base) == outcomes
        return float(right.mean()) - float(was_right.mean())
