"""What is known of a pipeline as tables: the rows behind a name, what the ledger knows, and the prediction log.

Add a table here with its line in `_LEDGER`: columns with types, and rows from the ledger. It is made when asked for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from configs.errors import MistakeOfUser
from tasks.adapters import lookup
from tasks.adapters.blobs import frames
from tasks.adapters.home import Home
from tasks.domain.records import BatchStatus
from tasks.lineage.steps import named_rows
from tasks.scoring.steps import answers_at_rest

Rows = Iterator[tuple[Any, ...]]
_TEXT, _WHOLE, _NUMBER, _TIME = pa.string(), pa.int64(), pa.float64(), pa.timestamp("us", tz="UTC")


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def data(home: Home, pipeline: str, name: str) -> pa.Table:
    """The rows that a version or snapshot learned from, or the accepted rows of a batch.

    Raises:
        MistakeOfUser: The name stands for nothing, or for a batch without accepted rows.
        Damaged: Rows are gone, or are not as they were written.
    """
    return _table(home, pipeline, name, delivered=False)


def delivered(home: Home, pipeline: str, name: str) -> pa.Table:
    """All rows of a batch as they came, also of one that is held or was refused; raises as `data` does."""
    lookup.batch(home, pipeline, name.strip())
    return _table(home, pipeline, name, delivered=True)


def quarantine(home: Home, pipeline: str, name: str) -> pa.Table:
    """The rows of a batch that were set aside, with the columns `_aside` and `_reasons`; raises as `data` does."""
    batch = lookup.batch(home, pipeline, name.strip())
    if batch.status is not BatchStatus.ACCEPTED:
        raise MistakeOfUser(f"Batch {batch.name} is not in, so none of its rows are set aside: delivered() has them.")
    if batch.aside_file is None:
        kept = batch.labels.file if batch.labels else batch.accepted_file
        accepted = _bare(frames.as_table(home.store.read(kept or "")))
        marks = [pa.field("_aside", pa.string()), pa.field("_reasons", pa.string())]
        return pa.schema([*accepted.schema, *marks]).empty_table()
    return _bare(frames.as_table(home.store.read(batch.aside_file)))


def _table(home: Home, pipeline: str, name: str, *, delivered: bool) -> pa.Table:
    named = named_rows.find(home, pipeline, name)
    parts = named_rows.parts(home, pipeline, named, delivered=delivered)
    return _together([_bare(frames.as_table(part)) for part in parts], named.title)


def _together(tables: Sequence[pa.Table], title: str) -> pa.Table:
    """One table of those of several batches; a column that one of them does not have is missing there."""
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except pa.ArrowException as err:
        raise MistakeOfUser(
            f"A column beyond the contract has another type in each batch of {title}, so that they make no one "
            f"table ({err}). Ask for one batch after the other."
        ) from err


def _bare(table: pa.Table) -> pa.Table:
    """Without what pandas notes for itself."""
    return table.replace_schema_metadata(None)


FUNCTIONS: Mapping[str, Callable[[Home, str, str], pa.Table]] = {
    "data": data,
    "quarantine": quarantine,
    "delivered": delivered,
}
"""What takes a name, and gives rows."""


# ── the ledger ────────────────────────────────────────────────────────────────────────────────────────────────────
def _batches(home: Home, pipeline: str) -> Rows:
    for one in home.ledger.batches.all(pipeline):
        counts = one.landed, one.accepted, one.held, one.quarantined, one.duplicates, one.unlabelled, one.positives
        suspects = "; ".join(suspect.text for suspect in one.suspects) or None
        about = one.label_mean, one.first_event, one.last_event, one.reason, suspects
        yield one.name, one.id, str(one.status), *counts, *about


def _turns(home: Home, pipeline: str) -> Rows:
    for row in home.ledger.turns.all(pipeline):
        health = (row["health"] or {}).get("state")
        moments = _moment(row["started"]), _moment(row["finished"])
        about = row["number"], row["batch_name"], row["batch"], row["state"], row["outcome"]
        yield *about, row["champion_version"], health, *moments, "; ".join(row["reasons"])


def _versions(home: Home, pipeline: str) -> Rows:
    live = {one.version: one.at for one in reversed(home.ledger.promotions.all(pipeline))}
    for version, model in home.ledger.models.versions(pipeline).items():
        selected, about = model.snapshot, (model.seed, model.settings_hash, model.code_version, model.lock_hash)
        span = selected.first_event, selected.last_event, selected.cutoff
        yield version, model.id, model.family, selected.id, selected.rows, *span, *about, live.get(version)


def _snapshots(home: Home, pipeline: str) -> Rows:
    for one in home.ledger.models.snapshots(pipeline):
        excluded = one.excluded_unlabelled, one.excluded_unknown
        yield one.id, one.rows, one.positives, one.label_mean, *excluded, one.first_event, one.last_event, one.cutoff


def _scores(home: Home, pipeline: str) -> Rows:
    numbers = {model.id: (version, model.family) for version, model in home.ledger.models.beside(pipeline)}
    names = {batch.id: batch.name for batch in home.ledger.batches.all(pipeline)}
    for (model, batch), score in home.ledger.models.scores(pipeline).items():
        version, family = numbers.get(model, (None, None))
        for metric in score.metrics:
            measured = metric.name, metric.value, metric.low, metric.high, metric.greater_is_better
            yield version, model, family, names.get(batch), batch, score.rows, *measured


def _promotions(home: Home, pipeline: str) -> Rows:
    for one in home.ledger.promotions.all(pipeline):
        yield one.sequence, one.version, one.previous, one.turn, one.at, one.by, one.reason


def _tables(home: Home, pipeline: str) -> Rows:
    for one in home.ledger.tables.all(pipeline):
        counts = (one.landed, one.taken, one.repeated, one.contradicting, one.unusable)
        yield (one.table, one.name, one.number, one.id, *counts, one.reason)


_LEDGER: Mapping[str, tuple[Callable[[Home, str], Rows], tuple[tuple[str, pa.DataType], ...]]] = {
    "batches": (_batches, (
        ("name", _TEXT), ("id", _TEXT), ("status", _TEXT), ("landed", _WHOLE), ("accepted", _WHOLE), ("held", _WHOLE),
        ("quarantined", _WHOLE), ("duplicates", _WHOLE), ("unlabelled", _WHOLE), ("positives", _WHOLE),
        ("label_mean", _NUMBER), ("first_event", _TIME), ("last_event", _TIME), ("reason", _TEXT), ("suspects", _TEXT),
    )),
    "turns": (_turns, (
        ("number", _WHOLE), ("batch", _TEXT), ("batch_id", _TEXT), ("state", _TEXT), ("outcome", _TEXT),
        ("champion", _WHOLE), ("health", _TEXT), ("started", _TIME), ("finished", _TIME), ("reasons", _TEXT),
    )),
    "versions": (_versions, (
        ("version", _WHOLE), ("model", _TEXT), ("family", _TEXT), ("snapshot", _TEXT), ("rows", _WHOLE),
        ("first_event", _TIME), ("last_event", _TIME), ("cutoff", _TIME), ("seed", _WHOLE), ("settings", _TEXT),
        ("code", _TEXT), ("lock", _TEXT), ("live_since", _TIME),
    )),
    "snapshots": (_snapshots, (
        ("id", _TEXT), ("rows", _WHOLE), ("positives", _WHOLE), ("label_mean", _NUMBER),
        ("excluded_unlabelled", _WHOLE), ("excluded_unknown", _WHOLE), ("first_event", _TIME), ("last_event", _TIME),
        ("cutoff", _TIME),
    )),
    "scores": (_scores, (
        ("version", _WHOLE), ("model", _TEXT), ("family", _TEXT), ("batch", _TEXT), ("batch_id", _TEXT),
        ("rows", _WHOLE), ("metric", _TEXT), ("value", _NUMBER), ("low", _NUMBER), ("high", _NUMBER),
        ("greater_is_better", pa.bool_()),
    )),
    "promotions": (_promotions, (
        ("sequence", _WHOLE), ("version", _WHOLE), ("previous", _WHOLE), ("turn", _WHOLE), ("at", _TIME),
        ("by", _TEXT), ("reason", _TEXT),
    )),
    "tables": (_tables, (
        ("table", _TEXT), ("name", _TEXT), ("number", _WHOLE), ("id", _TEXT), ("landed", _WHOLE), ("taken", _WHOLE),
        ("repeated", _WHOLE), ("contradicting", _WHOLE), ("unusable", _WHOLE), ("reason", _TEXT),
    )),
}  # fmt: skip
_LOG = "predictions"
TABLES = (*_LEDGER, _LOG)
"""Names of the tables of the ledger, and of the prediction log."""


def table(home: Home, pipeline: str, name: str) -> pa.Table:
    """One table of the ledger, or the prediction log, with the rows of one pipeline."""
    if name == _LOG:
        return answers_at_rest.table(home, pipeline)
    read, columns = _LEDGER[name]
    rows = list(read(home, pipeline))
    values = zip(*rows, strict=True) if rows else ([] for _ in columns)
    arrays = [pa.array(list(cells), kind) for cells, (_, kind) in zip(values, columns, strict=True)]
    return pa.table(arrays, names=[column for column, _ in columns])


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
