"""What the ledger knows of the prediction log: segments that were sealed, the files that hold their rows, erasures.

Add here what must be known of the log without reading it. What is in a row belongs to `tasks.scoring.log_lines`.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class SealedSegment:
    """A segment of a journal that was closed, with what it says of its numbers: each is a row, in a gap, or dropped."""

    journal: str
    """The number of a journal of the service, or the job in which a file was scored."""
    segment: int
    """The first number that can be in it."""
    until: int
    """The number after its last one."""
    rows: int
    """Answers of all pipelines."""
    gap: int = 0
    """Numbers that may be lost, with a process that was killed."""
    dropped: int = 0
    """Answers that could not be kept."""
    numbered: int = 0
    """Those of them that had a number."""

    @property
    def name(self) -> tuple[str, int]:
        """By which it is known."""
        return self.journal, self.segment

    @property
    def balances(self) -> bool:
        """Whether each of its numbers is accounted for, once."""
        return self.until - self.segment == self.rows + self.gap + self.numbered


@dataclass(frozen=True)
class SealedRows:
    """The rows of one pipeline in a sealed segment."""

    pipeline: str
    journal: str
    segment: int
    file: str | None
    """sha256 of the rows that are there; None if all were removed."""
    rows: int
    first_at: datetime
    """When the earliest of its answers was given."""
    last_at: datetime
    expired: int = 0
    """Rows that were removed because of their age."""
    forgotten: int = 0
    """Rows that were removed with their key."""

    @property
    def answered(self) -> int:
        """Rows that there were."""
        return self.rows + self.expired + self.forgotten


@dataclass(frozen=True)
class Erasure:
    """The rows of one key, taken out of the prediction log."""

    sequence: int
    key: str
    """A digest."""
    rows: int
    by: str
    at: datetime
    ended: datetime | None
