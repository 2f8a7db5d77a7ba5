"""Refused batches that are let in for a second look: who decided it and why, and how they had been refused."""

from typing import Any

from sqlalchemy import Connection, Exists, exists, func, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access
from tasks.adapters.ledger.schema import admissions, turns
from tasks.adapters.ledger.troubles import patient
from tasks.domain.records import Admission, Batch


class Admissions:
    """One linear list for each pipeline; an admission is open until its batch has been judged again."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def record(self, pipeline: str, refused: Batch, by: str, reason: str) -> bool:
        """Admit a refused batch; says whether it was new. What it was refused for is kept with the admission."""
        with self._access.writing(pipeline) as connection:
            if connection.execute(select(is_open(pipeline, refused.id))).scalar():
                return False
            of_this = admissions.c.pipeline == pipeline
            last = connection.execute(select(func.max(admissions.c.sequence)).where(of_this)).scalar() or 0
            had = select(func.max(turns.c.number)).where(turns.c.pipeline == pipeline, turns.c.batch == refused.id)
            values: dict[str, Any] = {"batch": refused.id, "by": by, "reason": reason, "at": self._access.now()}
            values |= {"turn": connection.execute(had).scalar(), "refusal": codec.dump(refused)}
            connection.execute(admissions.insert().values(pipeline=pipeline, sequence=last + 1, **values))
            return True

    def all(self, pipeline: str) -> list[Admission]:
        """Every admission, oldest first."""
        query = select(admissions).where(admissions.c.pipeline == pipeline).order_by(admissions.c.sequence)
        return [
            Admission(
                batch=row["batch"],
                by=row["by"],
                reason=row["reason"],
                at=codec.moment(row["at"]),  # type: ignore[arg-type]  # never null
                refusal=codec.load(Batch, row["refusal"]),
                turn=row["turn"],
                ended=codec.moment(row["ended"]),
            )
            for row in self._access.rows(query)
        ]

    def open(self, pipeline: str) -> dict[str, Admission]:
        """Those whose batch has not been judged again yet, by batch."""
        return {one.batch: one for one in self.all(pipeline) if one.ended is None}


def is_open(pipeline: str, batch: Any) -> Exists:
    """Whether a batch waits for its second look, as a part of a query."""
    return exists(
        select(admissions.c.sequence).where(
            admissions.c.pipeline == pipeline, admissions.c.batch == batch, admissions.c.ended.is_(None)
        )
    )


def end(connection: Connection, pipeline: str, batch: str, now: str) -> bool:
    """Note in a transaction that a batch has been judged again; says whether that was to be done."""
    waiting = (admissions.c.pipeline == pipeline) & (admissions.c.batch == batch) & admissions.c.ended.is_(None)
    return connection.execute(admissions.update().where(waiting).values(ended=now)).rowcount > 0
