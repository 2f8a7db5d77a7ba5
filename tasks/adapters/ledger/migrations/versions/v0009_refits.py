"""Refits: a first champion is fitted again on all there was; those of earlier versions were not, and go on."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; what was recorded stays."""
    op.create_table(
        "refits",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False, comment="in which the first champion won"),
        sa.Column("judged", sa.Integer(), nullable=False, comment="the version that won there"),
        sa.Column("version", sa.Integer(), nullable=False, comment="the same family, fitted on all there was"),
        sa.Column("model", sa.String(length=64), nullable=False, comment="of that version"),
        sa.Column("record", sa.JSON(), nullable=False, comment="its gate, and how both did on what was judged next"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "turn"),
    )
