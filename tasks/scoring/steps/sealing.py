"""Seals the prediction log: closed segments become Parquet in the store, listed by the ledger; what is old is removed.

A record is visible once at any moment: in its segment until the ledger lists the segment, from then on in the store.
Whoever is killed in between has done nothing that the next one does not do again alike. Retention works on whole
segments, each of which spans an hour of answers at most.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from configs.errors import Damaged, InvalidSettings, MistakeOfUser
from tasks.adapters import failpoints, files, journal, journal_segments, ring
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.adapters.journal_segments import DROPPED, GAP, NUMBERED, Segment
from tasks.domain.sealed_answers import Erasure, SealedRows, SealedSegment
from tasks.scoring import log_lines
from tasks.scoring.log_lines import Line

_LOCK = ".sealing"
_ROWS = 20_000
"""Rows of a row group."""


@dataclass
class Sealing:
    """What was done."""

    segments: int = 0
    rows: int = 0
    expired: dict[str, int] = field(default_factory=dict)
    """Rows that were removed because of their age, by pipeline."""


@contextmanager
def alone(home: Home) -> Iterator[None]:
    """Be the only one who seals and removes; what somebody who was killed has not removed is removed first.

    Raises:
        Busy: Somebody else is at it, for long.
        UnusableHome: The folder of the log cannot be written.
    """
    with files.locked(home.predictions / _LOCK):
        remove_left(home)
        yield


def seal(home: Home) -> Sealing:
    """Seal what is closed, and remove what is older than `scoring.log.retention`.

    Raises:
        Damaged: A segment was changed; all others are sealed.
        Busy: Somebody else is at it, for long.
        UnusableHome: Something cannot be written.
    """
    done = Sealing()
    with alone(home):
        seal_closed(home, done)
        _expire(home, done)
    return done


def seal_closed(home: Home, done: Sealing) -> None:
    """Seal all segments that never change any more; for who is alone. Raises as `seal` does."""
    journal.finish(home.predictions)
    known, problems = {one.name for one in home.ledger.predictions.segments()}, list[Damaged]()
    for one in journal_segments.segments(home.predictions):
        if not one.is_closed:
            continue
        try:
            if (str(one.journal), one.first) not in known:
                _seal(home, one, done)
        except Damaged as problem:
            problems.append(problem)
            continue
        failpoints.reach("sealing-committed")
        one.path.unlink()
    if problems:
        raise problems[0]


def _seal(home: Home, one: Segment, done: Sealing) -> None:
    segment, parts = _read(one)
    listed = [part.published(home, one) for part in parts.values()]
    if listed:
        failpoints.reach("answers-sealed")
    home.ledger.predictions.seal([segment], listed)
    done.segments, done.rows = done.segments + 1, done.rows + segment.rows


def _read(one: Segment) -> tuple[SealedSegment, "dict[str, Rows]"]:
    """What a segment says of its numbers, and its rows by pipeline."""
    parts = dict[str, Rows]()

    def sorted_out() -> Iterator[Mapping[str, Any]]:
        for record in journal_segments.records(one.path):
            if "rows" in record:
                part = parts.setdefault(record["pipeline"], Rows(record["pipeline"]))
                part.add(list(log_lines.lines(one.journal, record)))
            yield record

    return counted(one, sorted_out()), parts


def counted(one: Segment, records: Iterable[Mapping[str, Any]]) -> SealedSegment:
    """What the records of a segment say of its numbers."""
    sums, until = {"rows": 0, GAP: 0, DROPPED: 0, NUMBERED: 0}, one.first
    for record in records:
        until = max(until, journal_segments.end(record))
        if GAP in record:
            sums[GAP] += record[GAP][1] - record[GAP][0]
        elif DROPPED in record:
            sums[DROPPED] += record[DROPPED]
            sums[NUMBERED] += record[NUMBERED]
        else:
            sums["rows"] += len(record["rows"])
    return SealedSegment(str(one.journal), one.first, until, **sums)


class Rows:
    """The rows of one pipeline, which become a file: the same rows give the same bytes."""

    def __init__(self, pipeline: str) -> None:
        """Args:
        pipeline: Whose.
        """
        self._pipeline, self._sink, self._lines = pipeline, pa.BufferOutputStream(), list[Line]()
        self._writer = pq.ParquetWriter(self._sink, log_lines.SCHEMA, compression="zstd", write_page_checksum=True)
        self._count, self._first, self._last = 0, datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)

    def add(self, lines: list[Line]) -> None:
        """More rows, in order."""
        self._lines += lines
        if len(self._lines) >= _ROWS:
            self._write(log_lines.batch(self._lines))
            self._lines = []

    def add_batch(self, batch: pa.RecordBatch) -> None:
        """The same in the form of Arrow."""
        if batch.num_rows:
            self._write(batch)

    def published(self, home: Home, one: Segment | None = None, *, journal: str = "", segment: int = 0) -> SealedRows:
        """Put the file into the store; gives its record."""
        content = self.content()
        name = (journal, segment) if one is None else (str(one.journal), one.first)
        digest = publish(home, content)
        return SealedRows(self._pipeline, *name, digest, self._count, self._first, self._last)

    def content(self) -> bytes:
        """The file."""
        if self._lines:
            self._write(log_lines.batch(self._lines))
            self._lines = []
        self._writer.close()
        return bytes(self._sink.getvalue().to_pybytes())

    def _write(self, batch: pa.RecordBatch) -> None:
        self._writer.write_batch(batch)
        bounds = pc.min_max(batch["answered"])
        self._first, self._last = min(self._first, bounds["min"].as_py()), max(self._last, bounds["max"].as_py())
        self._count += batch.num_rows


def publish(home: Home, content: bytes) -> str:
    """Put rows of the log into the store; gives their digest."""
    digest = hashlib.sha256(content).hexdigest()
    layout.put(home.blobs, layout.predictions(digest), content)
    return digest


def _expire(home: Home, done: Sealing) -> None:
    ring.drop(home.predictions, lambda record: _is_old(home, record["pipeline"], record["at"] / 1e6))
    for part in home.ledger.predictions.sealed():
        if part.file is None or not _is_old(home, part.pipeline, part.last_at.timestamp()):
            continue
        shrink(home, part, replace(part, file=None, rows=0, expired=part.expired + part.rows))
        done.expired[part.pipeline] = done.expired.get(part.pipeline, 0) + part.rows


def _is_old(home: Home, pipeline: str, moment: float) -> bool:
    """Whether what was answered then is to go; never of a pipeline that has no file any more."""
    try:
        days = home.settings(pipeline).scoring.log.retention
    except (InvalidSettings, MistakeOfUser):
        return False
    return days is not None and moment < (home.clock() - timedelta(days=days)).timestamp()


def shrink(home: Home, old: SealedRows, new: SealedRows, erasure: Erasure | None = None) -> None:
    """Let the ledger list fewer rows, then remove the file in which the others are."""
    home.ledger.predictions.shrink(old, new, erasure)
    failpoints.reach("removal-committed")
    remove_left(home)


def remove_left(home: Home) -> None:
    """Remove files that the ledger lists no more."""
    for rows, file in home.ledger.predictions.leaving():
        home.blobs.remove(layout.predictions(file))
        home.ledger.predictions.left(rows)
