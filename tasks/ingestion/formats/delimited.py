"""CSV files: from bytes, plain or compressed, to cells of text, and back. What the cells mean is asked in `cells`.

Add here what CSV files of the world do to their cells. Whatever is not certain is refused in words: a line with a cell
too many, a file that was cut off, bytes that are no text.
"""

import csv
import gzip
import io
import lzma
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from configs.errors import BrokenContract, UnreadableFile
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.ingestion.formats import readers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tasks.ingestion.cells import Notation

MOST_BYTES = 2**31
"""Larger content is refused before it fills the memory."""
_GZIP, _ZIP, _ZIP_EMPTY = b"\x1f\x8b", b"PK\x03\x04", b"PK\x05\x06"
_MARKS = {"utf-8": b"\xef\xbb\xbf", "utf-16-le": b"\xff\xfe", "utf-16-be": b"\xfe\xff"}
_OF_ARCHIVES = (zipfile.BadZipFile, zipfile.LargeZipFile, lzma.LZMAError)
_DELIMITERS = (",", ";", "\t", "|")
_BLOCK = 50_000
_SHOWN = 80
_LONGEST_CELL = 1_000_000


def table(found: bytes, source: Source) -> "pa.Table":
    """The cells of a CSV file, all of them text and none missing, with the names of its first line.

    Args:
        found: The bytes of the file, as they came.
        source: How the file is written.

    Raises:
        UnreadableFile: It is not a whole CSV file of that form.
        BrokenContract: A name stands twice in the first line.
    """
    import pyarrow as pa

    if not found:
        raise UnreadableFile("The file is empty (0 bytes).")
    lines = _lines(_text(unpacked(found, source), source), source)
    with readers.refusing("The text of the file cannot be held", pa.ArrowException):
        return _tabled(lines)


def _tabled(lines: Iterator[list[str]]) -> "pa.Table":
    """Lines as columns; the first one has their names."""
    import pyarrow as pa

    names = next(lines, [])
    if not any(names):
        raise UnreadableFile("The file has no first line with the names of its columns.")
    twice = {name: count for name, count in Counter(names).items() if count > 1}
    if twice:
        told = " ".join(f"Column {name!r} is there {count} times." for name, count in list(twice.items())[:5])
        raise BrokenContract(told)
    blocks: list[pa.RecordBatch] = []
    while rows := list(islice(lines, _BLOCK)):
        cells = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)]
        blocks.append(pa.RecordBatch.from_arrays(cells, names=names))
    return pa.Table.from_batches(blocks, pa.schema([(name, pa.string()) for name in names]))


