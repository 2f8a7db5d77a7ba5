"""PostgreSQL as a source: by ADBC where it is installed, else its own COPY into Arrow's reader; both are much quicker
than a cursor of Python.

Add a type of PostgreSQL here when Arrow can hold it; all others are text, as PostgreSQL writes them.
"""

import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from tasks.ingestion.sources import sql_adbc, sql_reading
from tasks.ingestion.sources.sql_reading import Database, Quoting

if TYPE_CHECKING:
    import psycopg
    import pyarrow as pa
    from sqlalchemy import URL

_CONNECT_SECONDS = 10
_ALIVE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
_AS_WRITTEN = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET extra_float_digits = 1; SET bytea_output = 'hex'"
_READ_ONLY = "-c default_transaction_read_only=on"
_BLOCK = 4 * 2**20
_WHOLE, _NUMBER, _TEXT, _TRUTH = "int64", "float64", "string", "bool"
_TYPES = {16: _TRUTH, 20: _WHOLE, 21: _WHOLE, 23: _WHOLE, 26: _WHOLE, 700: _NUMBER, 701: _NUMBER, 1700: _NUMBER}
_DATE, _TIMES, _MOMENTS, _NUMERIC = 1082, 1114, 1184, 1700
_LONGEST_WHOLE = 18


@contextmanager
def opened(url: "URL") -> Iterator[tuple[Database, Quoting]]:
    """Open it for reading; raises as `sql_reading.opened` does."""
    import psycopg
    from psycopg.conninfo import make_conninfo

    options = {name: value if isinstance(value, str) else value[-1] for name, value in url.query.items()}
    wanted: dict[str, Any] = {
        **_ALIVE,
        "connect_timeout": _CONNECT_SECONDS,
        "client_encoding": "utf-8",
        "application_name": "incumbent",
        **options,
        **{"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database},
    }
    wanted["options"] = f"{options.get('options', '')} {_READ_ONLY}".strip()
    with _errors():
        address = make_conninfo(**{name: value for name, value in wanted.items() if value is not None})
        with psycopg.connect(address) as connection:
            connection.read_only = True
            connection.execute(_AS_WRITTEN)
            yield _Postgres(connection, address), sql_reading.quoted


class _Postgres:
    """An open connection, in one transaction that sees one state of the rows."""

    def __init__(self, connection: "psycopg.Connection[Any]", address: str) -> None:
        self._connection, self._address = connection, address

    def value(self, statement: str) -> object:
        """The one value that a statement gives."""
        with _errors():
            found = self._connection.execute(statement.encode()).fetchone()
        return None if found is None else found[0]

    def rows(self, statement: str) -> "Generator[pa.RecordBatch]":
        """Its rows."""
        import pyarrow as pa

        with _errors(), self._connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM (\n{statement}\n) AS incumbent_columns LIMIT 0".encode())  # noqa: S608
            columns = [(one.name, _type(one)) for one in cursor.description or ()]
            schema = pa.schema(columns)
        yield pa.RecordBatch.from_pylist([], schema)
        if sql_adbc.is_there():
            with sql_adbc.streamed(self._address, statement, schema) as batches:
                yield from batches or ()
            if batches is not None:
                return
        with closing(self._copied(statement, schema)) as copied:
            yield from copied

    def _copied(self, statement: str, schema: "pa.Schema") -> "Generator[pa.RecordBatch]":
        """Rows as COPY writes them: what is missing has no quotes, a text of nothing has."""
        import pyarrow as pa

        with _errors(pa.ArrowInvalid), self._connection.cursor() as cursor:
            copying = f"COPY (\n{statement}\n) TO STDOUT (FORMAT csv)".encode()
            with cursor.copy(copying) as copy, _held(iter(copy)) as held:
                for batch in _batches(held, schema):
                    yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)


def _batches(held: "_Held", schema: "pa.Schema") -> "Iterable[pa.RecordBatch]":
    """What COPY writes, by columns that are called by their places."""
    import pyarrow as pa
    import pyarrow.csv as csv

    if held.is_empty:
        return ()
    types = {str(place): kind for place, kind in enumerate(schema.types)}
    reader: Iterable[pa.RecordBatch] = csv.open_csv(
        pa.PythonFile(held, mode="r"),
        read_options=csv.ReadOptions(column_names=list(types), block_size=_BLOCK),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return reader


@contextmanager
def _held(parts: "Iterator[Any]") -> "Iterator[_Held]":
    """A file that nobody reads any more when the block ends."""
    held = _Held(parts)
    try:
        yield held
    finally:
        held.stop()


class _Held:
    """What COPY sends, as a file; Arrow reads it in a thread of its own."""

    closed = False

    def __init__(self, parts: "Iterator[Any]") -> None:
        self._parts = parts
        self._first = next(parts, None)
        self.is_empty = self._first is None
        self._reading = threading.Lock()
        self._stopped = False

    def read(self, size: int = -1) -> bytes:
        """So many bytes or more, as long as there are some."""
        with self._reading:
            if self._stopped:
                return b""
            gathered, length = [self._first] if self._first is not None else [], len(self._first or b"")
            self._first = None
            for part in self._parts:
                gathered.append(part)
                length += len(part)
                if 0 <= size <= length:
                    break
            return b"".join(gathered)

    def stop(self) -> None:
        """Nothing more is read: the connection is asked by one thread at a time."""
        with self._reading:
            self._stopped = True

    def close(self) -> None:
        """Nothing: the cursor closes it."""


def _type(column: "psycopg.Column") -> "pa.DataType":
    import pyarrow as pa

    code = column.type_code
    if code in (_DATE, _TIMES, _MOMENTS):
        return pa.timestamp("us", tz="UTC" if code == _MOMENTS else None)
    if code == _NUMERIC and column.scale == 0 and column.precision is not None and column.precision <= _LONGEST_WHOLE:
        return pa.int64()
    return pa.type_for_alias(_TYPES.get(code, _TEXT))


@contextmanager
def _errors(*of_values: type[Exception]) -> Iterator[None]:
    """Say what an error of the driver means."""
    import psycopg

    try:
        yield
    except psycopg.errors.DataError as err:
        raise sql_reading.unreadable(err) from err
    except (psycopg.errors.ProgrammingError, psycopg.errors.NotSupportedError) as err:
        raise sql_reading.refused(err) from err
    except psycopg.Error as err:
        raise sql_reading.waits(err) from err
    except of_values as err:
        raise sql_reading.unreadable(err) from err
