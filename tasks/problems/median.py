"""A number by its absolute error: the answer is a median, half of the labels lie below it.

Add here what is so for this kind alone. Far labels weigh no more than near ones, so choose it where some are wild. The
absolute error is twice the loss of the quantile 0.5, and all else is as there.
"""

from typing import TYPE_CHECKING

from tasks.problems.quantile import Quantile

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Median(Quantile):
    """A number by its absolute error."""

    name = "median"
    decides = "absolute error"
    title = "MAE"
    gain_title = "MAE gain"
    gain_in = " in MAE"
    righted = "come nearer than go farther"

    def __init__(self) -> None:
        super().__init__("0.5")
        self.needed = ("absolute_error", *self.needed[1:])

    @property
    def constant_title(self) -> str:
        """`median`."""
        return "median"

    def glossary(self, row: str) -> str:
        """The MAE, and the median that is its mark to beat."""
        return (
            "Mean distance between answer and label, in the unit of the label; lower is better. Saying the same number "
            f"for every {row} (“no model”: the median of the training data of the champion, at a gate that of the "
            "challenger) is the mark to beat."
        )

    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """Absolute error of each row; NaN where a number is too large to be squared twice."""
        return 2 * super().losses(outcomes, answers)
