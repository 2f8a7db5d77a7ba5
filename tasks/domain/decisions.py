"""What people decide about batches that are refused or held, as the ledger keeps it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tasks.domain.records import Batch


class Decision(StrEnum):
    """What a person decides about a batch that is not in."""

    ADMIT = "admit"
    """A refused batch is read and judged again; a held one is taken in."""
    SOUND_ROWS = "sound_rows"
    """Of a held batch, the rows that nothing speaks against are taken in; the others are quarantined."""
    KEEP_OUT = "keep_out"
    """A held batch is refused."""


@dataclass(frozen=True)
class Admission:
    """A decision about a batch that is refused or held."""

    batch: str
    by: str
    reason: str
    at: datetime
    refusal: Batch
    """The record of the batch as it was refused or held."""
    turn: int | None = None
    """The turn that had refused or held it."""
    ended: datetime | None = None
    """When it was judged again; None while it waits for that."""
    decision: Decision = Decision.ADMIT
