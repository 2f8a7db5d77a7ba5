"""Rows into a file of a usual format, batch after batch, whole or not at all.

Add a format here: a writer of Arrow batches, and its line in `FORMATS`. What the rows are is decided by who asks.
"""

import base64
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from configs.errors import MistakeOfUser, UnusableHome
from tasks.adapters import files

if TYPE_CHECKING:
    import pyarrow as pa

    Batches = Iterable[pa.RecordBatch]


def require(path: Path, ours: Path, endings: Iterable[str] | None = None) -> None:
    """Make sure that rows may go there, before anybody waits for them.

    Args:
        path: The file, which may be there already: it is replaced.
        ours: The home, into which nobody else writes.
        endings: How it may end; by default as one of the formats.

    Raises:
        MistakeOfUser: Its ending is of no format, its folder is not there, or it is where we keep files of our own.
    """
    allowed = tuple(endings or FORMATS)
    if path.suffix.lower() not in allowed:
        raise MistakeOfUser(f"--out {path}: name a file that ends with {', '.join(allowed)}.")
    folder = Path(os.path.realpath(path.parent))
    try:
        is_there, is_folder = folder.is_dir(), path.is_dir()
    except OSError as err:
        raise MistakeOfUser(f"--out {path}: {err.strerror}.") from err
    if not is_there:
        raise MistakeOfUser(f"--out {path}: there is no folder {path.parent}.")
    if is_folder:
        raise MistakeOfUser(f"--out {path}: that is a folder.")
    if folder.is_relative_to(os.path.realpath(ours)):
        raise MistakeOfUser(f"--out {path}: Incumbent keeps files of its own in {ours}. Name another folder.")


def write(path: Path, schema: "pa.Schema", batches: "Batches") -> int:
    """Write rows as they come; gives how many there were.

    Raises:
        MistakeOfUser: The file cannot be written, or its format does not hold such values.
    """
    import pyarrow as pa

    try:
        with files.staged(path) as temporary:
            temporary.touch(mode=0o600)
            return FORMATS[path.suffix.lower()](temporary, schema, batches)
    except UnusableHome as err:
        raise MistakeOfUser(f"--out {err}") from err
    except pa.ArrowException as err:
        text = " ".join(str(err).split()).rstrip(".")
        raise MistakeOfUser(f"--out {path}: this format does not hold the answer: {text}.") from err


def write_text(path: Path, text: str) -> None:
    """Write text as it is, whole or not at all.

    Raises:
        MistakeOfUser: The file cannot be written.
    """
    try:
        files.publish(path, text.encode())
    except UnusableHome as err:
        raise MistakeOfUser(f"--out {err}") from err


def objects(batches: "Batches") -> Iterator[dict[str, Any]]:
    """Rows as objects that JSON can hold; of several columns of one name the last one counts."""
    for batch in batches:
        names = batch.schema.names
        columns = [column.to_pylist() for column in batch.columns]
        for cells in zip(*columns, strict=True):
            yield dict(zip(names, map(plain, cells), strict=True))


def plain(value: Any) -> Any:
    """A value as JSON holds it: times as ISO 8601, decimals as text, bytes in base 64; no number is none."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value) if isinstance(value, Decimal | UUID | timedelta) else value


def _as_csv(path: Path, schema: "pa.Schema", batches: "Batches") -> int:
    from pyarrow import csv

    rows = 0
    with csv.CSVWriter(path, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += len(batch)
    return rows


def _as_parquet(path: Path, schema: "pa.Schema", batches: "Batches") -> int:
    import pyarrow.parquet as pq

    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_checksum=True) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += len(batch)
    return rows


def _as_lines(path: Path, schema: "pa.Schema", batches: "Batches") -> int:
    rows = 0
    with path.open("w", encoding="utf-8") as file:
        for rows, one in enumerate(objects(batches), start=1):  # noqa: B007 - counted
            file.write(f"{json.dumps(one)}\n")
    return rows


def _as_list(path: Path, schema: "pa.Schema", batches: "Batches") -> int:
    rows = 0
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        for rows, one in enumerate(objects(batches), start=1):
            file.write(f"{',' if rows > 1 else ''}\n{json.dumps(one)}")
        file.write("\n]\n")
    return rows


FORMATS: Mapping[str, Callable[[Path, "pa.Schema", "Batches"], int]] = {
    ".csv": _as_csv,
    ".parquet": _as_parquet,
    ".json": _as_list,
    ".jsonl": _as_lines,
}
"""By the ending of a file."""
