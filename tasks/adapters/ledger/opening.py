"""Opens the ledger: address, engine, schema. Nothing here knows what the tables mean."""

import json
import re
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import (
    URL,
    Column,
    Connection,
    Engine,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    create_engine,
    inspect,
    text,
)
from sqlalchemy.exc import ArgumentError

from configs.errors import Damaged, UnusableHome
from tasks.adapters import failpoints, files
from tasks.adapters.ledger import addresses, dialects
from tasks.adapters.ledger.dialects import READING
from tasks.adapters.ledger.schema import HEAD, VERSIONS
from tasks.adapters.ledger.schema_of_log import metadata
from tasks.adapters.ledger.troubles import explained

_MIGRATIONS = Path(__file__).parent / "migrations"
_ENCODING = "UTF8"
_OURS = re.compile(r"\d{4}")
"""Versions of our schema; those of other programs are hex digits."""
_NOTED = Table(
    "alembic_version",
    MetaData(),
    Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)
"""Where Alembic notes the version."""


def open_engine(url: str | URL, lock: Path, lost: str | None = None) -> Engine:
    """An engine on an up-to-date ledger.

    Args:
        url: SQLAlchemy address of the database.
        lock: File to lock while the schema is made or migrated; without it SQLite's own file would be made twice.
        lost: What to say if there is no ledger, where a new one must not be made.

    Raises:
        UnusableHome: The database cannot be opened, or was written by a newer version.
        Unreachable: Its server does not answer.
        Damaged: There is something else in its place, or nothing where it was lost.
    """
    engine = _prepared(addresses.read(url))
    with ExitStack() as undo, explained(engine):
        undo.callback(engine.dispose)
        found = _version(engine)
        if found is None and lost is not None:
            raise Damaged(lost)
        if _is_behind(engine, found):
            with files.locked(lock):
                _bring_forward(engine)
        undo.pop_all()
    return engine


def _prepared(address: URL) -> Engine:
    """An engine that has not connected yet."""
    try:
        engine = create_engine(address, json_serializer=_to_json, **dialects.options(address))
        engine.dialect.create_connect_args(address)
    except (ArgumentError, ImportError) as err:
        raise UnusableHome(f"{addresses.VARIABLE} does not name a database that can be used here: {err}.") from err
    except (TypeError, ValueError):
        # `from None`: the error of the reader repeats the value.
        raise UnusableHome(
            f"{addresses.VARIABLE} has an option with a value that cannot be read, such as text in place of a number. "
            "Correct what follows the '?'."
        ) from None
    dialects.prepare(engine)
    return engine


def _version(engine: Engine) -> str | None:
    name = engine.url.database if engine.dialect.name == "sqlite" else None
    if name and not Path(name).exists():
        return None  # to connect would make an empty file, outside of the lock
    with engine.connect().execution_options(isolation_level=READING) as connection:
        return _version_on(connection)


def _version_on(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar()


def _is_behind(engine: Engine, found: str | None) -> bool:
    """Whether the schema has to be made or brought forward."""
    if found is not None and _OURS.fullmatch(found) is None:
        raise UnusableHome(
            f"The database at {addresses.shown(engine.url)} is that of another program: its alembic_version is "
            f"{found[:40]!r}. Name one of its own in {addresses.VARIABLE}."
        )
    if found is not None and found > max(VERSIONS):
        raise UnusableHome(
            f"The ledger at {addresses.shown(engine.url)} has schema {found}, this version of Incumbent knows {HEAD}. "
            "It was written by a newer version: use that one, or another INCUMBENT_HOME."
        )
    return found != HEAD


def _bring_forward(engine: Engine) -> None:
    """Make the schema, or bring it to the newest version, in one transaction that nobody else writes beside."""
    with engine.begin() as connection:
        _check_encoding(connection)
        found = _version_on(connection)
        if not _is_behind(engine, found):
            return  # another process was quicker, here or on another machine
        if found is None:
            _make(connection)
        else:
            _migrate(connection)
        failpoints.reach("schema-made")


def _make(connection: Connection) -> None:
    """Make the tables as the last migration leaves them, without the way there."""
    _refuse_tables_of_others(connection)
    metadata.create_all(connection, checkfirst=False)
    _NOTED.create(connection, checkfirst=True)
    connection.execute(_NOTED.insert().values(version_num=HEAD))


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as err:
        raise Damaged(
            f"The ledger at {addresses.shown(connection.engine.url)} has a schema that no version had: {err}. "
            "Restore it from a backup."
        ) from err


def _refuse_tables_of_others(connection: Connection) -> None:
    """Where no version is noted nothing of ours can be; a table of the same name would be taken for ours."""
    taken = sorted({*metadata.tables} & {*inspect(connection).get_table_names()})
    if taken:
        raise UnusableHome(
            f"The database at {addresses.shown(connection.engine.url)} has tables that no ledger made: "
            f"{', '.join(taken[:3])}. Name an empty one in {addresses.VARIABLE}."
        )


def _check_encoding(connection: Connection) -> None:
    if connection.dialect.name != "postgresql":
        return
    found = connection.execute(text("show server_encoding")).scalar()
    if found != _ENCODING:
        raise UnusableHome(
            f"The database at {addresses.shown(connection.engine.url)} keeps text as {found}. "
            f"Make one with ENCODING '{_ENCODING}', so that every name can be kept."
        )


def _to_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)
