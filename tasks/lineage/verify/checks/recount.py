"""Rows: every batch counted again from its stored bytes, and compared with what was delivered (I2, I6, I9)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from configs import label_source
from configs.errors import BadInput, Damaged, DeliveryWaits, LandingFolderMissing
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.records import Batch
from tasks.domain.turns import Outcome
from tasks.ingestion import intake
from tasks.ingestion.columns import REASONS
from tasks.lineage.verify import balance as rules
from tasks.lineage.verify.checks import label_recount
from tasks.lineage.verify.checks.ledger_copy import Recorded
from tasks.lineage.verify.findings import Finding
from tasks.validation import batches
from tasks.validation.batches import SortedOut

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tasks.ingestion.sources.base import Delivery

TORN = "its row in the ledger says one thing in its columns and another in its record"
"""What is said of a row that was changed by hand in one place."""


@dataclass
class Counted:
    """What was counted in the bytes, for the checks that follow."""

    batches: dict[str, Batch] = field(default_factory=dict)
    """Records as they would be made from the stored rows, by content; those of refused batches as they are."""
    whole: bool = True
    """Whether every file was read."""


def check(home: Home, recorded: Recorded, counted: Counted) -> Iterator[Finding]:
    """Every way in which stored rows differ from the ledger; fills in what was counted.

    Args:
        home: Store, ledger and landing folder.
        recorded: What the ledger says.
        counted: To be filled in.
    """
    pipeline, ledger = recorded.pipeline, home.ledger
    done = {turn["batch"]: turn["number"] for turn in recorded.done if turn["outcome"] != Outcome.FAILED}
    if not any(one.invariant == "I2" for one in recorded.unreadable):
        ids = [batch.id for batch in recorded.batches]
        lost = rules.all_recorded(ledger.batches.deliveries(pipeline), done, ids)
        counted.whole = not lost
        yield from lost
        yield from (Finding("I2", f"batch {name}: {TORN}") for name in ledger.batches.torn(pipeline))
    delivered = {name: (content, rows) for name, content, rows, _ in ledger.audit.delivered(pipeline)}
    yield from rules.deliveries_agree(delivered, {batch.id: batch for batch in recorded.batches})
    accepted: list[NDArray[np.uint64]] = []
    admitted = [admission.batch for admission in recorded.admissions]
    for batch in recorded.batches:
        yield from rules.refused_by_its_bytes(batch, admitted)
        try:
            yield from _check_batch(home, pipeline, batch, counted, accepted)
        except Damaged as problem:
            counted.whole = False
            yield Finding("I6", f"batch {batch.name}: {problem}")
    yield from rules.each_once(_twice(accepted))


def check_deliveries(home: Home, recorded: Recorded) -> Iterator[Finding]:
    """What still lies in the landing folder, read again and compared row by row with what is stored of it."""
    from tasks.ingestion.steps import arrivals

    try:
        names = arrivals.sources(home, recorded.pipeline)
        there = [one for name in names for one in _look(home, name)]
    except (LandingFolderMissing, DeliveryWaits):
        return
    accepted = {batch.id: batch for batch in recorded.batches if batch.is_in}
    for delivery in there:
        batch = accepted.pop(delivery.digest, None)
        if batch is None or (batch.accepted and not batch.accepted_file):
            continue
        try:
            settings = home.settings(recorded.pipeline)
            frame = batches.delivered(arrivals.read(home, recorded.pipeline, delivery), settings)
            stored = [batches.delivered(rows, settings) for rows in _stored(home, batch)]
        except (BadInput, Damaged, DeliveryWaits):  # the contract is another one by now; damage has been told
            continue
        yield from rules.nothing_changed(batch, *_differences(frame, stored))


def _check_batch(
    home: Home, pipeline: str, batch: Batch, counted: Counted, accepted: "list[NDArray[np.uint64]]"
) -> Iterator[Finding]:
    if not batch.is_in:
        if batch.aside_file:
            home.store.check_original(batch.aside_file)
        counted.batches[batch.id] = batch
        yield from rules.rows_add_up(batch, None)
        yield from rules.reasons_given(batch, None)
        return
    if batch.labels is not None:
        counted.batches[batch.id] = batch
        yield from label_recount.check_delivery(home, batch)
        return
    yield from label_recount.check_rows(home, pipeline, batch)
    stored = _sorted(home, batch)
    counted.whole = counted.whole and not (batch.accepted and not batch.accepted_file)
    accepted.append(intake.hash_rows(batches.delivered(stored.accepted, home.settings(pipeline))))
    again = _count(home, pipeline, batch, stored)
    counted.batches[batch.id] = again
    yield from rules.rows_add_up(batch, again)
    yield from rules.labels_agree(batch, again)
    quarantined = stored.aside[stored.aside[batches.ASIDE] == "quarantined"]
    yield from rules.reasons_given(batch, [str(reason or "") for reason in quarantined.get(REASONS, ())])


def _sorted(home: Home, batch: Batch) -> SortedOut:
    """The stored rows, read from bytes whose digest was checked."""
    stored = [home.store.recheck(file) for file in (batch.accepted_file, batch.aside_file) if file]
    if not stored:
        raise Damaged("It was accepted, but no file of its rows is recorded. Restore the ledger from a backup.")
    accepted = stored[0] if batch.accepted_file else stored[0].head(0)
    aside = stored[-1] if batch.aside_file else stored[0].head(0).assign(**{batches.ASIDE: ""})
    return SortedOut(accepted, aside, ())


def _count(home: Home, pipeline: str, batch: Batch, stored: SortedOut) -> Batch:
    """The record as it would be made from the stored rows."""
    from dataclasses import replace

    settings, landed = home.settings(pipeline), len(stored.accepted) + len(stored.aside)
    needed = {settings.training.label, settings.ingestion.times.event, *settings.inputs}
    if needed <= set(stored.accepted.columns):
        counted = batches.accept(batch.id, batch.name, stored, settings, landed=landed)
        listed = [name for name, _ in batch.classes]  # then; other ones may be listed by now
        return counted if listed == [name for name, _ in counted.classes] else replace(counted, classes=batch.classes)
    # The contract has other columns by now: what was said of these cannot be asked of the rows any more.
    copies = int((stored.aside[batches.ASIDE] == "duplicate").sum())
    aside = len(stored.aside) - copies
    return replace(batch, landed=landed, accepted=len(stored.accepted), quarantined=aside, duplicates=copies)


def _stored(home: Home, batch: Batch) -> "list[pd.DataFrame]":
    """Accepted rows and those set aside, as they came."""
    then = late_labels.as_taken_in(batch)
    accepted = batch.labels.file if batch.labels else then.accepted_file
    frames = [home.store.read(file) for file in (accepted, then.aside_file) if file]
    return [frame.drop(columns=[batches.ASIDE, REASONS], errors="ignore") for frame in frames]


def _look(home: Home, name: str) -> "list[Delivery]":
    from dataclasses import replace

    from tasks.ingestion.sources import source_kinds

    there = source_kinds.of(home, name, afresh=True).look().deliveries
    return [replace(one, of_labels=label_source.owner(name) is not None) for one in there]


def _twice(accepted: "list[NDArray[np.uint64]]") -> int:
    import numpy as np

    everything = np.concatenate(accepted) if accepted else np.empty(0, dtype=np.uint64)
    return len(everything) - len(np.unique(everything))


def _differences(frame: "pd.DataFrame", stored: "list[pd.DataFrame]") -> tuple[int, int]:
    """Delivered rows that are not stored, and stored rows that were not delivered, by value."""
    from collections import Counter

    import numpy as np

    there: Any = np.concatenate([intake.hash_rows(part) for part in stored])
    came, kept = Counter(intake.hash_rows(frame).tolist()), Counter(there.tolist())
    return (came - kept).total(), (kept - came).total()
