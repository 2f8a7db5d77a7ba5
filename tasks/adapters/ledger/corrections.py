"""Corrected labels: how what was judged before comes out with them."""

from sqlalchemy import select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, insert_once
from tasks.adapters.ledger.schema import judged_again
from tasks.adapters.ledger.troubles import patient
from tasks.domain.turns import JudgedAgain


class Corrections:
    """One row per turn that had judged, for each turn in which labels of it were corrected."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    @patient
    def record(self, pipeline: str, again: JudgedAgain) -> None:
        """Commit how it comes out; a second time changes nothing."""
        key = {"pipeline": pipeline, "turn": again.turn, "judged": again.judged}
        with self._access.writing(pipeline) as connection:
            insert_once(connection, judged_again, key, {"record": codec.dump(again), "at": self._access.now()})

    def all(self, pipeline: str, turn: int | None = None) -> list[JudgedAgain]:
        """All of them in order, or those of a turn."""
        query = select(judged_again).where(judged_again.c.pipeline == pipeline)
        query = query if turn is None else query.where(judged_again.c.turn == turn)
        rows = self._access.rows(query.order_by(judged_again.c.turn, judged_again.c.judged))
        return [codec.load(JudgedAgain, row["record"]) for row in rows]
