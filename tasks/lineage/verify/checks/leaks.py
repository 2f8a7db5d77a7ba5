"""Secrets: looked for in the ledger, MLflow's and Prefect's databases, artifacts, reports and logs (I10)."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from configs import environment
from tasks.adapters.home import Home
from tasks.adapters.web import access
from tasks.lineage.verify import secrets
from tasks.lineage.verify.findings import Finding
from tasks.lineage.verify.secrets import Wanted

_OTHERS = ("block_type", "block_schema")
"""Tables of Prefect with examples of its own."""
_TEXTS = (".csv", ".err", ".html", ".json", ".log", ".md", ".out", ".txt", ".yaml", ".yml", "")
_ELSEWHERE = ("store", "bundles", "landing")
"""What is in there is data; what becomes of it is looked at everywhere else."""
_LARGEST = 64_000_000


def check(home: Home, pipeline: str) -> Iterator[Finding]:
    """Every secret that was written down, and every file in which one cannot be looked for.

    Args:
        home: Everything local.
        pipeline: Whose rows of the ledger are looked at; databases and files are shared by all.
    """
    unread: list[OSError] = []
    looked_for = secrets.wanted({**environment.secrets(), **_own(home.folder, unread)})
    yield from secrets.told(_places(home, pipeline, looked_for, unread))
    for err in unread:
        yield Finding("I10", f"{err.filename} cannot be read ({err.strerror}): whether a secret is in it is not known")


def _places(home: Home, pipeline: str, looked_for: Wanted, unread: list[OSError]) -> Iterator[tuple[str, str]]:
    for table, text in home.ledger.audit.texts(pipeline):
        yield from ((what, f"the ledger, table {table}") for what in secrets.inside(text, looked_for))
    for database in (home.folder / "mlflow" / "mlflow.db", home.folder / "prefect" / "prefect.db"):
        for table, text in _rows(database):
            place = f"{database.name}, table {table}"
            yield from ((what, place) for what in secrets.inside(text, looked_for))
    for path in _files(home.folder, unread):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as err:
            _note(err, unread)
            continue
        yield from ((what, str(path)) for what in secrets.inside(text, looked_for))


def _own(folder: Path, unread: list[OSError]) -> dict[str, str]:
    try:
        return access.kept(folder)
    except OSError as err:
        _note(err, unread)
        return {}


def _rows(database: Path) -> Iterator[tuple[str, str]]:
    """Each row of each table as text; a database that cannot be read is another check's matter."""
    try:
        if not database.exists():
            return
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            yield from _texts(connection)
    except (sqlite3.DatabaseError, OSError):
        return


def _texts(connection: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    connection.text_factory = lambda content: content.decode("utf-8", "replace")
    names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
    for name in (name for name in names if name not in _OTHERS):
        quoted = name.replace('"', '""')
        for row in connection.execute(f'select * from "{quoted}"'):  # noqa: S608  its own name
            yield name, "\n".join(str(value) for value in row if isinstance(value, str | bytes))


def _files(folder: Path, unread: list[OSError]) -> Iterator[Path]:
    """Texts, one folder after the other; what vanishes meanwhile is passed over, as is where the secret belongs."""
    own = access.secret_file(folder)
    for place, inside, names in os.walk(folder, onerror=lambda err: _note(err, unread)):
        inside[:] = sorted(name for name in inside if Path(place) != folder or name not in _ELSEWHERE)
        paths = (Path(place, name) for name in sorted(names))
        yield from (path for path in paths if path != own and _is_text(path, unread))


def _is_text(path: Path, unread: list[OSError]) -> bool:
    try:
        is_file = path.suffix in _TEXTS and not path.is_symlink() and path.is_file()
        return is_file and path.stat().st_size <= _LARGEST
    except OSError as err:
        _note(err, unread)
        return False


def _note(err: OSError, unread: list[OSError]) -> None:
    """Keep what cannot be read; a file that is gone was somebody's who works here meanwhile."""
    if not isinstance(err, FileNotFoundError):
        unread.append(err)
