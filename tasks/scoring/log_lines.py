"""The prediction log as a table: a line for each row that was answered, made of the records that were kept.

What is in a record is decided in `log_records`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
import pyarrow as pa

from tasks.scoring.compiled.base import Answered
from tasks.scoring.log_records import CLASSES, COLUMNS, SENT

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
        ("class", pa.string()),
        ("probabilities", pa.string()),
    ]
)
"""Answers as rows, one by one; inputs and key as JSON. Of several classes the answer is the probability of the one that
is named; `probabilities` is a JSON object of all."""
Line = tuple[Any, ...]
"""A row of `SCHEMA`."""


def lines(journal: int | str, record: Mapping[str, Any]) -> Iterator[Line]:
    """The answers in a record, one by one; none in one of the journal's own."""
    if "rows" not in record:
        return
    at, classes = datetime.fromtimestamp(record["at"] / 1e6, UTC), record.get(CLASSES)
    for place, (value, inputs, key) in enumerate(_spread(record)):
        name = f"{journal}-{record['first'] + place}"
        answer, *of_classes = of_class(value, classes) if classes else (value, None, None)
        yield name, at, record["version"], record["model"], answer, text(inputs), text(key), record["us"], *of_classes


def of_class(value: Sequence[float] | None, classes: Sequence[str]) -> tuple[float | None, str | None, str | None]:
    """Of probabilities the largest, the class that has it, and all of them as JSON; nothing of a row without any."""
    if value is None:
        return None, None, None
    largest = max(value)
    return largest, classes[value.index(largest)], text(dict(zip(classes, value, strict=True)))


def largest(answer: Answered) -> float:
    """What stands in the column `answer`: of several classes the largest probability."""
    return max(answer) if isinstance(answer, list) else answer


def _spread(record: Mapping[str, Any]) -> Iterator[tuple[Any, Any, Any]]:
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
