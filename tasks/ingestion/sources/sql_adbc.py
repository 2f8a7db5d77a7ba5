"""PostgreSQL by ADBC where its driver is installed: half the time of COPY as text, and the same values.

It is asked only for columns that it gives as they are held here. It takes `infinity` for a time: times are looked at.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from configs.errors import UnreadableFile
from tasks.ingestion.sources import sql_reading

if TYPE_CHECKING:
    import pyarrow as pa

_YEARS = (-62_135_596_800_000_000, 253_402_300_799_999_999)
"""The years from 1 to 9999, in microseconds since 1970."""


def is_there() -> bool:
    """Whether the driver is installed."""
    return find_spec("adbc_driver_postgresql") is not None


@contextmanager
def streamed(address: str, statement: str, schema: "pa.Schema") -> "Iterator[Iterable[pa.RecordBatch] | None]":
    """The rows of a statement, part by part; None if a column is one that COPY has to write.

    Args:
        address: As libpq has it.
        statement: A SELECT.
        schema: The columns as they are to be.

    Raises:
        DeliveryWaits: The server cannot be reached, or went away.
        UnreadableFile: A value cannot be read.
        LandingFolderMissing: The server refuses the statement.
    """
    from adbc_driver_postgresql import dbapi

    with _errors(), dbapi.connect(address) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        reader = cursor.fetch_record_batch()
        fits = all(_fits(given, field.type) for given, field in zip(reader.schema.types, schema, strict=True))
        yield (_held(batch, schema) for batch in reader) if fits else None


def _fits(given: "pa.DataType", wanted: "pa.DataType") -> bool:
    import pyarrow as pa

    if isinstance(given, pa.OpaqueType):  # numeric, as text
        return bool(given.type_name == "numeric")
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_string)
    is_time = pa.types.is_timestamp(wanted) and (pa.types.is_timestamp(given) or pa.types.is_date(given))
    return is_time or any(is_kind(given) and is_kind(wanted) for is_kind in kinds)


def _held(batch: "pa.RecordBatch", schema: "pa.Schema") -> "pa.RecordBatch":
    import pyarrow as pa

    columns = []
    for column, field in zip(batch.columns, schema, strict=True):
        plain = column.storage if isinstance(column, pa.ExtensionArray) else column
        columns.append(plain.cast(field.type))
        if pa.types.is_timestamp(field.type):
            _require_year(columns[-1], field.name)
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _require_year(times: "pa.Array", name: str) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    span = pc.min_max(times.cast(pa.int64())).as_py()
    if span["min"] is not None and not (_YEARS[0] <= span["min"] <= span["max"] <= _YEARS[1]):
        raise UnreadableFile(
            f"A value cannot be read: column {name!r} has a time of no year from 1 to 9999, such as 'infinity'."
        )


@contextmanager
def _errors() -> Iterator[None]:
    """Say what an error of the driver means; one in the middle of rows is an OSError, whatever it is about."""
    import pyarrow as pa
    from adbc_driver_manager import dbapi

    try:
        yield
    except dbapi.OperationalError as err:
        raise sql_reading.waits(err) from err
    except dbapi.DataError as err:
        raise sql_reading.unreadable(err) from err
    except dbapi.Error as err:
        raise sql_reading.refused(err) from err
    except pa.ArrowInvalid as err:
        raise sql_reading.unreadable(err) from err
    except OSError as err:
        is_of_values = "ERROR:" in str(err) and "terminating" not in str(err)
        raise (sql_reading.unreadable if is_of_values else sql_reading.waits)(err) from err
