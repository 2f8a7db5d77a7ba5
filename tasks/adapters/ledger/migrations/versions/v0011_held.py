"""Held batches: stored, neither learned from nor judged. What the triage refused before is held from now on."""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_BY_TRIAGE = re.compile(
    r"^[^:]+: (missing in (every row|[\d.,\u202f]+ ?% of rows) \(was |every value is |all [\d,]+ labels are "
    r"|[\d.,\u202f]+ ?% of rows have values never seen before )"
)
"""How the triage of every version so far began its reasons: refusals were not told apart otherwise."""


def upgrade() -> None:
    """Add a count and a kind of decision; refusals by the triage become holds, of which every row waits."""
    count = sa.Column("held", sa.Integer(), nullable=False, server_default="0", comment="wait for a decision")
    op.add_column("batches", count)
    kinds = "admit, sound_rows or keep_out"
    op.add_column(
        "admissions", sa.Column("decision", sa.String(length=20), nullable=False, server_default="admit", comment=kinds)
    )
    _hold(op.get_bind())


def _hold(connection: sa.Connection) -> None:
    names = ("pipeline", "id", "status", "landed", "held", "quarantined")
    batches = sa.table("batches", *map(sa.column, names), sa.column("record", sa.JSON()))
    turns = sa.table("turns", *map(sa.column, ("pipeline", "batch", "outcome")))
    columns = (batches.c.pipeline, batches.c.id, batches.c.landed, sa.cast(batches.c.record, sa.Text()))
    refused = sa.select(*columns).where(batches.c.status == "refused")
    for pipeline, batch, landed, text in connection.execute(refused).all():
        record = _read(text)
        if record.get("aside_file") and _BY_TRIAGE.match(str(record.get("reason"))):
            waits = {"status": "held", "held": landed, "quarantined": 0}
            this = (batches.c.pipeline == pipeline) & (batches.c.id == batch)
            connection.execute(batches.update().where(this).values(**waits, record={**record, **waits}))
            its = (turns.c.pipeline == pipeline) & (turns.c.batch == batch) & (turns.c.outcome == "refused")
            connection.execute(turns.update().where(its).values(outcome="held"))


def _read(text: str) -> dict[str, object]:
    """A record; one that is damaged is left as it is, for `verify` to find."""
    try:
        record = json.loads(text)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}
