"""Labels that come later: every delivery of them counted again, and every batch labelled again from its bytes (I2, I6).

What was there before a label came, or another row took the place of one, is still there, and nothing else has changed.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tasks.ingestion import intake
from tasks.lineage.verify import balance as rules
from tasks.lineage.verify.findings import Finding
from tasks.training.steps import labelling
from tasks.validation import label_rows
from tasks.validation.steps import label_intake

if TYPE_CHECKING:
    import pandas as pd


def check_delivery(home: Home, batch: Batch) -> Iterator[Finding]:
    """A delivery of labels: each of them is taken, was there, contradicts another one, is unusable or not known yet."""
    if batch.labels is None:
        return
    taken = len(home.store.recheck(batch.labels.file)) if batch.labels.file else 0
    aside = _kinds(home.store.recheck(batch.aside_file)) if batch.aside_file else {}
    yield from rules.labels_add_up(batch, batch.labels, taken, aside)


def check_rows(home: Home, pipeline: str, batch: Batch) -> Iterator[Finding]:
    """A batch to which labels came: made again from what it was before and the labels of that time, it is the same."""
    turns = home.ledger.turns.last(pipeline) if batch.superseded else {}
    deliveries = label_intake.taken(home, pipeline) if batch.superseded else []
    for number, before in enumerate(batch.superseded):
        kept = home.store.recheck(before.file)
        after = _after(batch, number)
        if before.replaced:
            stored = home.store.recheck(after.accepted_file or "")
            lost = Counter(intake.hash_rows(kept)) - Counter(intake.hash_rows(stored))
            if lost.total() != before.replaced or len(kept) - len(stored) != before.replaced:
                yield rules.replaced_otherwise(batch, before.until)
            continue
        if home.settings(pipeline).ingestion.labels is None:
            continue
        then = replace(after, accepted_file=before.file, superseded=())
        there = [one for one in deliveries if turns.get(one.id, 0) <= before.until]
        again = labelling.labelled(home, pipeline, then, there, replaces=before.corrected > 0)
        stored = home.store.recheck(after.accepted_file or "")
        if list(intake.hash_rows(again)) != list(intake.hash_rows(stored)):
            yield rules.labelled_otherwise(batch, number + 1, before.until)


def _after(batch: Batch, number: int) -> Batch:
    """The batch as it was after one of its changes."""
    later = batch.superseded[number + 1 :]
    return replace(batch, accepted_file=later[0].file) if later else batch


def _kinds(aside: "pd.DataFrame") -> dict[str, int]:
    """How many were set aside as what."""
    kinds: dict[str, int] = {str(kind): int(rows) for kind, rows in aside[label_rows.ASIDE].value_counts().items()}
    return kinds
