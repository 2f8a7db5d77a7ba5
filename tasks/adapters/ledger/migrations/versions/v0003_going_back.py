"""Going back: promotions without a turn are rollbacks; versions that are barred; the settings of models."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing that was recorded changes its meaning: what has a turn was decided by it."""
    with op.batch_alter_table("promotions") as table:
        table.alter_column(
            "turn",
            existing_type=sa.Integer(),
            nullable=True,
            comment="that decided it; null for a rollback, which a person decides",
        )
        table.add_column(
            sa.Column("after", sa.Integer(), nullable=True, comment="of a rollback: the last turn that had begun")
        )
    op.create_table(
        "holds",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False, comment="of the rollback"),
        sa.Column(
            "version", sa.Integer(), nullable=False, comment="what it took off; automation keeps off it until released"
        ),
        sa.Column("ended", sa.String(length=32), nullable=True, comment="when it was released"),
        sa.Column("released_by", sa.String(length=100), nullable=True),
        sa.Column("release_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("pipeline", "sequence"),
    )
    op.create_table(
        "settings",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column(
            "record",
            sa.JSON(),
            nullable=False,
            comment="all settings, defaults included, with which models were fitted",
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "hash"),
    )
