"""How the parts of the ledger read and write: short transactions, insert once, and the fence of the lease."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from json import JSONDecodeError
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Engine, RowMapping, Select, Table, and_, select, true

from configs.errors import Busy, Unreachable
from tasks.adapters import failpoints
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.dialects import READING
from tasks.adapters.ledger.receipts import Receipt, Receipts
from tasks.adapters.ledger.schema import leases
from tasks.adapters.ledger.troubles import explained, patient, wait_for

_RECEIPTS_KEPT = timedelta(days=1)


@dataclass
class Access:
    """One engine, one clock, and the fencing tokens that this process holds."""

    engine: Engine
    clock: Callable[[], datetime]
    fences: dict[str, int] = field(default_factory=dict)
    receipts: Receipts = field(default_factory=Receipts)

    def now(self) -> str:
        """The present moment as the ledger writes it."""
        return str(codec.stamp(self.clock()))

    @patient
    def rows(self, query: Select[Any]) -> list[RowMapping]:
        """All rows of a query, outside any transaction; as soon as the database answers."""
        reading = self.engine.connect
        with explained(self.engine), reading().execution_options(isolation_level=READING) as connection:
            try:
                return list(connection.execute(query).mappings())
            except JSONDecodeError as err:
                raise codec.no_json(err) from err

    def first(self, query: Select[Any]) -> RowMapping | None:
        """The first row of a query, if there is one."""
        found = self.rows(query.limit(1))
        return found[0] if found else None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: all of its changes are committed when the block ends well, else none.

        Raises:
            Unreachable: The connection was lost, and nothing is committed. A step that is `patient` is done again.
        """
        committing, receipt = False, None
        try:
            with explained(self.engine), self.engine.begin() as connection:
                receipt = self._leave_receipt(connection)
                yield connection
                failpoints.reach("commit-ahead")
                committing = True
        except Unreachable:
            if not committing or receipt is None or not self._was_committed(receipt):
                raise
        failpoints.note("a commit")

    @contextmanager
    def writing(self, pipeline: str) -> Iterator[Connection]:
        """A transaction that only the holder of the newest lease can commit.

        Raises:
            Busy: Another process has taken the lease since this one did.
        """
        with self.transaction() as connection:
            if pipeline in self.fences:
                self._compare(pipeline, connection.execute(_newest_fence(pipeline)).scalar())
            yield connection

    def require(self, pipeline: str) -> None:
        """Make sure that nobody else has taken the lease that this process holds, before a step outside of the ledger.

        Raises:
            Busy: Another process has.
        """
        if pipeline in self.fences:
            row = self.first(_newest_fence(pipeline))
            self._compare(pipeline, row["fence"] if row is not None else None)

    def _compare(self, pipeline: str, newest: int | None) -> None:
        held = self.fences[pipeline]
        if newest != held:
            raise Busy(
                f"This process was paused for so long that another one has taken over {pipeline!r} "
                f"(fencing token {held}, now {newest}). It has changed nothing since."
            )

    def _leave_receipt(self, connection: Connection) -> Receipt | None:
        now = self.clock()
        return self.receipts.leave(connection, str(codec.stamp(now)), str(codec.stamp(now - _RECEIPTS_KEPT)))

    def _was_committed(self, receipt: Receipt) -> bool:
        """Whether a transaction was committed whose answer was lost; asked when the database is back."""

        def ask() -> bool:
            # In a transaction: it begins when the lost one, which had the lock that it takes, has ended either way.
            with explained(self.engine), self.engine.begin() as connection:
                return self.receipts.kept(connection, receipt)

        return wait_for(ask)


def among(column: Column[Any], wanted: Collection[Any] | None) -> ColumnElement[bool]:
    """That a column has one of the values that are wanted; None: whatever it has."""
    return true() if wanted is None else column.in_(wanted)


def insert_once(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Insert a row unless its key is there; says whether it did."""
    same = and_(*(table.c[name] == value for name, value in key.items()))
    if connection.execute(select(*table.primary_key.columns).where(same)).first() is not None:
        return False
    connection.execute(table.insert().values({**key, **values}))
    return True


def insert_new(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Insert a row unless there is one with its unique key, also if somebody else does so now; says whether it did."""
    row = {**key, **values}
    statement = _insert(connection, table).values(row).on_conflict_do_nothing(index_elements=list(key))
    # Not `rowcount`: where the database numbers the rows, PostgreSQL's driver does not tell it.
    return connection.execute(statement.returning(*table.primary_key.columns)).first() is not None


def _insert(connection: Connection, table: Table) -> Any:
    """An INSERT of this database's own kind, which can say what happens on a conflict."""
    # Loading the other kind would be a seventh of the time that `status` takes.
    if connection.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def replace(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write a row, in the place of the one with its key if there is one."""
    connection.execute(table.delete().where(and_(*(table.c[name] == value for name, value in key.items()))))
    connection.execute(table.insert().values({**key, **values}))


def differs(row: RowMapping, values: Mapping[str, Any]) -> bool:
    """Whether a row is not what would be written for its record: somebody else has changed one of the two."""
    return any(row[name] != value for name, value in values.items())


def _newest_fence(pipeline: str) -> Select[tuple[int]]:
    return select(leases.c.fence).where(leases.c.pipeline == pipeline)
