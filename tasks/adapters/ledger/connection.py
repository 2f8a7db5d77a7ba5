"""How the parts of the ledger read and write: short transactions, insert once, and the fence of the lease."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping, Select, Table, and_, select
from sqlalchemy.dialects import postgresql, sqlite

from configs.errors import Busy
from tasks.adapters.ledger import codec
from tasks.adapters.ledger.opening import READING, explained
from tasks.adapters.ledger.schema import leases


@dataclass
class Access:
    """One engine, one clock, and the fencing tokens that this process holds."""

    engine: Engine
    clock: Callable[[], datetime]
    fences: dict[str, int] = field(default_factory=dict)

    def now(self) -> str:
        """The present moment as the ledger writes it."""
        return str(codec.stamp(self.clock()))

    def rows(self, query: Select[Any]) -> list[RowMapping]:
        """All rows of a query, outside any transaction."""
        reading = self.engine.connect
        with explained(self.engine), reading().execution_options(isolation_level=READING) as connection:
            return list(connection.execute(query).mappings())

    def first(self, query: Select[Any]) -> RowMapping | None:
        """The first row of a query, if there is one."""
        found = self.rows(query.limit(1))
        return found[0] if found else None

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction: all of its changes are committed when the block ends well, else none."""
        with explained(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self, pipeline: str) -> Iterator[Connection]:
        """A transaction that only the holder of the newest lease can commit.

        Raises:
            Busy: Another process has taken the lease since this one did.
        """
        with self.transaction() as connection:
            held = self.fences.get(pipeline)
            if held is not None:
                newest = connection.execute(select(leases.c.fence).where(leases.c.pipeline == pipeline)).scalar()
                if newest != held:
                    raise Busy(
                        f"This process was paused for so long that another one has taken over {pipeline!r} "
                        f"(fencing token {held}, now {newest}). It has changed nothing since."
                    )
            yield connection


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
    dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).values(row).on_conflict_do_nothing(index_elements=list(key))
    return bool(connection.execute(statement).rowcount)


def replace(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Write a row, in the place of the one with its key if there is one."""
    connection.execute(table.delete().where(and_(*(table.c[name] == value for name, value in key.items()))))
    connection.execute(table.insert().values({**key, **values}))


def differs(row: RowMapping, values: Mapping[str, Any]) -> bool:
    """Whether a row is not what would be written for its record: somebody else has changed one of the two."""
    return any(row[name] != value for name, value in values.items())
