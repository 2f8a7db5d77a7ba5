"""The prediction log: is each number a row, in a gap or dropped, and each answer that of its version?

I8 and I7. Add a rule here when it can be checked from what the ledger lists and what was counted in the files.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise

from tasks.domain import wording
from tasks.domain.sealed_answers import Erasure, SealedRows, SealedSegment
from tasks.lineage.verify.findings import Finding


def numbers_are_accounted_for(segments: Iterable[SealedSegment]) -> list[Finding]:
    """I8: each number of a closed segment is a row, in a gap, or dropped."""
    return [
        Finding(
            "I8",
            f"{named(*one.name)}: {wording.count(one.until - one.segment)} numbers were given out, but "
            f"{wording.count(one.rows)} rows + {wording.count(one.gap)} in gaps + {wording.count(one.numbered)} "
            "dropped are accounted for",
        )
        for one in segments
        if not one.balances
    ]


def nothing_is_between(segments: Iterable[SealedSegment], following: Mapping[str, int]) -> list[Finding]:
    """I8: no segment is missing: each begins where the one before it ends.

    Args:
        segments: All closed ones.
        following: Where the segment begins that each journal of a process still writes.
    """
    findings, ordered = [], sorted(segments, key=lambda one: one.name)
    for journal, group in groupby(ordered, key=lambda one: one.journal):
        spans = [(one.segment, one.until) for one in group]
        last = [(following[journal],) * 2] if journal in following else []
        for (_, end), (begin, _) in pairwise([(0, 0), *spans, *last]):
            if begin != end:
                gone = f"the segment with the numbers {end:,} to {begin - 1:,} is gone"
                findings.append(Finding("I8", f"prediction log {journal}: {gone}"))
        if not last and journal.isdigit():
            findings.append(
                Finding("I8", f"prediction log {journal}: the segment that begins with {spans[-1][1]:,} is gone")
            )
    return findings


def rows_are_listed(segments: Iterable[SealedSegment], parts: Iterable[SealedRows]) -> list[Finding]:
    """I8: the files of a sealed segment have, or had, as many rows as it."""
    counted: dict[tuple[str, int], int] = {}
    for part in parts:
        counted[part.journal, part.segment] = counted.get((part.journal, part.segment), 0) + part.answered
    return [
        Finding(
            "I8",
            f"{named(*one.name)}: {wording.count(one.rows)} rows were answered, but "
            f"{wording.count(counted.get(one.name, 0))} are listed, removed ones among them",
        )
        for one in segments
        if one.rows != counted.get(one.name, 0)
    ]


def removed_for_keys(parts: Iterable[SealedRows], erasures: Iterable[Erasure]) -> list[Finding]:
    """I8: as many rows were removed with their keys as erasures say."""
    removed, counted = sum(one.forgotten for one in parts), sum(one.rows for one in erasures)
    if removed == counted:
        return []
    counts = f"{wording.count(removed)} rows are gone, {wording.count(counted)} by the erasures that are recorded"
    return [Finding("I8", f"prediction log, rows of keys that were to be forgotten: {counts}")]


def file_agrees(part: SealedRows, ids: Sequence[str], until: int) -> list[Finding]:
    """I8: a file has the rows that are listed, each once, and none that belongs elsewhere.

    Args:
        part: As it is listed.
        ids: Of the rows that are there.
        until: The number after the last one of its segment.
    """
    where = f"{named(part.journal, part.segment)}, file {(part.file or '')[:12]}"
    if len(ids) != part.rows:
        counts = f"{wording.count(part.rows)} rows recorded, {wording.count(len(ids))} stored"
        return [Finding("I8", f"{where}: {counts}")]
    if twice := len(ids) - len(set(ids)):
        return [Finding("I8", f"{where}: {wording.count(twice)} of {len(ids)} rows are there again")]
    wanted = {f"{part.journal}-{number}" for number in range(part.segment, until)}
    if strange := [one for one in ids if one not in wanted]:
        return [Finding("I8", f"{where}: row {strange[0]} is of another segment")]
    return []


def answered_alike(version: int, ids: Sequence[str], differences: Sequence[float], tolerance: float) -> list[Finding]:
    """I7: a version answers logged inputs as it did then.

    Args:
        version: Whose answers.
        ids: Of the rows.
        differences: Of each, between both answers.
        tolerance: Largest difference that is none.
    """
    off = [(one, difference) for one, difference in zip(ids, differences, strict=True) if not difference <= tolerance]
    if not off:
        return []
    rows = f"{len(off)} of {len(ids)} answers that were looked at are" if len(off) > 1 else "1 answer is"
    return [Finding("I7", f"v{version}: {rows} not as logged, such as {off[0][0]}, by {off[0][1]:.3g}")]


def named(journal: str, segment: int) -> str:
    """A segment, for people."""
    return f"prediction log {journal}, segment {segment:,}"
