"""Lineage: does what is stored agree with what was recorded? Rules for `verify`, over values that were read from the bytes.

Add a rule here when an invariant can be checked from records and counts alone. Reading the bytes belongs to
`tasks.adapters.verification`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tasks.core import wording
from tasks.core.records import Batch, BatchStatus, Promotion, Verdict, VerdictKind


@dataclass(frozen=True)
class Finding:
    """Something that is not as it was recorded."""

    invariant: str
    """`I1`, `I2` or `I6`."""
    text: str


@dataclass(frozen=True)
class Counted:
    """Rows of a batch, counted from the stored bytes."""

    accepted: int
    quarantined: int
    duplicates: int
    unlabelled: int
    positives: int


def rows_add_up(batch: Batch, counted: Counted) -> list[Finding]:
    """I2: every landed row is in exactly one of accepted, quarantined, duplicate, and the stored rows are as many."""
    named = f"batch {batch.name} ({batch.id[:12]})"
    found = []
    if batch.landed != batch.accepted + batch.quarantined + batch.duplicates:
        parts = " + ".join(wording.count(part) for part in (batch.accepted, batch.quarantined, batch.duplicates))
        found.append(Finding("I2", f"{named}: {wording.count(batch.landed)} rows landed, but {parts} are accounted for"))
    names = ("accepted", "quarantined", "duplicates", "unlabelled", "positives")
    for name in names if batch.status is BatchStatus.ACCEPTED else ():
        recorded, stored = getattr(batch, name), getattr(counted, name)
        if recorded != stored:
            text = f"{named}: {wording.count(recorded)} {name} recorded, {wording.count(stored)} stored"
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


def _version(number: int | None) -> str:
    return "no version" if number is None else f"v{number}"
