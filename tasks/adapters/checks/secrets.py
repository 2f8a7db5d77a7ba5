"""Secrets: looked for in the ledger, MLflow's and Prefect's databases, artifacts, reports and logs (I10)."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from configs import environment
from tasks.adapters.home import Home
from tasks.core.lineage import secrets
from tasks.core.lineage.findings import Finding
from tasks.core.lineage.secrets import Wanted

_OTHERS = ("block_type", "block_schema")
"""Tables of Prefect with examples of its own."""
_TEXTS = (".csv", ".err", ".html", ".json", ".log", ".md", ".out", ".txt", ".yaml", ".yml", "")
_ELSEWHERE = ("store", "bundles", "landing")
"""What is in there is data; what becomes of it is looked at everywhere else."""
_LARGEST = 64_000_000


def check(home: Home, pipeline: str) -> Iterator[Finding]:
    """Every secret that was written down.

    Args:
        home: Everything local.
        pipeline: Whose rows of the ledger are looked at; databases and files are shared by all.
    """
    looked_for = secrets.wanted(environment.secrets())
    yield from secrets.told(_places(home, pipeline, looked_for))


def _places(home: Home, pipeline: str, looked_for: Wanted) -> Iterator[tuple[str, str]]:
    for table, text in home.ledger.audit.texts(pipeline):
        yield from ((what, f"the ledger, table {table}") for what in secrets.inside(text, looked_for))
    for database in (home.folder / "mlflow" / "mlflow.db", home.folder / "prefect" / "prefect.db"):
        for table, text in _rows(database):
            place = f"{database.name}, table {table}"
            yield from ((what, place) for what in secrets.inside(text, looked_for))
    for path in _files(home.folder):
        text = path.read_text(encoding="utf-8", errors="replace")
        yield from ((what, str(path)) for what in secrets.inside(text, looked_for))


def _rows(database: Path) -> Iterator[tuple[str, str]]:
    """Each row of each table as text; a database that cannot be read is another check's matter."""
    if not database.exists():
        return
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            yield from _texts(connection)
    except sqlite3.DatabaseError:
        return


def _texts(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    for name in (name for name in names if name not in _OTHERS):
        quoted = name.replace('"', '""')
        for row in connection.execute(f'select * from "{quoted}"'):  # noqa: S608  its own name
            yield name, "\n".join(str(value) for value in row if isinstance(value, str | bytes))


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if inside[0] in _ELSEWHERE or path.suffix not in _TEXTS or path.is_symlink() or not path.is_file():
            continue
        if path.stat().st_size <= _LARGEST:
            yield path
