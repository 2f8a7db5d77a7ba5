"""Opens the ledger: engine, pragmas, schema. Nothing here knows what the tables mean."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DatabaseError, OperationalError

from configs.errors import Damaged, UnusableHome
from tasks.adapters import files
from tasks.adapters.ledger.schema import HEAD

READING = "AUTOCOMMIT"
"""Isolation level of connections that only read: each query sees what is committed, and waits for no writer."""
_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str, lock: Path) -> Engine:
    """An engine on an up-to-date ledger.

    Args:
        url: SQLAlchemy address of the database.
        lock: File to lock while the schema is made or migrated.

    Raises:
        UnusableHome: The database cannot be opened, or was written by a newer version.
        Damaged: There is something else in its place.
    """
    try:
        engine = create_engine(url, json_serializer=_to_json)
    except (ArgumentError, ImportError) as err:
        raise UnusableHome(f"INCUMBENT_LEDGER_URL does not name a database that can be used here: {err}.") from err
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    with explained(engine):
        if _version(engine) != HEAD:
            with files.locked(lock):
                _migrate(engine, _version(engine))
    return engine


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Say in one sentence what is wrong when the database itself fails.

    Raises:
        UnusableHome: It cannot be opened, read or written.
        Damaged: Its file is not a database any more.
    """
    try:
        yield
    except OperationalError as err:
        raise UnusableHome(
            f"The ledger at {engine.url} cannot be used: {err.orig}. Check that it is writable."
        ) from err
    except DatabaseError as err:
        if type(err) is not DatabaseError:  # an integrity error and the like: a fault of ours
            raise
        raise Damaged(f"The ledger at {engine.url} is damaged: {err.orig}. Restore it from a backup.") from err


def _version(engine: Engine) -> str | None:
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    if name and not Path(name).exists():
        return None  # to connect would make an empty file, outside of the lock
    with engine.connect().execution_options(isolation_level=READING) as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()


def _migrate(engine: Engine, found: str | None) -> None:
    if found == HEAD:
        return  # by another process, while this one waited for the lock
    if found is not None and found > HEAD:
        raise UnusableHome(
            f"The ledger at {engine.url} has schema {found}, this version of Incumbent knows {HEAD}. "
            "It was written by a newer version: use that one, or another INCUMBENT_HOME."
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's `begin` event below opens the transaction
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout=30000")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    # A transaction that reads and then writes must hold the write lock from its start, or two of them deadlock.
    # SQLAlchemy announces a "begin" for connections that only read as well.
    if connection.get_execution_options().get("isolation_level") != READING:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _to_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
