"""DuckDB as a source: it gives Arrow by itself. A file that another process has open for writing waits."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tasks.ingestion.sources import sql_reading
from tasks.ingestion.sources.sql_reading import Database, Quoting

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa
    from sqlalchemy import URL

_ROWS = 100_000


@contextmanager
def opened(url: "URL") -> Iterator[tuple[Database, Quoting]]:
    """Open it for reading; raises as `sql_reading.opened` does."""
    try:
        import duckdb
    except ImportError as err:
        raise sql_reading.absent("duckdb", " (extra `sql` in pyproject.toml)") from err
    path = sql_reading.file_of(url)
    with _errors(), duckdb.connect(path, read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        yield _DuckDB(connection), sql_reading.quoted


class _DuckDB:
    """An open file."""

    def __init__(self, connection: "duckdb.DuckDBPyConnection") -> None:
        self._connection = connection

    def value(self, statement: str) -> object:
        """The one value that a statement gives."""
        with _errors():
            found = self._connection.sql(statement).fetchall()
        return found[0][0] if found else None

    def rows(self, statement: str) -> "Generator[pa.RecordBatch]":
        """Its rows."""
        import pyarrow as pa

        with _errors():
            reader = self._connection.sql(statement).to_arrow_reader(_ROWS)
            yield pa.RecordBatch.from_pylist([], reader.schema)
            yield from reader


@contextmanager
def _errors() -> Iterator[None]:
    """Say what an error of the driver means."""
    import duckdb

    try:
        yield
    except (duckdb.IOException, duckdb.ConnectionException) as err:
        raise sql_reading.waits(err) from err
    except (duckdb.DataError, duckdb.ConversionException) as err:
        raise sql_reading.unreadable(err) from err
    except duckdb.Error as err:
        raise sql_reading.refused(err) from err
