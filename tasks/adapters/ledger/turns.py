"""Turns, and what of them has been shown elsewhere."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import RowMapping, Select, func, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.admissions import is_open
from tasks.adapters.ledger.connection import Access, among, insert_once, replace
from tasks.adapters.ledger.schema import projections, turns
from tasks.adapters.ledger.troubles import patient
from tasks.domain.observations import Health
from tasks.domain.turns import Outcome, RetrainingDecision, TurnState


class Turns:
    """One row per pass of the loop; its state says from where to go on."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def open(
        self, pipeline: str, batch: str, name: str, run: str | None, by: str | None = None, wanted: int | None = None
    ) -> int:
        """The number of this batch's turn; opened now if it was not, else gone on with by this run.

        A batch that was admitted, or that could not be read when its turn was given up, has another turn.

        Args:
            pipeline: Its pipeline.
            batch: Digest of the delivered bytes.
            name: Name of the delivery.
            run: Id of the Prefect flow run, if there is one.
            by: Who is at it: user, host and worker.
            wanted: The number of a new one, where a turn of another ledger is replayed; else the next one.
        """
        with self._access.writing(pipeline) as connection:
            number = connection.execute(_going_on(pipeline, batch)).scalar()
            if number is None:
                last = select(func.max(turns.c.number)).where(turns.c.pipeline == pipeline)
                number = wanted or (connection.execute(last).scalar() or 0) + 1
                values: dict[str, Any] = {"batch": batch, "batch_name": name, "state": TurnState.OPEN, "reasons": []}
                values |= {"started": self._access.now(), "prefect_run": run}
                connection.execute(turns.insert().values(pipeline=pipeline, number=number, **values))
            begun: dict[str, Any] = {"attempts": turns.c.attempts + 1, "attempted": self._access.now(), "unread": None}
            begun |= {} if run is None else {"prefect_run": run}
            begun |= {} if by is None else {"by": by}
            this = (turns.c.pipeline == pipeline) & (turns.c.number == number)
            connection.execute(turns.update().where(this).values(**begun))
            return int(number)

    @patient
    def uncount(self, pipeline: str, batch: str) -> None:
        """A person or a service stopped the turn of this batch: that attempt says nothing against it."""
        with self._access.writing(pipeline) as connection:
            this = (turns.c.pipeline == pipeline) & (turns.c.batch == batch)
            cut_off = this & (turns.c.state != TurnState.DONE) & (turns.c.attempts > 0)
            connection.execute(turns.update().where(cut_off).values(attempts=turns.c.attempts - 1))

    def get(self, pipeline: str, number: int) -> RowMapping:
        """One turn as it stands in the table."""
        return self._access.rows(select(turns).where(turns.c.pipeline == pipeline, turns.c.number == number))[0]

    def of_batch(self, pipeline: str, batch: str, before: int | None = None) -> RowMapping | None:
        """The last turn of a batch as it stands in the table, or the last one before another; None if there is none."""
        query = select(turns).where(turns.c.pipeline == pipeline, turns.c.batch == batch)
        query = query if before is None else query.where(turns.c.number < before)
        return self._access.first(query.order_by(turns.c.number.desc()))

    def any(self) -> bool:
        """Whether there was ever a turn, of any pipeline."""
        return self._access.first(select(turns.c.number).limit(1)) is not None

    def all(self, pipeline: str, numbers: Collection[int] | None = None) -> list[RowMapping]:
        """All turns in order, or those of these numbers."""
        query = select(turns).where(turns.c.pipeline == pipeline, among(turns.c.number, numbers))
        return self._access.rows(query.order_by(turns.c.number))

    def done(self, pipeline: str) -> list[int]:
        """Numbers of the turns that have ended, in order."""
        query = select(turns.c.number).where(turns.c.pipeline == pipeline, turns.c.state == TurnState.DONE)
        return [row["number"] for row in self._access.rows(query.order_by(turns.c.number))]

    def unfinished(self, pipeline: str) -> list[RowMapping]:
        """The turns that have not ended, in order."""
        query = select(turns).where(turns.c.pipeline == pipeline, turns.c.state != TurnState.DONE)
        return self._access.rows(query.order_by(turns.c.number))

    def last(self, pipeline: str, batches: Collection[str] | None = None) -> dict[str, int]:
        """The number of the last turn of each batch."""
        query = select(turns.c.batch, func.max(turns.c.number).label("number"))
        chosen = query.where(turns.c.pipeline == pipeline, among(turns.c.batch, batches)).group_by(turns.c.batch)
        return {row["batch"]: row["number"] for row in self._access.rows(chosen)}

    @patient
    def advance(self, pipeline: str, number: int, state: TurnState, **values: Any) -> None:
        """Commit that a turn has got this far."""
        with self._access.writing(pipeline) as connection:
            this = (turns.c.pipeline == pipeline) & (turns.c.number == number)
            connection.execute(turns.update().where(this).values(state=state, **values))

    @patient
    def note(
        self,
        pipeline: str,
        number: int,
        *,
        champion_version: int | None = None,
        decision: RetrainingDecision | None = None,
        health: Health | None = None,
    ) -> None:
        """Commit a finding of a turn that has a place in its row."""
        values = {"champion_version": champion_version, "decision": decision, "health": health}
        known = {name: codec.dump(value) for name, value in values.items() if value is not None}
        with self._access.writing(pipeline) as connection:
            this = (turns.c.pipeline == pipeline) & (turns.c.number == number)
            connection.execute(turns.update().where(this).values(**known))

    @patient
    def begin(self, pipeline: str, number: int, step: str) -> None:
        """Note that a turn has come to a step; if it comes to one again, this and those behind it are noted anew."""
        with self._access.writing(pipeline) as connection:
            this = (turns.c.pipeline == pipeline) & (turns.c.number == number)
            before = connection.execute(select(turns.c.steps).where(this)).scalar() or []
            names = [name for name, _ in before]
            kept = before[: names.index(step)] if step in names else before
            connection.execute(turns.update().where(this).values(steps=[*kept, [step, self._access.now()]]))

    @patient
    def unread(self, pipeline: str, number: int, why: str) -> None:
        """Note why the delivery of a turn cannot be read; forgotten when the turn is begun again."""
        with self._access.writing(pipeline) as connection:
            this = (turns.c.pipeline == pipeline) & (turns.c.number == number)
            connection.execute(turns.update().where(this).values(unread=why))

    def close(self, pipeline: str, number: int, outcome: Outcome, reasons: Sequence[str]) -> None:
        """Commit the end of a turn."""
        self.advance(
            pipeline, number, TurnState.DONE, outcome=outcome, reasons=list(reasons), finished=self._access.now()
        )

    @patient
    def project(self, pipeline: str, number: int, target: str, result: Any, *, again: bool = False) -> None:
        """Note that a turn has been shown in `target`, and how to find it; `again` if it was, and is elsewhere."""
        with self._access.writing(pipeline) as connection:
            key = {"pipeline": pipeline, "turn": number, "target": target}
            write = replace if again else insert_once
            write(connection, projections, key, {"result": result, "at": self._access.now()})

    def projected(self, pipeline: str, target: str, numbers: Collection[int] | None = None) -> dict[int, Any]:
        """What has been shown in `target`, by turn."""
        query = select(projections).where(projections.c.pipeline == pipeline, projections.c.target == target)
        rows = self._access.rows(query.where(among(projections.c.turn, numbers)).order_by(projections.c.turn))
        return {row["turn"]: row["result"] for row in rows}


def _going_on(pipeline: str, batch: str) -> Select[tuple[int]]:
    """The turn of a batch, unless the batch is to have another one."""
    over = (turns.c.state == TurnState.DONE) & (turns.c.unread.is_not(None) | is_open(pipeline, batch))
    same = (turns.c.pipeline == pipeline) & (turns.c.batch == batch)
    return select(turns.c.number).where(same, ~over).order_by(turns.c.number.desc())
