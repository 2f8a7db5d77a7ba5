"""Deliveries of other tables: taken in as they come, kept by content, and never changed.

They have no turn of their own: what is there when a batch is taken in is what its rows can be joined with.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from configs import table_source
from configs.errors import BadInput, DeliveryWaits, LandingFolderMissing
from tasks.adapters import failpoints
from tasks.adapters.cache import Cache
from tasks.adapters.home import Home
from tasks.domain.table_batches import TableBatch
from tasks.ingestion.formats import decoding
from tasks.ingestion.sources import base, source_kinds
from tasks.ingestion.sources.base import Delivery

if TYPE_CHECKING:
    import pandas as pd

_KEPT_BYTES = 256 * 2**20


def take_in(home: Home, pipeline: str) -> list[TableBatch]:
    """Take in what is new in the tables of a pipeline; gives these deliveries.

    Raises:
        LandingFolderMissing: The source of a table is not there.
        DeliveryWaits: It cannot be read just now, or cannot be made deliveries.
    """
    if not home.settings(pipeline).features.tables:
        return []
    known = home.ledger.tables.all(pipeline)
    there, number = {(one.table, one.id) for one in known}, len(known)
    new: list[TableBatch] = []
    for table in home.settings(pipeline).features.tables:
        for delivery in _there(home, pipeline, table):
            if (table, delivery.digest) in there:
                continue
            there.add((table, delivery.digest))
            number += 1
            taken = _taken(home, pipeline, table, delivery, number)
            failpoints.reach("table-published")
            home.ledger.tables.record(pipeline, taken)
            failpoints.reach("table-committed")
            new.append(taken)
    return new


def newest(home: Home, pipeline: str) -> int:
    """The number of the last delivery of a table that was taken in; 0 if there are no tables."""
    if not home.settings(pipeline).features.tables:
        return 0
    return max((one.number for one in home.ledger.tables.all(pipeline)), default=0)


def lines(home: Home, pipeline: str, table: str, until: int | None = None) -> "pd.DataFrame | None":
    """All lines of a table that are used, up to the delivery of a number; None if there is none."""
    from tasks.features import lines as rules

    there = [one for one in home.ledger.tables.all(pipeline) if one.table == table and one.file]
    files = [one.file or "" for one in there if until is None or one.number <= until]
    if not files:
        return None
    kept: Cache[pd.DataFrame] = home.keep("tables", lambda opened: Cache(_KEPT_BYTES))
    other = home.settings(pipeline).features.tables[table]
    key = pipeline, table, tuple(files)
    return kept.once(key, lambda: rules.together([home.store.read(one) for one in files], other))


def _there(home: Home, pipeline: str, table: str) -> list[Delivery]:
    """All deliveries of a table; while it cannot be read, what is to be joined with it waits, and is none the worse."""
    source = source_kinds.of(home, table_source.named(pipeline, table))
    try:
        source.fetch()
        listing = source.look()
        if listing.unreadable:
            raise DeliveryWaits("; ".join(f"{name}: {why}" for name, why in listing.unreadable.items()) + ".")
        return listing.deliveries
    except LandingFolderMissing as problem:
        raise LandingFolderMissing(table_source.in_words(table, str(problem))) from problem
    except (BadInput, DeliveryWaits) as problem:
        wrong = table_source.in_words(table, str(problem))
        raise DeliveryWaits(f"features.tables.{table}: {wrong} The batch waits until it can be read.") from problem


def _taken(home: Home, pipeline: str, table: str, delivery: Delivery, number: int) -> TableBatch:
    from tasks.features import lines as rules

    name = table_source.named(pipeline, table)
    settings, batch = home.settings(name), TableBatch(delivery.digest, table, delivery.name, number)
    try:
        content = base.read(source_kinds.of(home, name), delivery)
        frame = decoding.decode(content, settings.ingestion, settings.validation, delivery.odd)
        found = rules.sort_out(frame, home.settings(pipeline).features.tables[table])
        file = home.store.write(found.used) if len(found.used) else None
    except BadInput as problem:
        return replace(batch, landed=problem.rows, reason=table_source.in_words(table, str(problem)))
    batch = replace(batch, landed=len(frame), taken=len(found.used), file=file)
    return replace(batch, repeated=found.repeated, contradicting=found.contradicting, unusable=found.unusable)
