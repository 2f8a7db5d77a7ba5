"""Admissions: a delivery can have a turn again, because it was admitted, or because it could not be read before."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_UNNAMED = {"uq": "uq_%(table_name)s_%(column_0_N_name)s"}


def upgrade() -> None:
    """Nothing that was recorded changes its meaning: each batch has had one turn until now."""
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("turns", naming_convention=_UNNAMED if is_sqlite else None) as table:
        table.drop_constraint("uq_turns_pipeline_batch" if is_sqlite else "turns_pipeline_batch_key", type_="unique")
        table.add_column(
            sa.Column(
                "unread", sa.Text(), nullable=True, comment="why its delivery could not be read when it was begun last"
            )
        )
    op.create_table(
        "admissions",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=True, comment="that had refused it"),
        sa.Column("refusal", sa.JSON(), nullable=False, comment="the record of the batch as it was refused"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("ended", sa.String(length=32), nullable=True, comment="when the batch was judged again"),
        sa.PrimaryKeyConstraint("pipeline", "sequence"),
    )
