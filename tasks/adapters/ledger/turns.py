"""Turns, the triggers that they cover, and what of them has been shown elsewhere."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import RowMapping, func, select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_once
from tasks.adapters.ledger.schema import projections, triggers, turns
from tasks.core.turns import Health, Outcome, RetrainingDecision, Trigger, TurnState


class Turns:
    """One row per pass of the loop; its state says from where to go on."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    def open(self, pipeline: str, batch: str, name: str, run: str | None) -> int:
        """The number of this batch's turn; opened now if it was not, else gone on with by this run.

        Args:
            pipeline: Its pipeline.
            batch: Digest of the delivered bytes.
            name: Name of the delivery.
            run: Id of the Prefect flow run, if there is one.
        """
        with self._access.writing(pipeline) as connection:
            same = (turns.c.pipeline == pipeline) & (turns.c.batch == batch)
            number = connection.execute(select(turns.c.number).where(same)).scalar()
            if number is None:
                last = select(func.max(turns.c.number)).where(turns.c.pipeline == pipeline)
                number = (connection.execute(last).scalar() or 0) + 1
                values: dict[str, Any] = {"batch": batch, "batch_name": name, "state": TurnState.OPEN, "reasons": []}
                values |= {"started": self._access.now(), "prefect_run": run}
                connection.execute(turns.insert().values(pipeline=pipeline, number=number, **values))
            elif run is not None:
                connection.execute(turns.update().where(same).values(prefect_run=run))
            return int(number)

    def get(self, pipeline: str, number: int) -> RowMapping:
        """One turn as it stands in the table."""
        return self._access.rows(select(turns).where(turns.c.pipeline == pipeline, turns.c.number == number))[0]

    def all(self, pipeline: str) -> list[RowMapping]:
        """All turns in order."""
        return self._access.rows(select(turns).where(turns.c.pipeline == pipeline).order_by(turns.c.number))

    def advance(self, pipeline: str, number: int, state: TurnState, **values: Any) -> None:
        """Commit that a turn has got this far."""
        with self._access.writing(pipeline) as connection:
            this = (turns.c.pipeline == pipeline) & (turns.c.number == number)
            connection.execute(turns.update().where(this).values(state=state, **values))

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

    def close(self, pipeline: str, number: int, outcome: Outcome, reasons: Sequence[str]) -> None:
        """Commit the end of a turn."""
        self.advance(
            pipeline, number, TurnState.DONE, outcome=outcome, reasons=list(reasons), finished=self._access.now()
        )

    def trigger(self, pipeline: str, kind: str, key: str, evidence: str, turn: int) -> None:
        """Record a reason to look that this turn covers; the same key is recorded once."""
        with self._access.writing(pipeline) as connection:
            same = (triggers.c.pipeline == pipeline) & (triggers.c.key == key)
            if connection.execute(select(triggers.c.id).where(same)).first() is None:
                values = {"kind": kind, "key": key, "evidence": evidence, "state": "covered", "turn": turn}
                connection.execute(triggers.insert().values(pipeline=pipeline, at=self._access.now(), **values))

    def triggers(self, pipeline: str) -> list[Trigger]:
        """All triggers, oldest first."""
        rows = self._access.rows(select(triggers).where(triggers.c.pipeline == pipeline).order_by(triggers.c.id))
        return [
            codec.load(Trigger, {name: row[name] for name in ("id", "kind", "evidence", "at", "turn")}) for row in rows
        ]

    def project(self, pipeline: str, number: int, target: str, result: Any) -> None:
        """Note that a turn has been shown in `target`, and how to find it there."""
        with self._access.writing(pipeline) as connection:
            key = {"pipeline": pipeline, "turn": number, "target": target}
            insert_once(connection, projections, key, {"result": result, "at": self._access.now()})

    def projected(self, pipeline: str, target: str) -> dict[int, Any]:
        """What has been shown in `target`, by turn."""
        query = select(projections).where(projections.c.pipeline == pipeline, projections.c.target == target)
        return {row["turn"]: row["result"] for row in self._access.rows(query)}
