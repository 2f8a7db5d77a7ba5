"""MLflow's database of a home that was moved: it has absolute paths, which are written anew.

Without that it would show the files of the old folder, and write new ones there. Only what lies in a home's own folder
of artifacts is changed, and only in columns that MLflow reads as places; nothing of what people wrote by hand.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from configs.errors import UnusableHome
from tasks.adapters.mlflow import tracking

_PLACES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("logged_models", "artifact_location"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
)
_FOLDER = "/mlflow/artifacts"
"""What a home's own folder of artifacts ends in, however it is written."""


def relocate(mlflow: Path) -> list[str]:
    """Let MLflow look for the files of a home where they are now; gives what was done, in sentences.

    Args:
        mlflow: MLflow's folder in the home.

    Raises:
        UnusableHome: Its database cannot be written.
    """
    database, now = mlflow / "mlflow.db", tracking.artifacts_of(mlflow)
    if not database.exists():
        return []
    try:
        with closing(sqlite3.connect(database, timeout=30)) as connection, connection:
            old = [root for root in _roots(connection) if root != now]
            changed = sum(_move(connection, root, now) for root in old)
    except sqlite3.Error as err:
        raise UnusableHome(f"{database} cannot be written: {err}. See `verify --repair`; then adopt again.") from err
    return [f"MLflow looks for its files in {now} now, not in {root} ({changed} paths)." for root in old]


def _roots(connection: sqlite3.Connection) -> Iterator[str]:
    """The folders of artifacts of homes, in which the experiments are."""
    rows = connection.execute("select distinct artifact_location from experiments").fetchall()
    places = (str(location).rpartition("/")[0] for (location,) in rows)
    yield from dict.fromkeys(place for place in places if place.endswith(_FOLDER))


def _move(connection: sqlite3.Connection, old: str, new: str) -> int:
    changed = 0
    for table, column in _PLACES:
        if column not in {row[1] for row in connection.execute(f"pragma table_info({table})")}:
            continue  # another version of MLflow
        statement = (
            f"update {table} set {column} = ? || substr({column}, ?) "  # noqa: S608  names of ours
            f"where substr({column}, 1, ?) = ?"
        )
        changed += connection.execute(statement, (new, len(old) + 1, len(old) + 1, f"{old}/")).rowcount
    return changed
