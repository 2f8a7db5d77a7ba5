"""Deliveries of other tables: what was taken in, in which order."""

from collections.abc import Sequence

from sqlalchemy import select

from tasks.adapters.ledger import codec
from tasks.adapters.ledger.connection import Access, replace
from tasks.adapters.ledger.schema_of_joins import table_batches
from tasks.adapters.ledger.troubles import patient
from tasks.domain.table_batches import TableBatch


class Tables:
    """One row per delivery; who holds the lease of a pipeline is alone with its tables."""

    def __init__(self, access: Access) -> None:
        """Args:
        access: The ledger's connections.
        """
        self._access = access

    def all(self, pipeline: str) -> Sequence[TableBatch]:
        """The deliveries of all tables of a pipeline, in the order in which they were taken in."""
        mine = select(table_batches).where(table_batches.c.pipeline == pipeline).order_by(table_batches.c.number)
        return [codec.load(TableBatch, row["record"]) for row in self._access.rows(mine)]

    @patient
    def record(self, pipeline: str, batch: TableBatch) -> None:
        """Commit a delivery; the same one is committed once."""
        key = {"pipeline": pipeline, "table": batch.table, "id": batch.id}
        values = {"number": batch.number, "record": codec.dump(batch), "at": self._access.now()}
        with self._access.writing(pipeline) as connection:
            replace(connection, table_batches, key, values)
