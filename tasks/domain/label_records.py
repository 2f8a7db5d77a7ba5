"""What the ledger keeps of labels that come later than their rows: of a delivery of them, and of rows before they came.

Add here what is kept; how it is told is in `late_labels`.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class LateLabels:
    """A delivery of labels: `landed = taken + repeated + contradicting + unusable + empty`."""

    landed: int = 0
    taken: int = 0
    repeated: int = 0
    """Labels that were there already, in this delivery or before it."""
    contradicting: int = 0
    """Labels of keys that have two of them in this delivery: neither is used."""
    unusable: int = 0
    """Labels that break the contract, or come without their key or their time."""
    empty: int = 0
    """Rows without a label: it is not known yet."""
    unknown: int = 0
    """Taken labels whose row is not there; they wait for it, and are counted anew in each turn."""
    corrected: int = 0
    """Taken labels that differ from the one that their row was used with."""
    replaced: bool = False
    """Whether they are used from then on."""
    file: str | None = None
    """Digest of the file of the taken labels in the store."""
    until: datetime | None = None
    """When the last of them was known, strays aside."""


@dataclass(frozen=True)
class Superseded:
    """How the rows of a batch stood before labels came to them, or other rows took the place of some."""

    until: int
    """The turn in which that was."""
    file: str
    """Digest of the file of rows, in the store."""
    unlabelled: int
    positives: int
    label_mean: float | None = None
    label_values: tuple[str, ...] = ()
    classes: tuple[tuple[str, int], ...] = ()
    awaits: bool = False
    corrected: int = 0
    """Rows whose label was replaced by another one."""
    replaced: int = 0
    """Rows that were set aside, because a row of a later delivery took their place."""
    accepted: int | None = None
    quarantined: int | None = None
    aside_file: str | None = None
