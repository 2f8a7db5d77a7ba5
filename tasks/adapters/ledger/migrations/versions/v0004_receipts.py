"""Receipts: whether a transaction was committed can be asked when the answer was lost with the connection."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; what was recorded stays."""
    op.create_table(
        "receipts",
        sa.Column("writer", sa.String(length=80), nullable=False, comment="a thread of a process that wrote"),
        sa.Column("number", sa.Integer(), nullable=False, comment="of the last transaction that it has committed"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("writer"),
    )
