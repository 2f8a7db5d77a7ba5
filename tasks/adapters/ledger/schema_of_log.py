"""Tables of the prediction log in the ledger, as `schema` has all others. A change needs a migration as well."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from tasks.adapters.ledger.schema_of_joins import metadata, of_pipeline

__all__ = ["erasures", "log_segments", "metadata", "sealed_predictions"]

log_segments = Table(
    "log_segments",
    metadata,
    Column(
        "journal", String(40), primary_key=True, comment="of a process of the service, or of a file that was scored"
    ),
    Column("segment", BigInteger, primary_key=True, autoincrement=False, comment="the first number that can be in it"),
    Column("until", BigInteger, nullable=False, comment="the number after its last one"),
    Column("rows", BigInteger, nullable=False, comment="answers of all pipelines"),
    Column("gap", BigInteger, nullable=False, comment="numbers that may be lost with a process that was killed"),
    Column("dropped", BigInteger, nullable=False, comment="answers that could not be kept"),
    Column("numbered", BigInteger, nullable=False, comment="those of them that had a number"),
    Column("at", String(32), nullable=False),
)

sealed_predictions = Table(
    "sealed_predictions",
    metadata,
    of_pipeline(),
    Column("journal", String(40), primary_key=True),
    Column("segment", BigInteger, primary_key=True, autoincrement=False),
    Column("file", String(64), comment="sha256 of the rows that are there; null if none are"),
    Column("rows", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False, comment="rows that were removed because of their age"),
    Column("forgotten", BigInteger, nullable=False, comment="rows that were removed with their key"),
    Column("first_at", String(32), nullable=False, comment="when the earliest of its answers was given"),
    Column("last_at", String(32), nullable=False),
    Column("leaves", String(64), comment="a file that is not listed any more, and has still to be removed"),
    Column("at", String(32), nullable=False),
)

erasures = Table(
    "erasures",
    metadata,
    of_pipeline(),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("key", String(64), nullable=False, comment="a digest: the key itself is written nowhere"),
    Column("rows", BigInteger, nullable=False),
    Column("by", String(100), nullable=False),
    Column("at", String(32), nullable=False),
    Column("ended", String(32), comment="when the last of its rows was gone"),
)
