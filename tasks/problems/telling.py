"""What a kind of problem says to people: losses and gains as they are told, and words of the report.

Add here what differs in words alone; what differs in numbers belongs to `base`, of which this is a part. Small, so that
`status` need not load numpy for it.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from configs.reporting import ReportingSettings


class Telling(ABC):
    """What is said of one kind of problem. Losses are told by what is read from them, which may be another number."""

    decides: ClassVar[str]
    """The loss itself, in a sentence that speaks of it already: `loss`, `squared error`."""
    title: ClassVar[str]
    """What is told of it: `log loss`, `RMSE`."""
    gain_title: ClassVar[str]
    """`gain`, or `RMSE gain`."""
    gain_in: ClassVar[str] = ""
    """What a sentence adds to the size of a gain to say in which unit it is."""
    expects: ClassVar[str] = "expects"
    """What a model does with rows whose mean answer is told: `v3 expects 140 rentals`."""

    # ── losses and gains, as they are told ────────────────────────────────────────────────────────────────────────
    @abstractmethod
    def value(self, loss: float | None) -> float | None:
        """What is told of a mean loss."""

    @abstractmethod
    def gained(self, gain: float | None, base: float | None) -> float | None:
        """What is told of a gain over a mean loss."""

    @abstractmethod
    def rise(self, rise: float, base: float | None) -> tuple[float, str]:
        """What is told of a rise in a mean loss, as a number and written."""

    @abstractmethod
    def write(self, value: float | None) -> str:
        """What is told of a loss, written."""

    def loss(self, loss: float | None) -> str:
        """A mean loss: `0.590`, `83.42`."""
        return self.write(self.value(loss))

    @abstractmethod
    def gain(self, gain: float | None, base: float | None) -> str:
        """A gain over a mean loss with its sign: `+0.0244`, `+12.31`."""

    @abstractmethod
    def difference(self, gain: float | None, base: float | None) -> str:
        """The size of a gain whose direction the sentence tells."""

    @abstractmethod
    def per_row(self, row: str) -> str:
        """` per flight` if the loss that is told is a mean over rows; else empty."""

    def own_gains(self, told: float | None) -> list[tuple[str, float]]:
        """Names and values for MLflow beside the gain as it is kept."""
        return []

    # ── the report ────────────────────────────────────────────────────────────────────────────────────────────────
    @abstractmethod
    def column(self, outcome: str) -> str:
        """Head of a column with the level that came."""

    def label_column(self, outcome: str) -> str:
        """Head of a column with the mean of labels."""
        return self.column(outcome)

    @abstractmethod
    def across(self, outcome: str) -> str:
        """What a chart shows of what happened: `share late`, `mean`."""

    @abstractmethod
    def expected_title(self, words: ReportingSettings) -> str:
        """What is expected of the rows as a whole, as the subject of a sentence."""

    @abstractmethod
    def happened_more(self, more: bool, version: int | None, groups: str, rows: str, outcome: str) -> str:
        """That labels were above (or below) what a version said in so many groups."""

    @abstractmethod
    def on_the_line(self, outcome: str) -> tuple[str, str]:
        """Two lines of text: what it means to lie on the diagonal of a calibration."""

    @abstractmethod
    def levels(self, outcome: str) -> tuple[str, str]:
        """What the actual and the expected level are called at the end of a chart."""

    @abstractmethod
    def glossary(self, row: str) -> str:
        """What the loss that is told means, and what the mark to beat is."""
