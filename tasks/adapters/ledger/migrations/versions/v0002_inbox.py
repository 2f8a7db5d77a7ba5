"""The inbox: triggers that wait and end, attempts at a turn, the run behind a lease, alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add columns with defaults, so that what was recorded stays true, and a table."""
    with op.batch_alter_table("triggers") as table:
        table.add_column(sa.Column("ended", sa.String(length=32), nullable=True))
        table.add_column(
            sa.Column(
                "force",
                sa.Boolean(),
                nullable=False,
                server_default=sa.false(),
                comment="past cooldown, budget and minimum rows",
            )
        )
    with op.batch_alter_table("turns") as table:
        table.add_column(
            sa.Column(
                "attempts",
                sa.Integer(),
                nullable=False,
                server_default="0",
                comment="how often it was begun or gone on with",
            )
        )
        table.add_column(
            sa.Column(
                "attempted", sa.String(length=32), nullable=True, comment="when it was begun or gone on with last"
            )
        )
    with op.batch_alter_table("leases") as table:
        table.add_column(
            sa.Column("run", sa.String(length=40), nullable=True, comment="the Prefect flow run of the holder")
        )
    op.create_table(
        "alerts",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False, comment="what it is about; told once"),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("sent", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("pipeline", "key"),
    )
