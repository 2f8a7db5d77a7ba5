"""What the ledger keeps of a delivery of another table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TableBatch:
    """One delivery of a table: `landed = taken + repeated + contradicting + unusable`, or why it is not used."""

    id: str
    """sha256 of the delivered bytes."""
    table: str
    name: str
    """What people call it."""
    number: int
    """Deliveries of all tables of a pipeline are numbered from 1 on."""
    landed: int = 0
    taken: int = 0
    repeated: int = 0
    """Lines that are there twice in it."""
    contradicting: int = 0
    """Lines of one key and time with different values: none of them is used."""
    unusable: int = 0
    """Lines without their key or their time."""
    file: str | None = None
    """Digest of the file of its lines in the store; None if there is none."""
    reason: str | None = None
    """Why none of it is used."""

    @property
    def note(self) -> str:
        """What became of it, in words; empty if all of it was taken."""
        if self.reason:
            return f"{self.table}: {self.name} is not used: {self.reason}"
        aside = (
            (self.repeated, "there twice"),
            (self.contradicting, "contradicting"),
            (self.unusable, "without key or time"),
        )
        told = [f"{number:,} {what}" for number, what in aside if number]
        return f"{self.table}: {self.name} has {self.landed:,} lines, {', '.join(told)}" if told else ""
