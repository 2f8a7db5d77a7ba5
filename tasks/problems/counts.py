"""A count: how many there are of something, 0 or more; the answer is a mean, the Poisson deviance decides.

Add here what is so for this kind alone. An error of ten weighs less where a thousand are expected than where five are.
Small, so that `status` need not load numpy for it.
"""

from typing import TYPE_CHECKING

from configs.errors import IncumbentError
from tasks.problems.amounts import Number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tasks.problems.outcomes import Outcomes

    Floats = NDArray[np.float64]


class Count(Number):
    """How many there are."""

    name = "count"
    needed = ("poisson_deviance", "d2", "bias")
    decides = "Poisson deviance"
    title = "Poisson deviance"
    gain_title = "gain"

    @property
    def asks_of_sound_inputs(self) -> bool:
        """No: where counts have grown, it loses less by whatever raises its lowest answers."""
        return False

    def glossary(self, row: str) -> str:
        """The Poisson deviance, and the mean that is its mark to beat."""
        return (
            f"How far counts were from what was expected, per {row}, where a larger count may be further off; about 1 "
            "where counts come one by one and every mean is right, and lower is better. Saying the same number for "
            f"every {row} (“no model”: the mean of the training data of the champion, at a gate that of the "
            "challenger) is the mark to beat."
        )

    def require_learnable(self, outcomes: "Outcomes") -> None:
        """There is something to count, and nothing less than nothing."""
        if float(outcomes.min()) < 0 or not float(outcomes.sum()) > 0:
            least, rows = float(outcomes.min()), len(outcomes)
            what = f"one of {rows:,} training rows has {least:g}" if least < 0 else f"all {rows:,} training rows have 0"
            raise IncumbentError(f"A count cannot be learned: {what}. Widen training.window, or look at the label.")

    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """Poisson deviance of each row; NaN where a label is no count, or a number is too large.

        An answer that is not above 0 loses what one just above it does.
        """
        from tasks.problems import losses

        return losses.poisson_deviances(outcomes, answers)
