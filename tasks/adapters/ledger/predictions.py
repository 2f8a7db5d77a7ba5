"""The prediction log as the ledger knows it: what was sealed, what was removed of it and why."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, RowMapping, func, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_once
from tasks.adapters.ledger.schema_of_log import erasures, log_segments, sealed_predictions
from tasks.adapters.ledger.troubles import patient
from tasks.domain.sealed_answers import Erasure, SealedRows, SealedSegment

_NAMES = ("pipeline", "journal", "segment")


class Predictions:
    """Sealed segments, the files of their rows, and erasures; who changes them holds the lock of the log."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def seal(self, segments: Sequence[SealedSegment], parts: Sequence[SealedRows]) -> None:
        """Commit that segments are sealed, with the files of their rows; what is known already stays as it is."""
        with self._access.transaction() as connection:
            new = {one.name for one in segments if self._insert(connection, one)}
            for part in parts:
                if (part.journal, part.segment) in new:
                    connection.execute(sealed_predictions.insert().values(**self._columns(part), at=self._access.now()))

    def _insert(self, connection: Connection, one: SealedSegment) -> bool:
        values = asdict(one)
        key = {name: values.pop(name) for name in ("journal", "segment")}
        return insert_once(connection, log_segments, key, {**values, "at": self._access.now()})

    def segments(self) -> list[SealedSegment]:
        """All segments that were sealed, of all journals, in order."""
        query = select(log_segments).order_by(log_segments.c.journal, log_segments.c.segment)
        return [SealedSegment(**{k: v for k, v in row.items() if k != "at"}) for row in self._access.rows(query)]

    def has(self, journal: str) -> bool:
        """Whether anything of a journal was sealed."""
        return self._access.first(select(log_segments.c.segment).where(log_segments.c.journal == journal)) is not None

    def sealed(self, pipeline: str | None = None) -> list[SealedRows]:
        """The rows of each sealed segment, of one pipeline or of all, in the order of their times."""
        query = select(sealed_predictions).order_by(
            sealed_predictions.c.first_at, sealed_predictions.c.journal, sealed_predictions.c.segment
        )
        if pipeline is not None:
            query = query.where(sealed_predictions.c.pipeline == pipeline)
        return [_rows(row) for row in self._access.rows(query)]

    @patient
    def shrink(self, old: SealedRows, new: SealedRows, erasure: Erasure | None = None) -> None:
        """Commit that rows are gone from a file, in whose place is another one or none.

        Args:
            old: As it stands; its file is to be removed from then on.
            new: As it is to stand.
            erasure: To which the rows are counted.
        """
        with self._access.transaction() as connection:
            values = {**self._columns(new), "leaves": old.file}
            same = sealed_predictions.c.file == old.file
            done = connection.execute(sealed_predictions.update().where(*_is(old), same).values(values)).rowcount
            if done and erasure is not None:
                this = (erasures.c.pipeline == old.pipeline) & (erasures.c.sequence == erasure.sequence)
                more = erasures.c.rows + new.forgotten - old.forgotten
                connection.execute(erasures.update().where(this).values(rows=more))

    def leaving(self) -> list[tuple[SealedRows, str]]:
        """Files that are not listed any more, and have still to be removed."""
        query = select(sealed_predictions).where(sealed_predictions.c.leaves.is_not(None))
        return [(_rows(row), row["leaves"]) for row in self._access.rows(query)]

    @patient
    def left(self, rows: SealedRows) -> None:
        """Commit that the file which was to be removed is gone."""
        with self._access.transaction() as connection:
            connection.execute(sealed_predictions.update().where(*_is(rows)).values(leaves=None))

    @patient
    def begin_erasure(self, pipeline: str, key: str, by: str) -> Erasure:
        """Commit that the rows of a key are to go; one that was begun and did not end goes on."""
        open_one = select(erasures).where(
            erasures.c.pipeline == pipeline, erasures.c.key == key, erasures.c.ended.is_(None)
        )
        with self._access.transaction() as connection:
            row = connection.execute(open_one).mappings().first()
            if row is not None:
                return _erasure(row)
            last = select(func.max(erasures.c.sequence)).where(erasures.c.pipeline == pipeline)
            sequence = (connection.execute(last).scalar() or 0) + 1
            values = {"sequence": sequence, "key": key, "rows": 0, "by": by, "at": self._access.now()}
            connection.execute(erasures.insert().values(pipeline=pipeline, **values))
            return _erasure({**values, "ended": None})

    @patient
    def end_erasure(self, pipeline: str, erasure: Erasure) -> None:
        """Commit that the last row of a key is gone."""
        with self._access.transaction() as connection:
            this = (erasures.c.pipeline == pipeline) & (erasures.c.sequence == erasure.sequence)
            connection.execute(erasures.update().where(this).values(ended=self._access.now()))

    def erasures(self, pipeline: str) -> list[Erasure]:
        """All erasures of a pipeline, in order."""
        query = select(erasures).where(erasures.c.pipeline == pipeline).order_by(erasures.c.sequence)
        return [_erasure(row) for row in self._access.rows(query)]

    def _columns(self, part: SealedRows) -> dict[str, Any]:
        times = {"first_at": codec.stamp(part.first_at), "last_at": codec.stamp(part.last_at)}
        return {**asdict(part), **times}


def _is(rows: SealedRows) -> list[Any]:
    return [sealed_predictions.c[name] == getattr(rows, name) for name in _NAMES]


def _rows(row: RowMapping) -> SealedRows:
    counts: dict[str, Any] = {name: row[name] for name in (*_NAMES, "file", "rows", "expired", "forgotten")}
    times: dict[str, Any] = {name: codec.moment(row[name]) for name in ("first_at", "last_at")}
    return SealedRows(**counts, **times)


def _erasure(row: Any) -> Erasure:
    about: dict[str, Any] = {name: row[name] for name in ("sequence", "key", "rows", "by")}
    times: dict[str, Any] = {name: codec.moment(row[name]) for name in ("at", "ended")}
    return Erasure(**about, **times)
