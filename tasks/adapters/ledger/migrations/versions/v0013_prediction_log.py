"""The prediction log: what was sealed of it, what was removed because of its age, and what for a key."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add three tables; nothing was sealed before."""
    segment = "the first number that can be in it"
    op.create_table(
        "log_segments",
        sa.Column(
            "journal",
            sa.String(length=40),
            nullable=False,
            comment="of a process of the service, or of a file that was scored",
        ),
        sa.Column("segment", sa.BigInteger(), autoincrement=False, nullable=False, comment=segment),
        sa.Column("until", sa.BigInteger(), nullable=False, comment="the number after its last one"),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="answers of all pipelines"),
        sa.Column(
            "gap", sa.BigInteger(), nullable=False, comment="numbers that may be lost with a process that was killed"
        ),
        sa.Column("dropped", sa.BigInteger(), nullable=False, comment="answers that could not be kept"),
        sa.Column("numbered", sa.BigInteger(), nullable=False, comment="those of them that had a number"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("journal", "segment"),
    )
    op.create_table(
        "sealed_predictions",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("journal", sa.String(length=40), nullable=False),
        sa.Column("segment", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("file", sa.String(length=64), comment="sha256 of the rows that are there; null if none are"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("expired", sa.BigInteger(), nullable=False, comment="rows that were removed because of their age"),
        sa.Column("forgotten", sa.BigInteger(), nullable=False, comment="rows that were removed with their key"),
        sa.Column(
            "first_at", sa.String(length=32), nullable=False, comment="when the earliest of its answers was given"
        ),
        sa.Column("last_at", sa.String(length=32), nullable=False),
        sa.Column(
            "leaves", sa.String(length=64), comment="a file that is not listed any more, and has still to be removed"
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "journal", "segment"),
    )
    op.create_table(
        "erasures",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False, comment="a digest: the key itself is written nowhere"),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("ended", sa.String(length=32), comment="when the last of its rows was gone"),
        sa.PrimaryKeyConstraint("pipeline", "sequence"),
    )
