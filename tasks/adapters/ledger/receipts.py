"""Receipts: each transaction leaves one in the database, so that a commit whose answer was lost is not done twice.

PostgreSQL's own answer (`pg_xact_status`) will not do: a server that crashed gives the number of a transaction that it
never kept to another one.
"""

import threading
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

from sqlalchemy import Connection, select

from tasks.adapters.ledger.schema import receipts


@dataclass(frozen=True)
class Receipt:
    """What one transaction, and no other, has left."""

    writer: str
    number: int


class Receipts:
    """Those of one process: the last one of each thread."""

    def __init__(self) -> None:
        self._process = uuid4().hex
        self._numbers = count(1)

    def leave(self, connection: Connection, now: str, outdated: str) -> Receipt | None:
        """Leave a receipt in this transaction; none where a connection cannot be lost.

        Args:
            connection: In a transaction.
            now: The present moment.
            outdated: Receipts from before that are of processes that have long ended.
        """
        if connection.dialect.name != "postgresql":
            return None
        from sqlalchemy.dialects import postgresql

        left = Receipt(f"{self._process}-{threading.get_ident()}", next(self._numbers))
        if left.number == 1:
            connection.execute(receipts.delete().where(receipts.c.at < outdated))
        values = {"number": left.number, "at": now}
        mine = postgresql.insert(receipts).values(writer=left.writer, **values)
        connection.execute(mine.on_conflict_do_update(index_elements=["writer"], set_=values))
        return left

    def kept(self, connection: Connection, left: Receipt) -> bool:
        """Whether the transaction that left this receipt was committed; to be asked before its thread goes on."""
        mine = select(receipts.c.number).where(receipts.c.writer == left.writer)
        return connection.execute(mine).scalar() == left.number
