"""Rows: is each one that landed where the ledger says, and was nothing left out silently (I2, I6, I9)?

Add a rule here when it can be checked from records of batches and snapshots and what was counted in the bytes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tasks.domain import wording
from tasks.domain.label_records import LateLabels
from tasks.domain.records import Batch, Snapshot
from tasks.lineage.verify.findings import Finding

_COUNTED = ("landed", "accepted", "quarantined", "duplicates", "unlabelled", "positives", "first_event", "last_event")
_SELECTED = ("rows", "positives", "excluded_unlabelled", "excluded_unknown", "first_event", "last_event")


def all_recorded(
    delivered: Mapping[str, Sequence[str]], done: Mapping[str, int], known: Iterable[str]
) -> list[Finding]:
    """I2: whatever was delivered, and whatever a turn is done with, is a batch.

    Args:
        delivered: Names under which each content came.
        done: Number of the finished turn of each content; those that were given up are no part of it.
        known: Contents that are recorded as batches.
    """
    recorded = set(known)
    findings = [
        Finding("I2", f"delivery {', '.join(names)} ({batch[:12]}): no batch of this content is recorded")
        for batch, names in delivered.items()
        if batch not in recorded
    ]
    lost = [number for batch, number in done.items() if batch not in recorded | delivered.keys()]
    return findings + [Finding("I2", f"turn {number} is done, but its batch is not recorded") for number in lost]


def rows_add_up(batch: Batch, counted: Batch | None) -> list[Finding]:
    """I2: every landed row is accepted, held, quarantined or a duplicate, and the stored rows are as many.

    Args:
        batch: The record.
        counted: The record as it would be made from the stored rows; None if it was refused.
    """
    named, findings = _named(batch), []
    places = (batch.accepted, *([batch.held] if batch.held else []), batch.quarantined, batch.duplicates)
    if batch.landed != sum(places):
        parts = " + ".join(map(wording.count, places))
        findings.append(
            Finding("I2", f"{named}: {wording.count(batch.landed)} rows landed, but {parts} are accounted for")
        )
    for name in _COUNTED if counted is not None else ():
        recorded, stored = getattr(batch, name), getattr(counted, name)
        if recorded != stored:
            text = f"{named}: {_shown(recorded)} {name.replace('_', ' ')} recorded, {_shown(stored)} stored"
            findings.append(Finding("I2", text))
    return findings


def labels_agree(batch: Batch, counted: Batch) -> list[Finding]:
    """I2: a batch is recorded with the values that its label has, and with the rows of each class.

    Args:
        batch: The record; one from before such values were recorded says nothing.
        counted: The record as it would be made from the stored rows.
    """
    rows, stored_rows = dict(batch.classes), dict(counted.classes)
    for name in rows.keys() & stored_rows.keys():
        if rows[name] != stored_rows[name]:
            text = f"{_named(batch)}: {rows[name]} rows of the class {name} recorded, {stored_rows[name]} stored"
            return [Finding("I2", text)]
    if batch.label is None or batch.label != counted.label or batch.label_values == counted.label_values:
        return []
    recorded, stored = (", ".join(one.label_values) or "nothing" for one in (batch, counted))
    return [Finding("I2", f"{_named(batch)}: the label has the values {recorded} recorded, {stored} stored")]


def labels_add_up(batch: Batch, labels: LateLabels, taken: int, aside: Mapping[str, int]) -> list[Finding]:
    """I2: every landed label is taken, was there already, contradicts another one, is unusable or not known yet.

    Args:
        batch: The record.
        labels: What became of them, as it is recorded.
        taken: How many are stored as taken.
        aside: How many are stored beside them, as what.
    """
    quarantined = labels.contradicting + labels.unusable
    stored = (taken, aside.get("duplicate", 0), aside.get("quarantined", 0), aside.get("empty", 0))
    recorded = (labels.taken, labels.repeated, quarantined, labels.empty)
    findings = []
    if sum(recorded) != labels.landed:
        parts = " + ".join(map(wording.count, recorded))
        text = f"{wording.count(labels.landed)} labels landed, but {parts} are accounted for"
        findings.append(Finding("I2", f"{_named(batch)}: {text}"))
    for name, one, other in zip(("taken", "known before", "set aside", "not known yet"), recorded, stored, strict=True):
        if one != other:
            text = f"{wording.count(one)} labels {name} recorded, {wording.count(other)} stored"
            findings.append(Finding("I2", f"{_named(batch)}: {text}"))
    return findings


def labelled_otherwise(batch: Batch, number: int, turn: int) -> Finding:
    """I6: rows with the labels of a turn are not what these rows and those labels make."""
    text = f"its rows with labels, no {number}, are not what the labels of turn {turn} make of them"
    return Finding("I6", f"{_named(batch)}: {text}")


def replaced_otherwise(batch: Batch, turn: int) -> Finding:
    """I6: rows without those whose place was taken are not the others of before."""
    text = f"without the rows whose place was taken in turn {turn}, its rows are not the others that were there before"
    return Finding("I6", f"{_named(batch)}: {text}")


def never_read(batch: Batch) -> bool:
    """Whether a batch was refused, and its bytes were not had: that was about the machine, never about the batch."""
    return not batch.is_in and batch.aside_file is None


def refused_by_its_bytes(batch: Batch, admitted: Iterable[str]) -> list[Finding]:
    """I2: what was refused was read, and its bytes are kept; else it waits to be read again.

    Args:
        batch: The record.
        admitted: Batches that have, or had, a second look.
    """
    if not never_read(batch) or batch.id in set(admitted):
        return []
    text = "was refused although its bytes could not be read; `verify --repair` lets it wait for them"
    return [Finding("I2", f"{_named(batch)} {text}")]


def each_once(twice: int) -> list[Finding]:
    """I2: no row was accepted in two places.

    Args:
        twice: Accepted rows, of all batches together, that are the same as one before them.
    """
    rows = "row was" if twice == 1 else "rows were"
    return [Finding("I2", f"{wording.count(twice)} {rows} accepted twice: the same content in two places")][: twice > 0]


def deliveries_agree(rows: Mapping[str, tuple[str, int]], batches: Mapping[str, Batch]) -> list[Finding]:
    """I2: as many rows were counted for each delivery as its batch has.

    Args:
        rows: For each delivery, its content and its number of rows.
        batches: Every recorded batch by content.
    """
    findings = []
    for name, (content, counted) in rows.items():
        batch = batches.get(content)
        refused = batch is not None and not batch.is_in
        # The copy of a refused file is counted without rows: nobody could vouch for their number.
        if batch is not None and counted != batch.landed and not (refused and counted == 0):
            text = f"{wording.count(counted)} rows counted, its batch has {wording.count(batch.landed)}"
            findings.append(Finding("I2", f"delivery {name}: {text}"))
    return findings


def nothing_changed(batch: Batch, missing: int, strange: int) -> list[Finding]:
    """I9: what is stored of a delivery is what lies in the landing folder, row for row.

    Args:
        batch: The batch of that delivery.
        missing: Delivered rows that are not stored.
        strange: Stored rows that were not delivered.
    """
    if not missing and not strange:
        return []
    text = f"{wording.count(missing)} delivered rows are not stored, {wording.count(strange)} stored rows were not"
    return [Finding("I9", f"{_named(batch)}: {text} delivered: they were changed on the way")]


def reasons_given(batch: Batch, reasons: Sequence[str] | None) -> list[Finding]:
    """I9: each row that was set aside, and each batch that was refused, says why; and the counts per rule are true.

    Args:
        batch: The record.
        reasons: Those of its quarantined rows, one text per row; None if it was refused.
    """
    named = _named(batch)
    if not batch.is_in:
        return [] if batch.reason else [Finding("I9", f"{named} is {batch.status} without a reason")]
    silent = sum(not reason for reason in reasons or ())
    rows = "row is" if silent == 1 else "rows are"
    findings = (
        [Finding("I9", f"{named}: {wording.count(silent)} {rows} quarantined without a reason")] if silent else []
    )
    counted, strange = _rows_per_rule(batch, reasons or ())
    if strange:
        rows = "row is" if strange == 1 else "rows are"
        text = f"{wording.count(strange)} {rows} quarantined for a reason that no rule of the batch gives"
        findings.append(Finding("I9", f"{named}: {text}"))
    for place, finding in enumerate(batch.findings):
        stored = counted[place]
        if stored != finding.rows:
            counts = f"{wording.count(finding.rows)} recorded, {wording.count(stored)} stored"
            findings.append(Finding("I9", f"{named}: rows kept out by {finding.column!r} {finding.rule}: {counts}"))
    return findings


def _rows_per_rule(batch: Batch, reasons: Sequence[str]) -> tuple[Counter[int], int]:
    """How many rows each rule of a batch kept out, by its place; and how many have a reason that none of them gives."""
    sentences = [f"{finding.column}: {finding.message}" for finding in batch.findings]
    counted, strange = Counter[int](), 0
    for reason, rows in Counter(filter(None, reasons)).items():
        rules = _rules_in(reason, sentences)
        strange += 0 if rules else rows
        counted.update(dict.fromkeys(rules, rows))
    return counted, strange


def _rules_in(reason: str, sentences: Sequence[str], first: int = 0) -> tuple[int, ...]:
    """The places of the sentences of which a reason consists, in their order; none if it consists of others."""
    for place in range(first, len(sentences)):
        if reason == sentences[place]:
            return (place,)
        if reason.startswith(f"{sentences[place]}; "):
            rest = _rules_in(reason[len(sentences[place]) + 2 :], sentences, place + 1)
            if rest:
                return (place, *rest)
    return ()


def exclusions_told(named: str, recorded: Snapshot, selected: Snapshot) -> list[Finding]:
    """I9: what a selection left out, and what it took, is what is recorded.

    Args:
        named: The selection, for people.
        recorded: As a model has it.
        selected: The same selection, made again from the bytes.
    """
    findings = []
    for name in _SELECTED:
        kept, counted = getattr(recorded, name), getattr(selected, name)
        if kept != counted:
            what = name.replace("_", " ")
            findings.append(Finding("I9", f"{named}: {_shown(kept)} {what} recorded, {_shown(counted)} selected"))
    return findings


def known_files(selected: Iterable[str], accepted: Iterable[str], named: str) -> list[Finding]:
    """I6: a snapshot selects only files of accepted batches."""
    strangers = sorted(set(selected) - set(accepted))
    return [Finding("I6", f"{named} selects file {digest[:12]}, which no accepted batch lists") for digest in strangers]


def _named(batch: Batch) -> str:
    return f"batch {batch.name} ({batch.id[:12]})"


def _shown(value: int | datetime | None) -> str:
    return wording.count(value) if isinstance(value, int) else str(value)
