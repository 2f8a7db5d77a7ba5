"""What a turn says of labels that come later: what became of those that came, and which batches wait for theirs."""

from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Batch, Snapshot
from tasks.domain.turns import TurnRef


def told(home: Home, turn: TurnRef, batch: Batch, snapshot: Snapshot | None) -> list[str]:
    """Sentences about labels, the main one first; none where they come with their rows.

    Args:
        home: Ledger and settings.
        turn: Which turn.
        batch: Of the turn, of rows or of labels.
        snapshot: What could be learned from in it.
    """
    rules = home.settings(turn.pipeline).ingestion.labels
    if rules is None:
        return []
    awaited = late_labels.waiting(home.ledger.batches.accepted(turn.pipeline), rules.horizon)
    came = late_labels.delivered(batch.labels) if batch.labels else []
    again = [late_labels.judged_again(one) for one in home.ledger.corrections.all(turn.pipeline, turn.number)]
    return [*came, *again, *awaited, *late_labels.too_late(snapshot)]
