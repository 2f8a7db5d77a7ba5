"""What was delivered and what became of it."""

import itertools
from collections.abc import Collection
from functools import partial
from typing import Any

from sqlalchemy import Connection, Select, Text, cast, select

from tasks.adapters.cache import Cache
from tasks.adapters.ledger import admissions, codec, inbox
from tasks.adapters.ledger.connection import Access, among, differs, insert_once, replace
from tasks.adapters.ledger.schema import batches, deliveries, turns, verdicts
from tasks.adapters.ledger.troubles import patient
from tasks.domain.alert_kinds import AlertKind
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import Outcome

_KEPT_BYTES = 16 * 2**20
_RECORDS = select(cast(batches.c.record, Text).label("record"))


class Batches:
    """The dataset of each pipeline: an ordered list of immutable batches."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access
        # By their very text: each turn looks at all of them, and few have changed since the one before.
        self._read: Cache[Batch] = Cache(_KEPT_BYTES)

    def forget(self) -> None:
        """Let go of the records that were kept."""
        self._read.forget()

    def get(self, pipeline: str, batch: str) -> Batch | None:
        """One batch, or None if it was not taken in yet."""
        row = self._access.first(select(batches).where(batches.c.pipeline == pipeline, batches.c.id == batch))
        return None if row is None else codec.load(Batch, row["record"])

    def passed(self, pipeline: str, batch: str) -> Batch | None:
        """One batch, or None if it was not taken in yet, or is to be taken in again."""
        query = select(batches).where(batches.c.pipeline == pipeline, batches.c.id == batch)
        row = self._access.first(query.where(~admissions.is_open(pipeline, batch)))
        return None if row is None else codec.load(Batch, row["record"])

    def all(self, pipeline: str, wanted: Collection[str] | None = None) -> list[Batch]:
        """Every batch, in the order in which it was taken in, or those of these ids."""
        query = _RECORDS.where(batches.c.pipeline == pipeline, among(batches.c.id, wanted))
        return self._decoded(query.order_by(batches.c.at, batches.c.id))

    def accepted(self, pipeline: str) -> list[Batch]:
        """The accepted batches that have rows, in event order."""
        query = _RECORDS.where(
            batches.c.pipeline == pipeline, batches.c.status == BatchStatus.ACCEPTED, batches.c.accepted > 0
        )
        return self._decoded(query.order_by(batches.c.first_event, batches.c.id))

    def judged(self, pipeline: str, before: int) -> list[Batch]:
        """The batches on which a challenger was judged in an earlier turn, alone or together with others."""
        judged = (verdicts.c.pipeline == turns.c.pipeline) & (verdicts.c.turn == turns.c.number)
        query = select(turns.c.batch, turns.c.decision).join(verdicts, judged)
        earlier = query.where(turns.c.pipeline == pipeline, turns.c.number < before).order_by(turns.c.number)
        ids = [_judged_in(row["batch"], row["decision"]) for row in self._access.rows(earlier)]
        known = {batch.id: batch for batch in self.all(pipeline)} if ids else {}
        return [known[one] for one in dict.fromkeys(itertools.chain.from_iterable(ids)) if one in known]

    def taken_in(self, pipeline: str, until: int) -> list[Batch]:
        """The accepted batches with labels of the turns up to this one, in event order, not those given up."""
        query = select(turns.c.batch).where(turns.c.pipeline == pipeline, turns.c.number <= until)
        rows = self._access.rows(query.where(turns.c.outcome.is_distinct_from(Outcome.FAILED.value)))
        known = {row["batch"] for row in rows}
        return [batch for batch in self.accepted(pipeline) if batch.id in known and batch.has_labels]

    @patient
    def record(self, pipeline: str, batch: Batch) -> None:
        """Commit what became of a batch; a second time changes nothing, unless it was admitted in between."""
        now, key = self._access.now(), {"pipeline": pipeline, "id": batch.id}
        values = {**_columns(batch), "record": codec.dump(batch), "at": now}
        with self._access.writing(pipeline) as connection:
            if admissions.end(connection, pipeline, batch.id, now):
                _settle(connection, pipeline, batch.id, now)
                replace(connection, batches, key, values)
                _count_again(connection, pipeline, batch)
            else:
                insert_once(connection, batches, key, values)

    @patient
    def keep_out(self, pipeline: str, held: Batch, refused: Batch, by: str, reason: str) -> None:
        """Refuse a batch that was held, by a decision that is kept; a second time changes nothing."""
        now, chosen = self._access.now(), (batches.c.pipeline == pipeline) & (batches.c.id == held.id)
        values = {**_columns(refused), "record": codec.dump(refused), "at": now}
        with self._access.writing(pipeline) as connection:
            still = batches.update().where(chosen, batches.c.status == BatchStatus.HELD)
            if connection.execute(still.values(**values)).rowcount:
                _settle(connection, pipeline, held.id, now)
                decided: dict[str, Any] = {"by": by, "reason": reason, "at": now, "ended": now}
                admissions.add(connection, pipeline, held, decision=Decision.KEEP_OUT, **decided)

    @patient
    def relabel(self, pipeline: str, batch: Batch) -> None:
        """Change the record of a batch to which labels came, or one of a delivery of labels whose rows came."""
        values = {**_columns(batch), "record": codec.dump(batch)}
        with self._access.writing(pipeline) as connection:
            chosen = (batches.c.pipeline == pipeline) & (batches.c.id == batch.id)
            connection.execute(batches.update().where(chosen).values(**values))

    @patient
    def learn(self, pipeline: str, batch: Batch) -> None:
        """Add to the record of a batch which values its label has; nothing else of it changes."""
        with self._access.writing(pipeline) as connection:
            chosen = (batches.c.pipeline == pipeline) & (batches.c.id == batch.id)
            connection.execute(batches.update().where(chosen).values(record=codec.dump(batch)))

    def torn(self, pipeline: str) -> list[str]:
        """Names of batches whose columns and record do not say the same."""
        rows = self._access.rows(select(batches).where(batches.c.pipeline == pipeline).order_by(batches.c.at))
        found = [(row, codec.load(Batch, row["record"])) for row in rows]
        return [row["name"] for row, batch in found if differs(row, {"id": batch.id, **_columns(batch)})]

    def deliveries(self, pipeline: str) -> dict[str, list[str]]:
        """Names under which each content was delivered, the first one first."""
        rows = self._access.rows(select(deliveries).where(deliveries.c.pipeline == pipeline))
        known: dict[str, list[str]] = {}
        # Sorted here: databases have opinions of their own about the order of names.
        for row in sorted(rows, key=lambda row: (row["duplicate"], row["at"], row["name"])):
            known.setdefault(row["batch"], []).append(row["name"])
        return known

    @patient
    def record_delivery(self, pipeline: str, name: str, batch: str, *, duplicate: bool, rows: int) -> None:
        """Note that this content came under this name."""
        key = {"pipeline": pipeline, "name": name, "batch": batch}
        with self._access.writing(pipeline) as connection:
            values = {"duplicate": duplicate, "rows": rows, "at": self._access.now()}
            insert_once(connection, deliveries, key, values)

    def duplicates(self, pipeline: str) -> tuple[tuple[str, str, int], ...]:
        """Deliveries whose content was known: their name, the name of the first delivery, rows."""
        query = select(deliveries).where(deliveries.c.pipeline == pipeline, deliveries.c.duplicate)
        first = self.deliveries(pipeline)
        rows = sorted(self._access.rows(query), key=lambda row: (row["at"], row["name"]))
        return tuple((row["name"], first[row["batch"]][0], row["rows"]) for row in rows)

    def _decoded(self, query: Select[Any]) -> list[Batch]:
        texts = [row["record"] for row in self._access.rows(query)]
        return [self._read.once(text, partial(codec.load_text, Batch, text)) for text in texts]


def _settle(connection: Connection, pipeline: str, batch: str, now: str) -> None:
    """That a batch is held or refused is over: somebody has decided."""
    had = select(turns.c.number).where(turns.c.pipeline == pipeline, turns.c.batch == batch)
    for number in connection.execute(had).scalars().all():
        for kind in (AlertKind.HELD, AlertKind.REFUSED):
            inbox.settle(connection, pipeline, kind.key(number), now)


def _count_again(connection: Connection, pipeline: str, batch: Batch) -> None:
    """The rows of its deliveries; nobody could vouch for those of the copies of a refused file."""
    same = (deliveries.c.pipeline == pipeline) & (deliveries.c.batch == batch.id)
    copies = batch.landed if batch.is_in else 0
    for duplicate, rows in ((False, batch.landed), (True, copies)):
        connection.execute(deliveries.update().where(same, deliveries.c.duplicate == duplicate).values(rows=rows))


def _judged_in(batch: str, decision: Any) -> list[str]:
    """Ids of what was judged in a turn: its batch, or the pool that it completed."""
    return list((decision or {}).get("pool") or [batch])


def _columns(batch: Batch) -> dict[str, Any]:
    """What of a batch is asked for by query, beside its id."""
    return {
        "name": batch.name,
        "status": batch.status,
        "landed": batch.landed,
        "accepted": batch.accepted,
        "held": batch.held,
        "quarantined": batch.quarantined,
        "duplicates": batch.duplicates,
        "first_event": codec.stamp(batch.first_event),
        "last_event": codec.stamp(batch.last_event),
        "accepted_file": batch.accepted_file,
        "aside_file": batch.aside_file,
    }
