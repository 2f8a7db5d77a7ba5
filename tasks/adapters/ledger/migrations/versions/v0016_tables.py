"""Deliveries of other tables, which rows are joined with."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; nothing was joined before."""
    op.create_table(
        "table_batches",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("table", sa.String(length=60), nullable=False, comment="of the settings of features"),
        sa.Column("id", sa.String(length=64), nullable=False, comment="sha256 of the delivered bytes"),
        sa.Column("number", sa.Integer(), nullable=False, comment="deliveries of all tables of a pipeline, from 1 on"),
        sa.Column("record", sa.JSON(), nullable=False, comment="what became of its lines"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "table", "id"),
    )
