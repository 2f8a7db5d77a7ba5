"""The prediction log as it can be read: what is sealed, and what is not yet, each row once.

Segments are opened before the ledger is asked which of them are sealed: what is sealed meanwhile is read from the
segment that is open, or from the store, never from both.
"""

import hashlib
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from configs.errors import BlobUnavailable, Damaged
from tasks.adapters import journal_segments
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain.sealed_answers import SealedRows
from tasks.scoring import log_lines

_AGAIN = 5


def table(home: Home, pipeline: str, since: datetime | None = None, until: datetime | None = None) -> pa.Table:
    """Answers of a pipeline in the columns of `log_lines.SCHEMA`.

    Args:
        home: Journals, store and ledger.
        pipeline: Whose.
        since: Answers that were given then or later; None: all.
        until: Answers that were given before.

    Raises:
        Damaged: A file or a line was changed, or is gone.
    """
    with journal_segments.Opened(home.predictions) as opened:
        known, tables = _sealed(home, pipeline, since, until)
        left = [one for one in opened.segments if (str(one.journal), one.first) not in known]
        records = ((one.journal, record) for one in left for record in opened.records(one))
        tables.append(pa.Table.from_batches([log_lines.batch(list(log_lines.rows(pipeline, records)))]))
    whole = pa.concat_tables(tables, promote_options="default")
    if since is not None:
        whole = whole.filter(pc.field("answered") >= since)
    return whole if until is None else whole.filter(pc.field("answered") < until)


def _sealed(
    home: Home, pipeline: str, since: datetime | None, until: datetime | None
) -> tuple[set[tuple[str, int]], list[pa.Table]]:
    """Names of the segments that are sealed, and the rows of those in question."""
    for attempt in range(_AGAIN):
        known = {one.name for one in home.ledger.predictions.segments()}
        parts = [one for one in home.ledger.predictions.sealed(pipeline) if (one.journal, one.segment) in known]
        try:
            return known, [rows(home, one) for one in parts if one.file and _overlaps(one, since, until)]
        except BlobUnavailable as problem:
            if not problem.is_gone or attempt == _AGAIN - 1:  # else rows of it were removed just now
                raise Damaged(f"Rows of the prediction log are gone: {problem.why}. Restore them.") from problem
    raise AssertionError("the last attempt returns or raises")


def _overlaps(one: SealedRows, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or one.last_at >= since) and (until is None or one.first_at < until)


def rows(home: Home, part: SealedRows) -> pa.Table:
    """The rows of a sealed segment, with every byte checked.

    Raises:
        BlobUnavailable: They are gone.
        Damaged: They were changed.
    """
    key = layout.predictions(part.file or "")
    content = home.blobs.get(key)
    if hashlib.sha256(content).hexdigest() != part.file:
        raise Damaged(f"{home.blobs.where(key)} was changed. Restore it from a backup.")
    return pq.read_table(pa.BufferReader(content))


def line(home: Home, pipeline: str, name: str) -> dict[str, Any] | None:
    """One answer by its id, in the columns of `log_lines.SCHEMA`; None if there is none. Raises as `table` does."""
    journal, _, number = name.rpartition("-")
    if not (number.isascii() and number.isdigit()):
        return None
    with journal_segments.Opened(home.predictions) as opened:
        parts = [one for one in home.ledger.predictions.sealed(pipeline) if one.journal == journal]
        before = [one for one in parts if one.segment <= int(number) and one.file is not None]
        last = max(before, key=lambda one: one.segment, default=None)
        found = rows(home, last).filter(pc.field("id") == name).to_pylist() if last is not None else []
        if found:
            return dict(found[0])
        own = (one for one in opened.segments if str(one.journal) == journal)
        records = ((one.journal, record) for one in own for record in opened.records(one))
        unsealed = next((one for one in log_lines.rows(pipeline, records) if one[0] == name), None)
    return None if unsealed is None else dict(zip(log_lines.SCHEMA.names, unsealed, strict=True))
