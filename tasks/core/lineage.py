"""Lineage: does what is stored agree with what was recorded? Rules for `verify`, over values read from the bytes.

Add a rule here when an invariant can be checked from records and counts alone. Reading the bytes belongs to
`tasks.adapters.verification`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.core import wording
from tasks.core.records import Batch
from tasks.core.turns import Promotion, Verdict, VerdictKind


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was recorded."""

    invariant: str
    """`I1`, `I2` or `I6`."""
    text: str


_COUNTED = ("landed", "accepted", "quarantined", "duplicates", "unlabelled", "positives", "first_event", "last_event")


def all_recorded(
    delivered: Mapping[str, Sequence[str]], done: Mapping[str, int], known: Iterable[str]
) -> list[Finding]:
    """I2: whatever was delivered, and whatever a turn is done with, is a batch.

    Args:
        delivered: Names under which each content came.
        done: Number of the finished turn of each content.
        known: Contents that are recorded as batches.
    """
    recorded = set(known)
    found = [
        Finding("I2", f"delivery {', '.join(names)} ({batch[:12]}): no batch of this content is recorded")
        for batch, names in delivered.items()
        if batch not in recorded
    ]
    lost = [number for batch, number in done.items() if batch not in recorded | delivered.keys()]
    return found + [Finding("I2", f"turn {number} is done, but its batch is not recorded") for number in lost]


def rows_add_up(batch: Batch, counted: Batch | None) -> list[Finding]:
    """I2: every landed row is in exactly one of accepted, quarantined, duplicate, and the stored rows are as many.

    Args:
        batch: The record.
        counted: The record as it would be made from the stored rows; None if it was refused.
    """
    named = f"batch {batch.name} ({batch.id[:12]})"
    found = []
    if batch.landed != batch.accepted + batch.quarantined + batch.duplicates:
        parts = " + ".join(wording.count(part) for part in (batch.accepted, batch.quarantined, batch.duplicates))
        found.append(
            Finding("I2", f"{named}: {wording.count(batch.landed)} rows landed, but {parts} are accounted for")
        )
    for name in _COUNTED if counted is not None else ():
        recorded, stored = getattr(batch, name), getattr(counted, name)
        if recorded != stored:
            text = f"{named}: {_shown(recorded)} {name.replace('_', ' ')} recorded, {_shown(stored)} stored"
            found.append(Finding("I2", text))
    return found


def is_linear(history: Sequence[Promotion]) -> list[Finding]:
    """The promotions follow each other: numbered without a gap, each naming the one before."""
    found, live = [], None
    for place, made in enumerate(history, start=1):
        if made.sequence != place or made.previous != live:
            text = f"promotion {made.sequence} replaces {_version(made.previous)}, but {_version(live)} was live"
            found.append(Finding("I1", text))
        live = made.version
    return found


def passed_gate(made: Promotion, verdict: tuple[str, Verdict] | None) -> list[Finding]:
    """I1: what is live won its comparison, and is the model that was compared."""
    if verdict is None:
        return [Finding("I1", f"v{made.version} was promoted in turn {made.turn}, which has no verdict")]
    challenger, decided = verdict
    if decided.kind is not VerdictKind.PROMOTE:
        return [Finding("I1", f"v{made.version} was promoted in turn {made.turn}, whose verdict is {decided.kind}")]
    if challenger != made.model:
        return [Finding("I1", f"v{made.version} is not the model that was judged in turn {made.turn}")]
    return []


def known_files(selected: Iterable[str], accepted: Iterable[str], named: str) -> list[Finding]:
    """I6: a snapshot selects only files of accepted batches."""
    strangers = sorted(set(selected) - set(accepted))
    return [Finding("I6", f"{named} selects file {digest[:12]}, which no accepted batch lists") for digest in strangers]


def _shown(value: int | datetime | None) -> str:
    return wording.count(value) if isinstance(value, int) else str(value)


def _version(number: int | None) -> str:
    return "no version" if number is None else f"v{number}"
