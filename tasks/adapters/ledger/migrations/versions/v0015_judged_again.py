"""Corrected labels: what was judged is judged again with them, and both are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; no label came later than its row before."""
    op.create_table(
        "judged_again",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False, comment="in which corrected labels came"),
        sa.Column("judged", sa.Integer(), autoincrement=False, nullable=False, comment="the turn that had judged"),
        sa.Column(
            "record", sa.JSON(), nullable=False, comment="the gain then, and the comparison with the corrected labels"
        ),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "turn", "judged"),
    )
