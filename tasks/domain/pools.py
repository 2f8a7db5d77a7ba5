"""Pools: batches that are too short to be judged alone are judged together, once, in event order.

Add here what decides which rows are judged as one, and when they suffice. Which rows a model learns from is decided in
`windows`; what follows from the losses belongs to `gate`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tasks.domain import wording
from tasks.domain.records import Batch

_NAMES = 3
"""So many batches are named."""
MIN_CLUSTERS = 5
"""Fewest clusters to judge on: as many as a slice needs (`evaluation.MIN_CLUSTERS`)."""
_ROWS, _EACH = 200, 20
"""Fewest rows, and of a yes or no fewest of each answer, where the settings leave it to the data (decisions.md 19)."""


@dataclass(frozen=True)
class Pool:
    """What is judged in one turn: its batch, and before it in event order those that have waited for it."""

    batches: tuple[Batch, ...]
    moment: datetime | None
    """Rows from it on are judged; None: all of them."""
    turn: str | None = None
    """Id of the batch of the turn, where that may be too young to be among them; None if it is."""
    passed: tuple[Batch, ...] = ()
    """Batches that waited as well and are never judged: before them there is too little to learn from."""

    @property
    def id(self) -> str:
        """That of its batch, or where there are several one that names them all."""
        return identity([batch.id for batch in self.batches])

    @property
    def first_event(self) -> datetime | None:
        """The first event of all batches; None if that of one is not known."""
        events = [batch.first_event for batch in self.batches]
        known = [event for event in events if event is not None]
        return min(known) if len(known) == len(events) else None

    @property
    def has_labels(self) -> bool:
        """Whether any accepted row has a label."""
        return any(batch.has_labels for batch in self.batches)

    @property
    def members(self) -> tuple[str, ...]:
        """Ids of batches that are judged together; none where that of the turn is judged alone."""
        ids = tuple(batch.id for batch in self.batches)
        return () if len(ids) == 1 and self.turn in (None, ids[0]) else ids


@dataclass(frozen=True)
class Asked:
    """What the settings ask for."""

    min_rows: int | None = None
    """None: it follows the data."""
    first_share: float | None = None
    """Share of the clusters that a first champion learns from; None if there is a champion."""
    mature_after: int | None = None
    """Days that labels take; None: no age is asked for."""


@dataclass(frozen=True)
class Size:
    """How much there is to judge on, or to learn from."""

    rows: int
    answers: tuple[tuple[str, int], ...]
    """How many rows have each answer; empty where the label is a number."""
    clusters: int | None = None
    """None: not asked."""


def identity(members: Sequence[str]) -> str:
    """Id of what is judged: that of the one batch, or one that names them all, in their order."""
    return members[0] if len(members) == 1 else hashlib.sha256(" ".join(members).encode()).hexdigest()


def parts(lot: Batch | Pool) -> tuple[Batch, ...]:
    """The batches of a pool, or the one batch."""
    return lot.batches if isinstance(lot, Pool) else (lot,)


def rows_of(lot: Batch | Pool) -> tuple[object, ...]:
    """What tells its rows: its id, and their files, which are others once labels have come to them."""
    return lot.id, tuple(batch.accepted_file for batch in parts(lot))


def least_rows(min_rows: int | None) -> int:
    """Fewest rows to judge on: those of the settings, or where they leave it to the data, what statistics need."""
    return _ROWS if min_rows is None else min_rows


def passed_over(pool: Pool) -> list[str]:
    """What is never judged, in words: `2 batches (2013-01, 2013-02) are never judged: …`; empty if all is."""
    names = [batch.name for batch in pool.passed]
    if not names:
        return []
    more = f" and {wording.count(len(names) - _NAMES)} more" if len(names) > _NAMES else ""
    told = f"{', '.join(names[:_NAMES])}{more}"
    which = f"batch {told} is" if len(names) == 1 else f"{wording.count(len(names))} batches ({told}) are"
    return [f"{which} never judged: before that there is too little to learn from"]


def obstacles(judged: Size, learned: Size, asked: Asked, batches: int = 1) -> list[str]:
    """Why nothing is judged yet, in words; empty if there is enough to learn from and to judge on.

    Args:
        judged: What there is to judge on.
        learned: What there is to learn from; its clusters matter to a first champion only.
        asked: By the settings.
        batches: How many are judged together.
    """
    min_rows, first_share = asked.min_rows, asked.first_share
    if not judged.rows and asked.mature_after is not None:
        return [f"pooled: no batch that is not judged yet is {wording.count(asked.mature_after)} days old throughout"]
    if not judged.rows:
        return [f"0 labelled rows to judge on, needs {wording.count(least_rows(min_rows))}"]
    lacking = missing(judged, min_rows)
    if first_share is not None and min(judged.clusters or 0, learned.clusters or 0) < MIN_CLUSTERS:
        return [_first_waits(judged, learned, batches, first_share), *unlearnable(learned, min_rows)]
    found = [_waits(judged, lacking, min_rows, batches)] if lacking else []
    return [*found, *unlearnable(learned, min_rows)]


def missing(size: Size, min_rows: int | None) -> list[str]:
    """What is missing: `240 of 500 rows`, `2 of 5 clusters`; where rows follow the data, there are enough answers."""
    least = least_rows(min_rows)
    found = [f"{wording.count(size.rows)} of {wording.count(least)} rows"] if size.rows < least else []
    only = _only(size)
    found += [f"all {only}"] if only else _rare(size, min_rows)
    if size.clusters is not None and size.clusters < MIN_CLUSTERS:
        found.append(f"{size.clusters} of {MIN_CLUSTERS} clusters")
    return found


def unlearnable(size: Size, min_rows: int | None) -> list[str]:
    """What is missing to learn from: `70 labelled rows to train on, needs 200`; empty if there is enough."""
    least, only = least_rows(min_rows), _only(size)
    if size.rows < least:
        told = "1 labelled row" if size.rows == 1 else f"{wording.count(size.rows)} labelled rows"
        return [f"{told} to train on, needs {wording.count(least)}"]
    if only:
        return [f"all {wording.count(size.rows)} rows to train on are {only}"]
    absent = next((name for name, count in size.answers if not count), None)
    if absent is not None:
        return [f"none of {wording.count(size.rows)} rows to train on is {absent}"]
    rare = _rare(size, min_rows)
    return [f"{rare[0]} among {wording.count(size.rows)} rows to train on"] if rare else []


def _waits(size: Size, lacking: list[str], min_rows: int | None, batches: int) -> str:
    """Why a pool waits for the next batch: `pooled: 240 of 500 rows, 2 of 5 clusters in 3 batches`."""
    enough = [f"{wording.count(size.rows)} rows"] if size.rows >= least_rows(min_rows) else []
    return f"pooled: {', '.join([*enough, *lacking])}{_in_batches(batches)}"


def _first_waits(judged: Size, learned: Size, batches: int, share: float) -> str:
    there = (judged.clusters or 0) + (learned.clusters or 0)
    needed = next(n for n in range(2, 10_000) if min(int(share * n), n - int(share * n)) >= MIN_CLUSTERS)
    told = f"{'1 cluster' if there == 1 else f'{wording.count(there)} clusters'}{_in_batches(batches)}"
    if there >= needed:
        return f"pooled: {told} that cannot be split in time, {MIN_CLUSTERS} on either side: finer dates would do"
    return f"pooled: {told}, a first champion needs {needed}: finer dates, or another evaluation.cluster, give more"


def _only(size: Size) -> str | None:
    """The one answer that all rows have, if there is but one."""
    return next((name for name, count in size.answers if size.rows and count == size.rows), None)


def _rare(size: Size, min_rows: int | None) -> list[str]:
    """The answer that is too rare where the settings leave it to the data: `7 of 20 positive`."""
    rare = size.answers if min_rows is None else ()
    return [f"{count} of {_EACH} {name}" for name, count in rare if count < _EACH]


def _in_batches(batches: int) -> str:
    return f" in {wording.count(batches)} batches" if batches > 1 else ""
