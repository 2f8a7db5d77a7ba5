"""The rows of one window of a database: those that are new go into one file, part by part; those known are left out.

A row is known by its content, over all columns that both sides have; of equal rows as many as were delivered.
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from configs.errors import UnreadableFile
from configs.ingestion import Cut
from tasks.adapters import files
from tasks.ingestion import cuts, intake
from tasks.ingestion.formats import arrow_values, readers
from tasks.ingestion.sources import sql_columns, windows_there

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROWS = 100_000


class Window:
    """A window whose rows come part by part."""

    def __init__(self, folder: Path, name: str, earlier: dict[int, Path]) -> None:
        """Args:
        folder: Where it is delivered.
        name: What it is called.
        earlier: What was delivered of it before, by number.
        """
        self._folder, self._name, self._earlier = folder, name, earlier
        self._shared: list[str] | None = None
        self._left = pd.Series(dtype=np.int64)
        """How many rows of each hash were delivered and have not come again."""
        self.rows = 0
        """How many rows it has in the database."""
        self.kinds: dict[str, str] = {}
        """What its columns hold."""

    @property
    def gone(self) -> int:
        """How many rows were delivered that the database does not have any more."""
        if not self.rows:
            return sum(self._read(path).metadata.num_rows for path in self._earlier.values())
        return int(self._left.sum())

    def deliver(self, parts: Iterator[pa.RecordBatch]) -> list[str]:
        """Publish what is new in one file, whole or not at all; gives the name of the delivery, if there is one."""
        fresh = (part for part in map(self._fresh, parts) if part.num_rows)
        first = next(fresh, None)
        if first is None:
            return []
        name = windows_there.named(self._name, max(self._earlier, default=0) + 1)
        with files.staged(self._folder / f"{name}.parquet") as path, sql_columns.writing(path, name) as file:
            file.write(first)
            for part in fresh:
                file.write(part)
        return [name]

    def _fresh(self, part: pa.RecordBatch) -> pa.Table:
        """The rows of a part that were not delivered before."""
        table = pa.Table.from_batches([part])
        self.rows += len(part)
        self.kinds |= {one.name: held for one in part.schema if (held := sql_columns.kind(one.type)) is not None}
        if not self._earlier:
            return table
        if self._shared is None:
            self._shared = self._common(part.schema)
            counts = [self._counted(path) for path in self._earlier.values()]
            self._left = pd.concat(counts).groupby(level=0).sum()
        hashes = pd.Series(_hashes(table, self._shared))
        again = hashes.groupby(hashes).cumcount() < hashes.map(self._left).fillna(0)
        self._left = self._left.sub(hashes.value_counts(), fill_value=0).clip(lower=0)
        return table.take(np.flatnonzero(~again.to_numpy()))

    def _common(self, schema: pa.Schema) -> list[str]:
        """Columns that all deliveries and the database have, and of the same kind: no other makes a row another one."""
        others = [self._read(path).schema_arrow for path in self._earlier.values()]
        return [field.name for field in schema if all(_is_alike(field, other) for other in others)]

    def _counted(self, path: Path) -> "pd.Series[int]":
        """How many rows of each hash a delivery has."""
        with readers.refusing(f"{path} was delivered before, and cannot be read any more", pa.ArrowException):
            batches = self._read(path).iter_batches(batch_size=_ROWS)
            hashes = [_hashes(pa.Table.from_batches([batch]), self._shared or []) for batch in batches]
        return pd.Series(np.concatenate([np.array([], dtype=np.uint64), *hashes])).value_counts()

    def _read(self, path: Path) -> pq.ParquetFile:
        wrong = f"{path} was delivered before. Remove it; it is made anew. It cannot be read any more"
        with readers.refusing(wrong, pa.ArrowException):
            return pq.ParquetFile(path, page_checksum_verification=True)


def runs(batch: pa.RecordBatch, watermark: str, cut: Cut) -> Iterator[tuple[int, int, int]]:
    """The windows of rows in order: number, place of its first row, place after its last one.

    Raises:
        UnreadableFile: The watermark is not a time or a date.
    """
    if watermark not in batch.schema.names:
        raise UnreadableFile(f"It has no column {watermark!r}, which ingestion.source.watermark names.")
    numbers = cuts.numbers(_days(batch.column(batch.schema.names.index(watermark)), watermark), cut)
    borders = [0, *(np.flatnonzero(np.diff(numbers)) + 1).tolist(), len(numbers)]
    for begin, end in pairwise(borders):
        if begin < end:
            yield int(numbers[begin]), begin, end


def _days(column: pa.Array, watermark: str) -> "NDArray[np.datetime64]":
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        column = pc.utf8_slice_codeunits(column, 0, 10)
    elif not (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_null(kind)):
        raise UnreadableFile(
            f"Its watermark {watermark!r} must be a time or a date, but it holds {sql_columns.kind(kind)}. Name a "
            "column with one, or make one in the query."
        )
    with readers.refusing(f"Its watermark {watermark!r} must be a time or a date", pa.ArrowException):
        days: NDArray[np.datetime64] = column.cast(pa.date32()).to_numpy(zero_copy_only=False)
    return days.astype("datetime64[us]")


def _is_alike(field: pa.Field, other: pa.Schema) -> bool:
    if field.name not in other.names:
        return False
    kinds = {sql_columns.kind(field.type), sql_columns.kind(other.field(field.name).type)} - {None}
    return len(kinds) < 2


def _hashes(table: pa.Table, names: list[str]) -> "NDArray[np.uint64]":
    return intake.hash_rows(arrow_values.values(table.select(names), {}))
