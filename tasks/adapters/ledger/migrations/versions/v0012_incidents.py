"""Incidents: an alert says of what kind it is, and when it was over. Turns: who ran them, and when each step began."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KINDS = ("held", "turn", "unreadable", "event")
"""That there were before, as they stand at the beginning of a key."""


def upgrade() -> None:
    """Add four columns; the kind of an alert of before is read from its key, and what was told of is over."""
    begun = sa.Column("steps", sa.JSON(), comment="when each of its steps was begun last")
    op.add_column("turns", begun)
    who = "user, host and worker that began it, or went on with it, last"
    op.add_column("turns", sa.Column("by", sa.String(length=300), comment=who))
    op.add_column("alerts", sa.Column("kind", sa.String(length=20), nullable=False, server_default=""))
    op.add_column("alerts", sa.Column("over", sa.String(length=32), comment="since when it is not so any more"))
    alerts = sa.table("alerts", *map(sa.column, ("key", "kind", "sent", "over")))
    for kind in _KINDS:
        begins = sa.func.substr(alerts.c.key, 1, len(kind) + 1) == f"{kind}:"
        op.execute(alerts.update().where(begins).values(kind=kind))
    op.execute(alerts.update().where(alerts.c.sent.is_not(None)).values(over=alerts.c.sent))
