"""Tables of the ledger, in SQLAlchemy Core. A change here needs a migration in `migrations/versions/`.

Those of the prediction log are in `schema_of_log`, those of tables that rows are joined with in `schema_of_joins`.

Columns hold what is asked for by query or constraint; `record` holds the whole value of `tasks.domain.records` as JSON.
Times are ISO 8601 text in UTC, so that SQLite and PostgreSQL keep and order them alike.
"""

from sqlalchemy import JSON, Boolean, Column, Float, Integer, MetaData, String, Table, Text, UniqueConstraint, false

VERSIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0007",
    "0008",
    "0006",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
)
"""All versions that there were, in their order: numbers were given before it was known which comes first."""
HEAD = VERSIONS[-1]
"""The version of the schema that this code reads and writes."""

metadata = MetaData()


def of_pipeline() -> Column[str]:
    """Whose row it is."""
    return Column("pipeline", String(100), primary_key=True)


deliveries = Table(
    "deliveries",
    metadata,
    of_pipeline(),
    Column("name", String(300), primary_key=True),
    Column("batch", String(64), primary_key=True, comment="sha256 of the delivered bytes"),
    Column("duplicate", Boolean, nullable=False, comment="the same content had been delivered under another name"),
    Column("rows", Integer, nullable=False),
    Column("at", String(32), nullable=False),
)

