"""Logged files: what MLflow was given of each model; and a verdict that nobody could give says so in a field."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add a table and a field; what was recorded stays."""
    op.create_table(
        "logged_files",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("run", sa.String(length=40), nullable=False, comment="of MLflow, in which the model was shown last"),
        sa.Column("record", sa.JSON(), nullable=False, comment="where its files are, and the digest of each"),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "model"),
    )
    _mark_unjudged(op.get_bind())


def _mark_unjudged(connection: sa.Connection) -> None:
    """A rejection for which no guard was asked is one that nobody could judge: every other verdict has guards."""
    verdicts = sa.table("verdicts", sa.column("pipeline"), sa.column("turn"), sa.column("record", sa.JSON()))
    columns = (verdicts.c.pipeline, verdicts.c.turn, sa.cast(verdicts.c.record, sa.Text()))
    for pipeline, turn, text in connection.execute(sa.select(*columns)).all():
        record = _read(text)
        if (record.get("kind"), record.get("guards")) == ("reject", []):
            this = (verdicts.c.pipeline == pipeline) & (verdicts.c.turn == turn)
            connection.execute(verdicts.update().where(this).values(record={**record, "judged": False}))


def _read(text: str) -> dict[str, object]:
    """A record; one that is damaged is left as it is, for `verify` to find."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
