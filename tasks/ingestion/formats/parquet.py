"""Parquet files of others: from bytes to a table, or a word about what is wrong with them; and back.

Add here what can go wrong with the bytes; which columns there must be, and of which types, is not asked here. Foreign
files seldom have checksums, so what their parts say about each other is compared.
"""

import io
import os
import re
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from configs.errors import UnreadableFile
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.ingestion.formats import arrow_values, readers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

MAGIC = b"PAR1"
"""How every parquet file begins and ends."""
_SHORTEST = 12
_MOST_SEAMS = 1000
_CELL = 8
"""Bytes of one value in memory, about."""


def table(found: bytes, source: Source) -> "pa.Table":
    """The rows of a parquet file, all of its pages checked as far as they can be.

    Args:
        found: The bytes of the file, as they came.
        source: Not asked: a parquet file says itself how it is written.

    Raises:
        UnreadableFile: They are not those of one whole parquet file, or it is larger than this machine's memory.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _require_magic(found)
    with readers.refusing("The file is damaged", pa.ArrowException):
        file = pq.ParquetFile(pa.BufferReader(found), page_checksum_verification=True)
        _require_one(found)
        _require_room(file.metadata)
        rows = file.read()
        rows.validate(full=True)
        for field in rows.schema:
            arrow_values.spell(field)
    if rows.num_rows != file.metadata.num_rows:
        raise UnreadableFile(
            f"The file is damaged: it says that it has {file.metadata.num_rows:,} rows, but holds {rows.num_rows:,}."
        )
    return rows


def values(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    """Columns as the file has them; times without a zone are those of the zone that the source names for them."""
    return arrow_values.placed(table, types, source)


def count(file: BinaryIO, source: Source) -> int:
    """Rows by the footer of a file; the rest is not read."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with readers.refusing("The file is damaged", pa.ArrowException):
        return int(pq.ParquetFile(file).metadata.num_rows)


def column(values: "pd.Series[Any]") -> "pa.Array":
    """Times and numbers as they are."""
    import pyarrow as pa

    return pa.array(values)


def write(table: "pa.Table", source: Source) -> bytes:
    """A table as a file with checksums."""
    import pyarrow.parquet as pq

    sink = io.BytesIO()
    pq.write_table(table.combine_chunks(), sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def _require_magic(found: bytes) -> None:
    if not found:
        raise UnreadableFile("The file is empty (0 bytes).")
    if not found.startswith(MAGIC):
        begins = f"The file is not parquet: it begins with {found[:12].decode('latin-1')!r}."
        raise UnreadableFile(f"{begins} CSV needs ingestion.source: {{kind: csv}}." if _may_be_csv(found) else begins)
    if not found.endswith(MAGIC) or len(found) < _SHORTEST:
        raise UnreadableFile("The file is truncated: the end that every parquet file has is missing.")


def _may_be_csv(found: bytes) -> bool:
    first, *_ = found[:4096].splitlines()
    return first.isascii() and first.decode().isprintable() and any(sign in first for sign in (b",", b";"))


def _require_one(found: bytes) -> None:
    """Files glued together end with the footer of the last one: without a word, the rows of the others are lost.

    The places of the columns would tell as well, but asking for them in a damaged footer can end the whole process.
    """
    seams = islice(re.finditer(MAGIC + MAGIC, found), _MOST_SEAMS)
    if any(_is_whole(found, seam.start() + len(MAGIC)) for seam in seams):
        raise UnreadableFile("The file is several parquet files glued together. Deliver each one by itself.")


def _is_whole(found: bytes, end: int) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return bool(pq.read_metadata(pa.BufferReader(pa.py_buffer(found).slice(0, end))).num_columns)
    except (pa.ArrowException, *readers.ABOUT_BYTES):
        return False


def _require_room(metadata: "pq.FileMetaData") -> None:
    """A few kilobytes can unfold to more than there is memory; a process that is killed for it says nothing."""
    needed = metadata.num_rows * metadata.num_columns * _CELL
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise UnreadableFile(
            f"The file says that it has {metadata.num_rows:,} rows of {metadata.num_columns:,} columns: about "
            f"{needed / 2**30:,.0f} GB, more than the memory of this machine. Deliver it in parts."
        )
