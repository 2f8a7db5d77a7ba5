"""Files and streams of Arrow's IPC format: from bytes to a table, or a word about what is wrong with them; and back.

They have no checksums: a bit that flipped within the values is not seen. Add here what can go wrong with the bytes.
"""

import io
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

_FILE, _OLD = b"ARROW1", b"FEA1"
_MESSAGE = b"\xff\xff\xff\xff"
_END = _MESSAGE + bytes(4)
_MOST_SEAMS = 1000


def table(found: bytes, source: Source) -> "pa.Table":
    """The rows of a file or a stream.

    Args:
        found: The bytes of the file, as they came.
        source: Not asked: the file says itself how it is written.

    Raises:
        UnreadableFile: They are not those of one whole file or stream.
    """
    import pyarrow as pa

    _require_magic(found)
    with readers.refusing("The file is damaged", pa.ArrowException):
        rows = _of_file(found) if found.startswith(_FILE) else _of_stream(found)
        rows.validate(full=True)
        for field in rows.schema:
            arrow_values.spell(field)
    return rows


def values(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    """Columns as the file has them; times without a zone are those of the zone that the source names for them."""
    return arrow_values.placed(table, types, source)


def count(file: BinaryIO, source: Source) -> int:
    """Rows of a file, all of which is read."""
    return int(table(file.read(), source).num_rows)


def column(values: "pd.Series[Any]") -> "pa.Array":
    """Times and numbers as they are."""
    import pyarrow as pa

    return pa.array(values)


def write(table: "pa.Table", source: Source) -> bytes:
    """A table as a file."""
    import pyarrow as pa

    sink = io.BytesIO()
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    return sink.getvalue()


def _require_magic(found: bytes) -> None:
    if not found:
        raise UnreadableFile("The file is empty (0 bytes).")
    if found.startswith(_OLD):
        raise UnreadableFile("The file is of the first version of Feather. Write it as Arrow IPC.")
    if not found.startswith((_FILE, _MESSAGE)):
        raise UnreadableFile(f"The file is not Arrow IPC: it begins with {found[:12].decode('latin-1')!r}.")
    end = _FILE if found.startswith(_FILE) else _END
    if not found.endswith(end) or len(found) <= 2 * len(end):
        what = "file" if end == _FILE else "stream"
        raise UnreadableFile(f"The file is truncated: the end that every Arrow {what} has is missing.")


def _of_file(found: bytes) -> "pa.Table":
    import pyarrow as pa

    for seam in islice(re.finditer(_FILE + _FILE + b"\0\0", found), _MOST_SEAMS):
        if _is_whole(found[: seam.start() + len(_FILE)]):
            raise UnreadableFile("The file is several Arrow files glued together. Deliver each one by itself.")
    return pa.ipc.open_file(pa.BufferReader(found)).read_all()


def _is_whole(found: bytes) -> bool:
    import pyarrow as pa

    try:
        return bool(pa.ipc.open_file(pa.BufferReader(found)).schema)
    except (pa.ArrowException, *readers.ABOUT_BYTES):
        return False


def _of_stream(found: bytes) -> "pa.Table":
    import pyarrow as pa

    held = pa.BufferReader(found)
    rows = pa.ipc.open_stream(held).read_all()
    if held.tell() != len(found):
        raise UnreadableFile("The file is several Arrow streams glued together. Deliver each one by itself.")
    return rows
