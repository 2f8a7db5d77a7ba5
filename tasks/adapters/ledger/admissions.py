"""Decisions about batches that are refused or held: who decided what, and why, and how the batch had stood."""

from typing import Any

from sqlalchemy import Connection, Exists, exists, func, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access
from tasks.adapters.ledger.schema import admissions, turns
from tasks.adapters.ledger.troubles import patient
from tasks.domain.decisions import Admission, Decision
from tasks.domain.records import Batch


class Admissions:
    """One linear list for each pipeline; an admission is open until its batch has been judged again."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def record(self, pipeline: str, aside: Batch, by: str, reason: str, decision: Decision = Decision.ADMIT) -> bool:
        """Let a batch be judged again; says whether that is new. How it stood is kept with the decision."""
        with self._access.writing(pipeline) as connection:
            if connection.execute(select(is_open(pipeline, aside.id))).scalar():
                return False
            add(connection, pipeline, aside, by=by, reason=reason, decision=decision, at=self._access.now())
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
                decision=Decision(row["decision"]),
                turn=row["turn"],
                ended=codec.moment(row["ended"]),
            )
            for row in self._access.rows(query)
        ]

    def open(self, pipeline: str) -> dict[str, Admission]:
        """Those whose batch has not been judged again yet, by batch."""
        return {one.batch: one for one in self.all(pipeline) if one.ended is None}


def add(connection: Connection, pipeline: str, aside: Batch, **values: Any) -> None:
    """Add a decision about a batch in a transaction; it names the turn that had set the batch aside."""
    last = select(func.max(admissions.c.sequence)).where(admissions.c.pipeline == pipeline)
    had = select(func.max(turns.c.number)).where(turns.c.pipeline == pipeline, turns.c.batch == aside.id)
    values |= {"batch": aside.id, "turn": connection.execute(had).scalar(), "refusal": codec.dump(aside)}
    sequence = (connection.execute(last).scalar() or 0) + 1
    connection.execute(admissions.insert().values(pipeline=pipeline, sequence=sequence, **values))


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
