"""The prediction log as a table: a line for each row that was answered, made of the records that were kept.

What is in a record is decided in `log_records`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa

from tasks.scoring.log_records import COLUMNS, SENT

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("answered", pa.timestamp("us", tz="UTC")),
        ("version", pa.int64()),
        ("model", pa.string()),
        ("answer", pa.float64()),
        ("inputs", pa.string()),
        ("key", pa.string()),
        ("microseconds", pa.int64()),
    ]
)
"""Answers as rows, one by one; inputs and key as JSON."""
Line = tuple[Any, ...]
"""A row of `SCHEMA`."""


def lines(journal: int | str, record: Mapping[str, Any]) -> Iterator[Line]:
    """The answers in a record, one by one; none in one of the journal's own."""
    if "rows" not in record:
        return
    at = datetime.fromtimestamp(record["at"] / 1e6, UTC)
    for place, (value, inputs, key) in enumerate(_spread(record)):
        name = f"{journal}-{record['first'] + place}"
        yield name, at, record["version"], record["model"], value, text(inputs), text(key), record["us"]


def _spread(record: Mapping[str, Any]) -> Iterator[tuple[float | None, Any, Any]]:
    """Answer, inputs and key of each row; where the body was kept, they are read from it."""
    if SENT not in record:
        yield from record["rows"]
        return
    (sent,), (inputs, key) = record[SENT].values(), record[COLUMNS]
    for value, row in zip(record["rows"], sent, strict=True):
        yield value, {name: row[name] for name in inputs}, [row.get(name) for name in key]


def text(value: Any) -> str | None:
    """Inputs or a key as JSON; None if there are none."""
    return msgspec.json.encode(value).decode() if value else None


def batch(rows: Sequence[Line]) -> pa.RecordBatch:
    """Lines as Arrow has them."""
    columns = zip(*rows, strict=True) if rows else ([] for _ in SCHEMA)
    return pa.record_batch([pa.array(cells, one.type) for cells, one in zip(columns, SCHEMA, strict=True)], SCHEMA)


def rows(pipeline: str, records: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterator[Line]:
    """Answers of a pipeline in records of journals, one by one."""
    for journal, record in records:
        if record.get("pipeline") == pipeline:
            yield from lines(journal, record)
