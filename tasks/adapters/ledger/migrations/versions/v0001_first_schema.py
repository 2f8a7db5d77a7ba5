"""First schema of the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "batches",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("landed", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("quarantined", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("first_event", sa.String(length=32), nullable=True),
        sa.Column("last_event", sa.String(length=32), nullable=True),
        sa.Column("accepted_file", sa.String(length=64), nullable=True),
        sa.Column("aside_file", sa.String(length=64), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "id"),
    )
    op.create_table(
        "comparisons",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("base", sa.String(length=64), nullable=False, comment="the champion, or `dummy`"),
        sa.Column("challenger", sa.String(length=64), nullable=False),
        sa.Column("gain", sa.Float(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "batch"),
    )
    op.create_table(
        "deliveries",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=300), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False, comment="sha256 of the delivered bytes"),
        sa.Column(
            "duplicate", sa.Boolean(), nullable=False, comment="the same content had been delivered under another name"
        ),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "name", "batch"),
    )
    op.create_table(
        "drifts",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=64), nullable=False),
        sa.Column("drifted", sa.Boolean(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "batch"),
    )
    op.create_table(
        "evidence",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("champion", sa.String(length=64), nullable=False),
        sa.Column("probe", sa.String(length=64), nullable=False),
        sa.Column("settings_hash", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "batch"),
    )
    op.create_table(
        "leases",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("holder", sa.String(length=300), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("expires", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("pipeline"),
    )
    op.create_table(
        "models",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("family", sa.String(length=100), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("snapshot", sa.String(length=64), nullable=False),
        sa.Column("bundle", sa.String(length=64), nullable=False),
        sa.Column("golden", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True, comment="number in the registry; only challengers have one"),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "id"),
        sa.UniqueConstraint("pipeline", "version"),
    )
    op.create_table(
        "projections",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("target", sa.String(length=40), nullable=False, comment="mlflow, drift_report, importance or page"),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "turn", "target"),
    )
    op.create_table(
        "promotions",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("previous", sa.Integer(), nullable=True),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("by", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "sequence"),
        sa.UniqueConstraint("pipeline", "turn"),
    )
    op.create_table(
        "scores",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("model", sa.String(length=64), nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("log_loss", sa.Float(), nullable=True),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "model", "batch"),
    )
    op.create_table(
        "snapshots",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("cutoff", sa.String(length=32), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "id"),
    )
    op.create_table(
        "triggers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False, comment="open, covered, skipped or failed"),
        sa.Column("turn", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pipeline", "key"),
    )
    op.create_index(op.f("ix_triggers_pipeline"), "triggers", ["pipeline"], unique=False)
    op.create_table(
        "turns",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.String(length=64), nullable=False),
        sa.Column("batch_name", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("champion_version", sa.Integer(), nullable=True),
        sa.Column("decision", sa.JSON(), nullable=True),
        sa.Column("health", sa.JSON(), nullable=True),
        sa.Column("prefect_run", sa.String(length=40), nullable=True),
        sa.Column("started", sa.String(length=32), nullable=False),
        sa.Column("finished", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("pipeline", "number"),
        sa.UniqueConstraint("pipeline", "batch"),
    )
    op.create_table(
        "verdicts",
        sa.Column("pipeline", sa.String(length=100), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("champion", sa.String(length=64), nullable=True),
        sa.Column("challenger", sa.String(length=64), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("pipeline", "turn"),
    )
