"""Columns of databases as parquet has them, and the file of a window, which is written part by part.

Add here what a database holds that the contract asks for in another way. A column may be found to be wider than it
looked, never to be of another kind.
"""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.errors import BrokenContract, UnreadableFile
from configs.ingestion import Source
from configs.section import ColumnType

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

_ROWS = 100_000
"""Rows of a part of a file, at least."""
_LONGEST_WHOLE = 18


def plain(batch: "pa.RecordBatch", types: Mapping[str, ColumnType], source: Source) -> "pa.RecordBatch":
    """Columns in the one way in which they are held here: decimals are numbers, dates are times at midnight."""
    import pyarrow as pa

    columns = [_plain(column) for column in batch.columns]
    for place, name in enumerate(batch.schema.names):
        kind, wanted = columns[place].type, types.get(name)
        if wanted == "timestamp" and pa.types.is_string(kind):
            columns[place] = _moments(columns[place], name, source)
        elif wanted == "boolean" and pa.types.is_integer(kind):
            columns[place] = _truths(columns[place], name)
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def kind(field: "pa.DataType") -> str | None:
    """What a column holds, in words; None as long as nothing came."""
    import pyarrow as pa

    if pa.types.is_null(field):
        return None
    if pa.types.is_integer(field) or pa.types.is_floating(field):
        return "numbers"
    if pa.types.is_timestamp(field):
        return "times" if field.tz is None else "times with their zone"
    return {"string": "text", "large_string": "text", "bool": "true and false"}.get(
        str(field), f"values of type {field}"
    )


class Writer:
    """A parquet file of rows that come part by part; one part is written while the next one comes."""

    def __init__(self, path: Path, name: str) -> None:
        """Args:
        path: Where it is written.
        name: What the window is called.
        """
        self._path, self._name = path, name
        self._waiting: list[pa.Table] = []
        self._file: pq.ParquetWriter | None = None
        self._pool = ThreadPoolExecutor(1)
        self._written: Future[None] | None = None

    def write(self, part: "pa.Table") -> None:
        """Add rows.

        Raises:
            UnreadableFile: A column is of another kind than in the rows before.
        """
        self._waiting.append(part)
        if sum(table.num_rows for table in self._waiting) >= _ROWS:
            self._flush()

    def close(self) -> None:
        """Write what is left, and the end."""
        if self._waiting:
            self._flush()
        self._wait()
        if self._file is not None:
            self._file.close()

    def let_go(self) -> None:
        """Close the file as it is; nothing happens if it is whole."""
        self._pool.shutdown()
        if self._file is not None:
            self._file.close()

    def _flush(self) -> None:
        import pyarrow as pa

        parts, self._waiting = self._waiting, []
        before = [] if self._file is None else [self._file.schema]
        schema = self._together([*before, *(part.schema for part in parts)])
        self._wait()
        table = pa.concat_tables([part.cast(schema) for part in parts]).combine_chunks()
        if self._file is not None and self._file.schema != schema:
            self._widen(schema)
        self._file = self._file or _opened(self._path, schema)
        self._written = self._pool.submit(self._file.write_table, table)

    def _wait(self) -> None:
        """Raise what the part before could not be written for."""
        if self._written is not None:
            self._written.result()

    def _together(self, schemas: "list[pa.Schema]") -> "pa.Schema":
        import pyarrow as pa

        whole = schemas[0]
        for other in schemas[1:]:
            for name, old, new in zip(whole.names, whole.types, other.types, strict=True):
                kinds = kind(old), kind(new)
                if None not in kinds and kinds[0] != kinds[1]:
                    raise UnreadableFile(
                        f"Column {name!r} changes its type within {self._name}: it holds {kinds[0]}, then {kinds[1]}."
                    )
            whole = pa.unify_schemas([whole, other], promote_options="permissive")
        return whole

    def _widen(self, schema: "pa.Schema") -> None:
        """Write anew what is written, with columns that have become wider; what was there lives until it is read."""
        import pyarrow.parquet as pq

        assert self._file is not None
        self._file.close()
        with self._path.open("rb") as narrow:
            self._path.unlink()
            self._file = _opened(self._path, schema)
            for batch in pq.ParquetFile(narrow).iter_batches(batch_size=_ROWS):
                self._file.write_batch(batch.cast(schema))


@contextmanager
def writing(path: Path, name: str) -> Iterator[Writer]:
    """A file that is whole when the block ends well."""
    writer = Writer(path, name)
    try:
        yield writer
        writer.close()
    finally:
        writer.let_go()


def _opened(path: Path, schema: "pa.Schema") -> "pq.ParquetWriter":
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)]
    return pq.ParquetWriter(
        path, schema, compression="zstd", write_page_checksum=True, use_dictionary=[*dict.fromkeys(texts)] or False
    )


def _plain(column: "pa.Array") -> "pa.Array":
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        return _plain(column.dictionary_decode())
    if pa.types.is_decimal(kind):
        is_whole = kind.scale == 0 and kind.precision <= _LONGEST_WHOLE
        return column.cast(pa.int64() if is_whole else pa.float64())
    if pa.types.is_date(kind):
        return column.cast(pa.timestamp("us"))
    if pa.types.is_timestamp(kind) and kind.unit in ("s", "ms"):
        return column.cast(pa.timestamp("us", kind.tz))
    if pa.types.is_time(kind):
        return column.cast(pa.string())
    if pa.types.is_interval(kind):
        return pa.array([None if value is None else str(value) for value in column.to_pylist()], pa.string())
    return column


def _moments(column: "pa.Array", name: str, source: Source) -> "pa.Array":
    """Texts as times, as CSV has them."""
    import pandas as pd
    import pyarrow as pa

    from tasks.ingestion import cells

    frame = pd.DataFrame({name: column.to_pandas()}, dtype=object)
    notation = cells.Notation((), ".", source.zones([name]), source.repeated_hour)
    try:
        read: pd.Series[Any] = cells.read(frame, {name: "timestamp"}, notation)[name]
    except BrokenContract as broken:
        raise UnreadableFile(str(broken)) from broken
    return pa.array(read, pa.timestamp("us", tz="UTC"))


def _truths(column: "pa.Array", name: str) -> "pa.Array":
    """0 and 1 as false and true."""
    import pyarrow as pa
    import pyarrow.compute as pc

    other = column.filter(pc.invert(pc.is_in(column, pa.array([0, 1, None], column.type))))
    if len(other):
        raise UnreadableFile(f"Column {name!r} must be true or false, or 1 and 0, but it holds {other[0].as_py()}.")
    return column.cast(pa.bool_())
