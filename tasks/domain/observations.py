"""What is seen of the live model and of its inputs: drift, answers and health, as the ledger keeps them.

Add a record here when it is about watching. What a turn decides and leaves behind is in `turns`.
"""

from dataclasses import dataclass
from enum import StrEnum

from tasks.domain.weak_spots import WeakSpot


@dataclass(frozen=True)
class ColumnDrift:
    """How far one input is from the data that the live model was trained on."""

    column: str
    kind: str
    """`number` or `category`."""
    effect: float
    """KS distance (numbers) or total variation distance (categories), 0 to 1; missing counts as a value."""
    p_value: float
    moved: bool
    text: str
    """In plain words, with the cut or level where they differ most: `89 % above 43.9, was 70 %`."""
    missing_was: float
    missing_now: float
    histogram: tuple[tuple[str, float, float], ...] = ()
    """Bin (or level) label, share in the reference, share now."""
    weight: float | None = None
    """Its part of all that moves the answers of the live model; None where that was not measured."""
    beyond: float = 0.0
    """Share of rows whose number lies beyond all that the live model was trained on."""


@dataclass(frozen=True)
class Answers:
    """What the live model said of all rows of a batch, labelled or not."""

    rows: int
    mean: float
    low: float
    """A twentieth of the answers lies below."""
    high: float
    """A twentieth lies above."""
    levels: tuple[float, float] | None
    """Least and largest mean label of the batches before; None where there were too few."""
    positive: float | None
    """Share of rows that were put in the class yes; None where the answer is a number."""
    positive_before: float | None
    """The same of its golden batch."""
    beyond: float
    """Share of answers beyond all labels that it has learned from."""
    collapsed: bool
    """Whether it puts all rows in one class, or hardly tells them apart, where it did not before."""
    moved: bool
    text: str
    """In plain words."""


@dataclass(frozen=True)
class Drift:
    """Have the inputs moved since the live model was trained?"""

    batch: str
    reference: str
    """Id of the snapshot that it is compared with."""
    columns: tuple[ColumnDrift, ...]
    drifted: bool
    """Whether the moved columns carry the share of the setting of what moves the answers of the live model."""
    reasons: tuple[str, ...]
    answers: Answers | None = None
    """What the live model says of the rows; None where it was not asked."""

    @property
    def moved(self) -> tuple[ColumnDrift, ...]:
        """The columns that moved, largest effect first."""
        return tuple(sorted((c for c in self.columns if c.moved), key=lambda c: -c.effect))


class HealthState(StrEnum):
    """Is the live model well?"""

    WELL = "well"
    WATCH = "watch"
    UNWELL = "not_well"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True)
class Health:
    """State of the live model on one batch, with the reasons."""

    state: HealthState
    reasons: tuple[str, ...]
    weak: tuple[WeakSpot, ...] = ()
    """Parts of the rows on which it loses too much."""
