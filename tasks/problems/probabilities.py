"""What kinds have in common that answer with probabilities: the log loss decides, and is told as it is.

Add here what a yes or no shares with several classes.
"""

from typing import TYPE_CHECKING

from configs.monitoring import HealthSettings
from tasks.domain import wording
from tasks.domain.records import Score
from tasks.problems.base import Problem
from tasks.problems.edge import EDGE

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Probabilities(Problem):
    """A kind whose answers are probabilities."""

    decides = "loss"
    title = "log loss"
    gain_title = "gain"
    average = "share"
    shares = True
    label_faults = ("one_class",)
    level_guard = "calibration"
    righted = "turn right than wrong"

    def value(self, loss: float | None) -> float | None:
        """The loss itself."""
        return loss

    def gained(self, gain: float | None, base: float | None) -> float | None:
        """The gain itself."""
        return gain

    def rise(self, rise: float, base: float | None) -> tuple[float, str]:
        """The rise itself, with four digits."""
        return rise, "0" if abs(rise) < 5e-5 else f"{rise:.4f}".replace("-", "−")

    def write(self, value: float | None) -> str:
        """Three digits."""
        return wording.loss(value)

    def gain(self, gain: float | None, base: float | None) -> str:
        """`+0.0244`."""
        return wording.gain(gain)

    def difference(self, gain: float | None, base: float | None) -> str:
        """`0.0244`."""
        return wording.difference(gain)

    def per_row(self, row: str) -> str:
        """A log loss is a mean over rows."""
        return f" per {row}"

    def level(self, mean: float | None) -> str:
        """A share: `24 %`."""
        return wording.share(mean)

    def variance(self, outcomes: "Floats") -> float | None:
        """Not kept: it follows from the share."""
        return None

    def bias(self, score: Score) -> float | None:
        """As a share of rows."""
        actual = self.actual(score)
        return None if actual is None else score.mean_predicted - actual

    def most_off(self, settings: HealthSettings) -> float:
        """A share of rows."""
        return settings.max_share_error

    def off_by(self, settings: HealthSettings, times: int = 1) -> str:
        """`3 points`."""
        return f"{wording.number(round(times * 100 * settings.max_share_error, 2))} points"

    def off_unit(self, score: Score) -> float:
        """A point."""
        return 0.01

    def off_most(self, settings: HealthSettings) -> float:
        """In points."""
        return 100 * settings.max_share_error

    def write_off(self, value: float | None) -> str:
        """Points with one digit."""
        return wording.MISSING if value is None else f"{value:.1f}"

    def kept(self, answers: "Floats") -> "Floats":
        """In [1e-6, 1 − 1e-6]."""
        return answers.clip(EDGE, 1 - EDGE)
