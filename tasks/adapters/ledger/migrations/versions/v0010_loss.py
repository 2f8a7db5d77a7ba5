"""Loss: the column of what decides about a score is named after no kind of loss."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rename a column; what was recorded stays."""
    op.alter_column("scores", "log_loss", new_column_name="loss")
