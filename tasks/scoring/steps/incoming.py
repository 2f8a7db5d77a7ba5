"""Rows that are to be scored, part by part: a file of any size is never in memory as a whole.

Parquet, CSV and JSON lines. A file is read as the source of its pipeline writes its deliveries. A column of another
type is the fault of the file; a cell that cannot be read is that of its row.
"""

import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from configs.errors import MistakeOfUser, UnreadableFile
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.adapters import files
from tasks.ingestion import cells, columns
from tasks.ingestion.formats import arrow_values, delimited, parquet, readers
from tasks.scoring import json_bodies
from tasks.scoring.refusals import Refused

ROWS = 50_000
"""Rows of a part, at most."""
_WAIT_SECONDS = 30.0
_LINES = (".jsonl", ".ndjson")
Faults = dict[int, list[str]]
"""What the cells of a row must be that could not be read, by its place in the part."""


@dataclass(frozen=True)
class Part:
    """Rows as values of their types."""

    rows: pd.DataFrame
    """Only the columns that were asked for, of those that the file has."""
    faults: Faults


@contextmanager
def at_hand(where: str, folder: Path) -> Iterator[Path]:
    """The file at a path or an address, for as long as the block runs.

    Args:
        where: A path, or an address that begins with http:// or https://.
        folder: Where what is fetched is kept meanwhile.

    Raises:
        MistakeOfUser: There is no such file, or it cannot be fetched.
    """
    address = urllib.parse.urlsplit(where)
    if address.scheme in ("http", "https"):
        with _fetched(where, folder / f"fetched{Path(address.path).suffix}") as path:
            yield path
        return
    path = Path(where).expanduser()
    try:
        is_file = path.is_file()
    except OSError as err:
        raise MistakeOfUser(f"The file {where!r} cannot be read: {err.strerror}.") from err
    if not is_file:
        raise MistakeOfUser(f"There is no file {where!r}. Name one that is to be scored.")
    yield path


@contextmanager
def _fetched(where: str, path: Path) -> Iterator[Path]:
    try:
        with ExitStack() as opened:
            answer = opened.enter_context(urllib.request.urlopen(where, timeout=_WAIT_SECONDS))  # noqa: S310 - http only
            file = opened.enter_context(opened.enter_context(files.staged(path)).open("wb"))
            shutil.copyfileobj(answer, file, 1 << 20)
        yield path
    except (urllib.error.URLError, TimeoutError, ValueError) as err:
        why = getattr(err, "reason", err)
        raise MistakeOfUser(f"{where} cannot be fetched: {why}.") from err
    finally:
        path.unlink(missing_ok=True)


def parts(path: Path, wanted: Mapping[str, ColumnType], source: Source) -> Iterator[Part]:
    """The rows of a file, some thousands at a time, in order.

    Args:
        path: The file.
        wanted: Types of the columns that are asked for.
        source: How the source of the pipeline writes its files.

    Raises:
        UnreadableFile: It is none of the formats, or damaged.
    """
    with path.open("rb") as file:
        is_parquet = file.read(len(parquet.MAGIC)) == parquet.MAGIC
    if is_parquet:
        return _of_parquet(path, wanted, source)
    return _of_lines(path, wanted) if path.suffix.lower() in _LINES else _of_csv(path, wanted, source)


def _of_parquet(path: Path, wanted: Mapping[str, ColumnType], source: Source) -> Iterator[Part]:
    with readers.refusing("The file is damaged", pa.ArrowException), pq.ParquetFile(path) as file:
        names = [name for name in file.schema_arrow.names if name in wanted]
        for batch in file.iter_batches(batch_size=ROWS, columns=names):
            table = pa.Table.from_batches([batch])
            yield Part(arrow_values.values(table, wanted), {})


def _of_csv(path: Path, wanted: Mapping[str, ColumnType], source: Source) -> Iterator[Part]:
    notation = delimited.notation(wanted, source)
    with readers.refusing("The file is not CSV", pd.errors.ParserError, pd.errors.EmptyDataError):
        read = pd.read_csv(
            path,
            dtype=str,
            keep_default_na=False,
            na_filter=False,
            chunksize=ROWS,
            sep=source.delimiter,
            encoding=source.encoding,
        )
        with read:
            for chunk in read:
                names = [name for name in chunk.columns if name in wanted]
                yield Part(*cells.read_each(chunk[names].reset_index(drop=True), wanted, notation))


def _of_lines(path: Path, wanted: Mapping[str, ColumnType]) -> Iterator[Part]:
    """An object per line; its values are judged one by one, as those of a request are."""
    with path.open("rb") as file:
        objects: list[dict[str, Any]] = []
        for number, line in enumerate(file, start=1):
            if line.strip():
                objects.append(_object(line, number))
            if len(objects) == ROWS:
                yield _typed(objects, wanted)
                objects = []
        if objects:
            yield _typed(objects, wanted)


def _object(line: bytes, number: int) -> dict[str, Any]:
    try:
        row = json_bodies.parse(line)
    except Refused as refused:
        raise UnreadableFile(f"Line {number:,} of the file: {refused.text}") from refused
    if not isinstance(row, dict):
        raise UnreadableFile(f"Line {number:,} of the file holds no object.")
    return row


_HELD: dict[ColumnType, tuple[tuple[type, ...], str]] = {
    "integer": ((int, float), "Float64"),
    "number": ((int, float), "Float64"),
    "category": ((str,), "str"),
    "boolean": ((bool,), "boolean"),
    "timestamp": ((str,), "str"),
}


def _typed(objects: list[dict[str, Any]], wanted: Mapping[str, ColumnType]) -> Part:
    held: dict[str, pd.Series[Any]] = {}
    faults: Faults = {}
    for name in [name for name in wanted if any(name in row for row in objects)]:
        types, kind = _HELD[wanted[name]]
        values = [row.get(name) for row in objects]
        for place, value in enumerate(values):
            if value is not None and type(value) not in types:
                values[place] = None
                faults.setdefault(place, []).append(f"{name}: {columns.WANTED[wanted[name]]}")
        held[name] = pd.Series(pd.array(values, dtype=kind))
    return Part(pd.DataFrame(held), faults)