batches = Table(
    "batches",
    metadata,
    of_pipeline(),
    Column("id", String(64), primary_key=True),
    Column("name", String(300), nullable=False),
    Column("status", String(20), nullable=False),
    Column("landed", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("held", Integer, nullable=False, server_default="0", comment="wait for a decision"),
    Column("quarantined", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("first_event", String(32)),
    Column("last_event", String(32)),
    Column("accepted_file", String(64)),
    Column("aside_file", String(64)),
    Column("record", JSON, nullable=False),
    Column("at", String(32), nullable=False),
)

turns = Table(
    "turns",
    metadata,
    of_pipeline(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("batch", String(64), nullable=False),
    Column("batch_name", String(300), nullable=False),
    Column("state", String(20), nullable=False),
    Column("outcome", String(30)),
    Column("reasons", JSON, nullable=False),
    Column("champion_version", Integer),
    Column("decision", JSON),
    Column("health", JSON),
    Column("prefect_run", String(40)),
    Column("started", String(32), nullable=False),
    Column("finished", String(32)),
    Column("attempts", Integer, nullable=False, server_default="0", comment="how often it was begun or gone on with"),
    Column("attempted", String(32), comment="when it was begun or gone on with last"),
    Column("unread", Text, comment="why its delivery could not be read when it was begun last"),
    Column("steps", JSON, comment="when each of its steps was begun last"),
    Column("by", String(300), comment="user, host and worker that began it, or went on with it, last"),
)

admissions = Table(
    "admissions",
    metadata,
    of_pipeline(),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("batch", String(64), nullable=False),
    Column("by", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("decision", String(20), nullable=False, server_default="admit", comment="admit, sound_rows or keep_out"),
    Column("turn", Integer, comment="that had refused it"),
    Column("refusal", JSON, nullable=False, comment="the record of the batch as it was refused"),
    Column("at", String(32), nullable=False),
    Column("ended", String(32), comment="when the batch was judged again"),
)

triggers = Table(
    "triggers",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("pipeline", String(100), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("key", String(200), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("state", String(20), nullable=False, comment="open, covered, skipped or failed"),
    Column("turn", Integer),
    Column("reason", Text),
    Column("at", String(32), nullable=False),
    Column("ended", String(32)),
    Column("force", Boolean, nullable=False, server_default=false(), comment="past cooldown, budget and minimum rows"),
    UniqueConstraint("pipeline", "key"),
)

snapshots = Table(
    "snapshots",
    metadata,
    of_pipeline(),
    Column("id", String(64), primary_key=True),
    Column("cutoff", String(32), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("record", JSON, nullable=False),
)

models = Table(
    "models",
    metadata,
    of_pipeline(),
    Column("id", String(64), primary_key=True),
    Column("family", String(100), nullable=False),
    Column("turn", Integer, nullable=False),
    Column("snapshot", String(64), nullable=False),
    Column("bundle", String(64), nullable=False),
    Column("golden", String(64), nullable=False),
    Column("version", Integer, comment="number in the registry; only challengers have one"),
    Column("record", JSON, nullable=False),
    Column("at", String(32), nullable=False),
    UniqueConstraint("pipeline", "version"),
)

scores = Table(
    "scores",
    metadata,
    of_pipeline(),
    Column("model", String(64), primary_key=True),
    Column("batch", String(64), primary_key=True),
    Column("rows", Integer, nullable=False),
    Column("loss", Float),
    Column("record", JSON, nullable=False),
)

drifts = Table(
    "drifts",
    metadata,
    of_pipeline(),
    Column("batch", String(64), primary_key=True),
    Column("reference", String(64), nullable=False),
    Column("drifted", Boolean, nullable=False),
    Column("record", JSON, nullable=False),
)

comparisons = Table(
    "comparisons",
    metadata,
    of_pipeline(),
    Column("batch", String(64), primary_key=True),
    Column("base", String(64), nullable=False, comment="the champion, or `dummy`"),
    Column("challenger", String(64), nullable=False),
    Column("gain", Float, nullable=False),
    Column("record", JSON, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    of_pipeline(),
    Column("batch", String(64), primary_key=True),
    Column("turn", Integer, nullable=False),
    Column("champion", String(64), nullable=False),
    Column("probe", String(64), nullable=False),
    Column("settings_hash", String(64), nullable=False),
    Column("value", Float, nullable=False),
    Column("record", JSON, nullable=False),
)

verdicts = Table(
    "verdicts",
    metadata,
    of_pipeline(),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(20), nullable=False),
    Column("champion", String(64)),
    Column("challenger", String(64), nullable=False),
    Column("record", JSON, nullable=False),
    Column("at", String(32), nullable=False),
)

promotions = Table(
    "promotions",
    metadata,
    of_pipeline(),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("model", String(64), nullable=False),
    Column("previous", Integer),
    Column("turn", Integer, comment="that decided it; null for a rollback, which a person decides"),
    Column("fence", Integer, nullable=False),
    Column("at", String(32), nullable=False),
    Column("by", String(100), nullable=False),
    Column("reason", Text, nullable=False),
    Column("after", Integer, comment="of a rollback: the last turn that had begun"),
    UniqueConstraint("pipeline", "turn"),
)

holds = Table(
    "holds",
    metadata,
    of_pipeline(),
    Column("sequence", Integer, primary_key=True, autoincrement=False, comment="of the rollback"),
    Column("version", Integer, nullable=False, comment="what it took off; automation keeps off it until released"),
    Column("ended", String(32), comment="when it was released"),
    Column("released_by", String(100)),
    Column("release_reason", Text),
)

refits = Table(
    "refits",
    metadata,
    of_pipeline(),
    Column("turn", Integer, primary_key=True, autoincrement=False, comment="in which the first champion won"),
    Column("judged", Integer, nullable=False, comment="the version that won there"),
    Column("version", Integer, nullable=False, comment="the same family, fitted on all there was"),
    Column("model", String(64), nullable=False, comment="of that version"),
    Column("record", JSON, nullable=False, comment="its gate, and how both did on what was judged next"),
    Column("at", String(32), nullable=False),
)

judged_again = Table(
    "judged_again",
    metadata,
    of_pipeline(),
    Column("turn", Integer, primary_key=True, autoincrement=False, comment="in which corrected labels came"),
    Column("judged", Integer, primary_key=True, autoincrement=False, comment="the turn that had judged"),
    Column("record", JSON, nullable=False, comment="the gain then, and the comparison with the corrected labels"),
    Column("at", String(32), nullable=False),
)

settings = Table(
    "settings",
    metadata,
    of_pipeline(),
    Column("hash", String(64), primary_key=True),
    Column("record", JSON, nullable=False, comment="all settings, defaults included, with which models were fitted"),
    Column("at", String(32), nullable=False),
)

leases = Table(
    "leases",
    metadata,
    of_pipeline(),
    Column("holder", String(300)),
    Column("fence", Integer, nullable=False),
    Column("expires", String(32)),
    Column("run", String(40), comment="the Prefect flow run of the holder"),
)

abandoned = Table(
    "abandoned",
    metadata,
    of_pipeline(),
    Column("run", String(40), primary_key=True, comment="a Prefect flow run whose process died, not closed yet"),
    Column("holder", String(300), nullable=False),
)

owner = Table(
    "owner",
    metadata,
    Column("one", Integer, primary_key=True, autoincrement=False, comment="always 1"),
    Column("home", String(32), nullable=False, comment="the id of the home, which has it as well"),
    Column("path", Text, nullable=False, comment="where the home is"),
    Column("inode", String(40), nullable=False),
    Column("host", String(300), nullable=False),
    Column("at", String(32), nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    Column("writer", String(80), primary_key=True, comment="a thread of a process that wrote"),
    Column("number", Integer, nullable=False, comment="of the last transaction that it has committed"),
    Column("at", String(32), nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    of_pipeline(),
    Column("key", String(200), primary_key=True, comment="what it is about; told once"),
    Column("text", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("sent", String(32)),
    Column("kind", String(20), nullable=False, server_default=""),
    Column("over", String(32), comment="since when it is not so any more"),
)

logged_files = Table(
    "logged_files",
    metadata,
    of_pipeline(),
    Column("model", String(64), primary_key=True),
    Column("run", String(40), nullable=False, comment="of MLflow, in which the model was shown last"),
    Column("record", JSON, nullable=False, comment="where its files are, and the digest of each"),
    Column("at", String(32), nullable=False),
)

packages = Table(
    "packages",
    metadata,
    of_pipeline(),
    Column("digest", String(64), primary_key=True, comment="sha256 of its list of files"),
    Column("version", Integer, nullable=False),
    Column("folder", Text, nullable=False, comment="where it was built last"),
    Column("by", String(100), nullable=False),
    Column("at", String(32), nullable=False),
)

projections = Table(
    "projections",
    metadata,
    of_pipeline(),
    Column("turn", Integer, primary_key=True, autoincrement=False),
    Column("target", String(40), primary_key=True, comment="mlflow, drift_report, importance or page"),
    Column("result", JSON, nullable=False),
    Column("at", String(32), nullable=False),
)
