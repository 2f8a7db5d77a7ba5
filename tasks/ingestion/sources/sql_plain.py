"""Any other database that SQLAlchemy knows, by a cursor on its side where it has one; SQLite among them.

A column has the type of the values that come. SQLite has neither times nor truths: `sql_columns` reads its texts and
its 0 and 1 as the contract asks for them.
"""

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from configs.errors import UnreadableFile
from tasks.ingestion.sources import sql_reading
from tasks.ingestion.sources.sql_reading import Database, Quoting

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import URL, Connection, Engine

_ROWS = 20_000
_LOCKED = ("locked", "busy", "disk i/o", "unable to open")


@contextmanager
def opened(url: "URL") -> Iterator[tuple[Database, Quoting]]:
    """Open it for reading; raises as `sql_reading.opened` does."""
    engine = _engine(url)
    try:
        with _errors(), engine.connect() as connection:
            # in other quotes, SQLite takes the name of a column that is not there for a text
            is_sqlite = engine.dialect.name == "sqlite"
            yield _Plain(connection), _bracketed if is_sqlite else engine.dialect.identifier_preparer.quote
    finally:
        engine.dispose()


def _engine(url: "URL") -> "Engine":
    from sqlalchemy import create_engine, exc, pool

    if url.get_backend_name() == "sqlite":
        path = sql_reading.file_of(url)
        return create_engine(
            "sqlite://",
            creator=lambda: sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True),
            poolclass=pool.NullPool,
        )
    try:
        return create_engine(url, poolclass=pool.NullPool)
    except exc.NoSuchModuleError as err:
        raise sql_reading.absent(f"of SQLAlchemy's dialect {url.drivername}", "") from err
    except ImportError as err:
        raise sql_reading.absent(str(err.name), "") from err


class _Plain:
    """An open connection."""

    def __init__(self, connection: "Connection") -> None:
        self._connection = connection

    def value(self, statement: str) -> object:
        """The one value that a statement gives."""
        with _errors():
            return self._connection.exec_driver_sql(statement).scalar()

    def rows(self, statement: str) -> "Generator[pa.RecordBatch]":
        """Its rows."""
        import pyarrow as pa

        with _errors():
            streamed = self._connection.execution_options(stream_results=True, max_row_buffer=_ROWS)
            result = streamed.exec_driver_sql(statement)
            names = list(result.keys())
            yield pa.RecordBatch.from_arrays([pa.nulls(0) for _ in names], names=names)
            for part in result.partitions(_ROWS):
                columns = zip(*part, strict=True)
                arrays = [_array(name, column) for name, column in zip(names, columns, strict=True)]
                yield pa.RecordBatch.from_arrays(arrays, names=names)


def _bracketed(name: str) -> str:
    return f"[{name}]"


def _array(name: str, column: Sequence[Any]) -> "pa.Array":
    import pyarrow as pa

    try:
        return pa.array(column)
    except (pa.ArrowException, OverflowError):
        kinds = list(dict.fromkeys(type(value) for value in column if value is not None))
    if {*kinds} == {int, float}:
        return pa.array([None if value is None else float(value) for value in column])
    if len(kinds) == 1:  # what Arrow does not know is kept as it is shown
        return pa.array([None if value is None else str(value) for value in column])
    shown = [next(value for value in column if type(value) is kind) for kind in kinds[:2]]
    raise UnreadableFile(
        f"Column {name!r} changes its type: it holds {shown[0]!r} ({kinds[0].__name__}) and {shown[1]!r} "
        f"({kinds[1].__name__})."
    )


@contextmanager
def _errors() -> Iterator[None]:
    """Say what an error of the driver means."""
    from sqlalchemy import exc

    try:
        yield
    except (exc.OperationalError, exc.InterfaceError) as err:
        is_sqlite = isinstance(err.orig, sqlite3.Error)
        if is_sqlite and not any(word in str(err.orig).lower() for word in _LOCKED):
            raise sql_reading.refused(_of_driver(err)) from err
        raise sql_reading.waits(_of_driver(err)) from err
    except exc.DataError as err:
        raise sql_reading.unreadable(_of_driver(err)) from err
    except exc.DBAPIError as err:
        raise (sql_reading.waits if err.connection_invalidated else sql_reading.refused)(_of_driver(err)) from err


def _of_driver(err: Any) -> Exception:
    """Without the statement, which SQLAlchemy repeats."""
    return err.orig if isinstance(err.orig, Exception) else err
