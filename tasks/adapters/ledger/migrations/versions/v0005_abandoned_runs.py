"""Abandoned runs: one whose process died is known until it is closed, also if somebody else takes the lease first."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; what was recorded stays."""
    op.create_table(
        "abandoned",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column(
            "run", sa.String(length=40), nullable=False, comment="a Prefect flow run whose process died, not closed yet"
        ),
        sa.Column("holder", sa.String(length=300), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "run"),
    )