def values(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    """Cells as values of their types; those of columns without one stay text."""
    from tasks.ingestion import cells

    return cells.read(table.to_pandas(), types, notation(types, source))


def notation(types: Mapping[str, ColumnType], source: Source) -> "Notation":
    """How a source writes values of these types."""
    from tasks.ingestion import cells

    return cells.Notation(source.missing, source.decimal, source.zones(types), source.repeated_hour)


def count(file: BinaryIO, source: Source) -> int:
    """Rows of a CSV file, all of which is read."""
    return sum(1 for _ in _lines(_text(unpacked(file.read(), source), source), source)) - 1


def column(values: "pd.Series[Any]") -> "pa.Array":
    """Times as text to the second, in UTC; numbers as text."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa

    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return pa.array(values.to_numpy().astype(str).astype(object), pa.string())
    texts = np.datetime_as_string(values.dt.tz_localize(None).to_numpy(), unit="s", timezone="UTC")
    return pa.array(texts.astype(object), pa.string())


def write(table: "pa.Table", source: Source) -> bytes:
    """A table of text as a CSV file that `table` reads back the same."""
    text = io.StringIO(newline="")
    # With both characters at the end of a line the writer puts a cell that has either of them in quotes.
    writer = csv.writer(text, delimiter=source.delimiter, lineterminator="\r\n")
    writer.writerow(table.column_names)
    for block in table.to_batches(max_chunksize=_BLOCK):
        writer.writerows(zip(*(column.to_pylist() for column in block.columns), strict=True))
    return text.getvalue().encode(source.encoding)


def unpacked(found: bytes, source: Source) -> bytes:
    """The content of a file, whether it is compressed or not; that is told by its first bytes.

    Raises:
        UnreadableFile: The archive is damaged, holds several files or none, or unfolds to more than memory holds.
    """
    with readers.refusing("The compressed file is damaged, or cut off", *_OF_ARCHIVES):
        if found.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(found)) as file:
                return _bounded(file.read(MOST_BYTES + 1))
        if found.startswith((_ZIP, _ZIP_EMPTY)):
            with zipfile.ZipFile(io.BytesIO(found)) as archive, archive.open(_member(archive, source)) as inner:
                return _bounded(inner.read(MOST_BYTES + 1))
    if source.member is not None and source.file is None:
        raise UnreadableFile(f"The file is not a zip, but ingestion.source.member names {source.member!r} inside one.")
    return found


def _bounded(found: bytes) -> bytes:
    if len(found) > MOST_BYTES:
        raise UnreadableFile(f"The file unfolds to more than {MOST_BYTES / 2**30:.0f} GB. Deliver it in parts.")
    return found


def _member(archive: zipfile.ZipFile, source: Source) -> str:
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    if source.member in names:
        return source.member
    if source.member is None and len(names) == 1:
        return names[0]
    listed = ", ".join(map(repr, names[:5])) + (" and more" if len(names) > 5 else "")
    there = f"It has {listed}" if names else "It is empty"
    wanted = "name one as ingestion.source.member" if source.member is None else f"{source.member!r} is not among them"
    raise UnreadableFile(f"Which file of the zip is meant? {there}; {wanted}.")


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _text(found: bytes, source: Source) -> str:
    try:
        text = found.decode(source.encoding).removeprefix("\ufeff")
    except UnicodeError as err:
        place = f": byte {err.start:,} is 0x{found[err.start]:02x}" if isinstance(err, UnicodeDecodeError) else ""
        mark = next((name for name, mark in _MARKS.items() if found.startswith(mark)), None)
        hint = f" It begins like {mark.removesuffix('-le').removesuffix('-be')}." if mark else ""
        raise UnreadableFile(
            f"The file is not text in {source.encoding}{place}.{hint} Name its encoding as ingestion.source.encoding."
        ) from err
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise UnreadableFile(f"The file has a NUL character in line {line:,}: it is damaged, or of another encoding.")
    if not text.strip():
        raise UnreadableFile("The file has blanks only.")
    if not (source.open_end or text.endswith(("\n", "\r"))):
        raise UnreadableFile(
            "The last line has no line break at its end: the file may have been cut off. If its source always writes "
            "so, set ingestion.source.open_end: true."
        )
    return text


def _lines(text: str, source: Source) -> Iterator[list[str]]:
    """The cells of each line, as many in each as in the first; empty lines may stand at the end only.

    Raises:
        UnreadableFile: A line has another number of cells, or a quote that does not end.
    """
    _require_delimiter(text, source)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=source.delimiter, strict=True)
    before, width, empty = csv.field_size_limit(_LONGEST_CELL), 0, 0
    try:
        for cells in reader:
            if not cells:
                empty = empty or reader.line_num
                continue
            width = width or len(cells)
            if empty:
                raise UnreadableFile(f"Line {empty:,} is empty; empty lines may stand at the end of a file only.")
            if len(cells) != width:
                last = reader.line_num == text.count("\n") + (not text.endswith("\n"))
                raise UnreadableFile(_ragged(cells, width, reader.line_num, last=last, delimiter=source.delimiter))
            yield cells
    except csv.Error as err:
        raise UnreadableFile(f"The file is not CSV: {err}, in line {reader.line_num:,}.") from err
    finally:
        csv.field_size_limit(before)


def _require_delimiter(text: str, source: Source) -> None:
    """A first line in one piece that has another usual delimiter in it was written with that one."""
    first = next(iter(text.lstrip("\r\n").splitlines()), "")
    others = sorted((sign for sign in _DELIMITERS if sign in first), key=first.count)
    if source.delimiter not in first and others:
        shown = first if len(first) <= _SHOWN else f"{first[: _SHOWN - 1]}…"
        raise UnreadableFile(
            f"The header has one column; its text contains {others[-1]!r}: {shown!r}. If that stands between two "
            f"cells, set ingestion.source.delimiter: {others[-1]!r}."
        )


def _ragged(cells: list[str], width: int, line: int, *, last: bool, delimiter: str) -> str:
    if last and len(cells) < width:
        why = "it is the last one, so the file may have been cut off"
    elif len(cells) > width:
        why = f"a cell that has {delimiter!r} in it must stand in quotes"
    else:
        why = "cells are missing"
    return f"Line {line:,} has {len(cells):,} cells, the first line has {width:,}: {why}."
