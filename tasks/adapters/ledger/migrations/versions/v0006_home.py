"""Home: a ledger knows whose it is. One of an earlier version learns it when it is opened next."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table; what was recorded stays."""
    op.create_table(
        "owner",
        sa.Column("one", sa.Integer(), autoincrement=False, nullable=False, comment="always 1"),
        sa.Column("home", sa.String(length=32), nullable=False, comment="the id of the home, which has it as well"),
        sa.Column("path", sa.Text(), nullable=False, comment="where the home is"),
        sa.Column("inode", sa.String(length=40), nullable=False),
        sa.Column("host", sa.String(length=300), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("one"),
    )
