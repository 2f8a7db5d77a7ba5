"""Opens the ledger: engine, pragmas, schema. Nothing here knows what the tables mean."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import OperationalError

from configs.errors import UnusableHome
from tasks.adapters import files
from tasks.adapters.ledger.schema import HEAD

_MIGRATIONS = Path(__file__).parent / "migrations"


def open_engine(url: str, lock: Path) -> Engine:
    """An engine on an up-to-date ledger.

    Args:
        url: SQLAlchemy address of the database.
        lock: File to lock while the schema is made or migrated.

    Raises:
        UnusableHome: The database cannot be opened, or was written by a newer version.
    """
    engine = create_engine(url, json_serializer=_to_json)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _configure_sqlite)
        event.listen(engine, "begin", _begin_immediate)
    try:
        found = _version(engine)
        if found != HEAD:
            with files.locked(lock):
                _migrate(engine, _version(engine))
    except OperationalError as err:
        raise UnusableHome(f"The ledger at {engine.url} cannot be opened: {err.orig}. Check that it is writable.") from err
    return engine


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("select version_num from alembic_version")).scalar()


def _migrate(engine: Engine, found: str | None) -> None:
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
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _to_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
