"""What the ledger has of tables that rows are joined with, as `schema` has all others. A change needs a migration."""

from sqlalchemy import JSON, Column, Integer, String, Table

from tasks.adapters.ledger.schema import metadata, of_pipeline

__all__ = ["metadata", "of_pipeline", "table_batches"]

table_batches = Table(
    "table_batches",
    metadata,
    of_pipeline(),
    Column("table", String(60), primary_key=True, comment="of the settings of features"),
    Column("id", String(64), primary_key=True, comment="sha256 of the delivered bytes"),
    Column("number", Integer, nullable=False, comment="deliveries of all tables of a pipeline, from 1 on"),
    Column("record", JSON, nullable=False, comment="what became of its lines"),
    Column("at", String(32), nullable=False),
)
