"""Weak spots: parts of the rows that nobody named, on which a model loses too much; a value that the ledger keeps."""

from dataclasses import dataclass
from enum import StrEnum

_FEWER = 0.05
"""Of the share of the rows now: a smaller one of those that were learned from is as good as none."""


class Against(StrEnum):
    """What the loss on a part of the rows is compared with."""

    NO_MODEL = "no_model"
    """One answer for every row, on the same rows."""
    GATE = "gate"
    """The same model on such rows of the batch on which it won."""
    CHAMPION = "champion"
    """The live model on the same rows."""


@dataclass(frozen=True)
class WeakSpot:
    """A part of the rows, found on one half of the clusters and confirmed on the other."""

    where: str
    """In words: `hour is 0 to 8 or 13 to 23`."""
    columns: tuple[str, ...]
    """Names of the columns that it is told by, one or two; of a time also which part: `at (hour)`."""
    against: Against
    rows: int
    """That lie there, of those that were looked at."""
    share: float
    """Of the rows that were looked at."""
    clusters: int
    loss: float
    """Mean loss there."""
    usual: float
    """What it is compared with there; where the gate had no such rows, the mean loss at the gate."""
    rest: float
    """Mean loss on all other rows."""
    p_value: float
    """One-sided, on the half on which it was confirmed."""
    elsewhere: str = ""
    """The other rows in words, where they are fewer and one range."""
    gate_rows: int | None = None
    """How many rows lay there at the gate, of those that were looked at; None where no gate was compared with."""
    trained: int | None = None
    """How many rows lay there of those that the model had learned from; None if that was not counted."""
    learned: int | None = None
    """How many rows it had learned from."""
    idle: tuple[str, ...] = ()
    """Those of the columns that are delivered and no features."""

    @property
    def is_uncovered(self) -> bool:
        """Whether there are many more of such rows now than the model has learned from."""
        if self.trained is None or not self.learned:
            return False
        return self.trained / self.learned < self.share * _FEWER
