"""Homes for tests are made once and copied often; a copy that works is one that nobody has to adopt."""

import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from tasks.adapters import ownership


def forget_place(home: Path) -> Path:
    """Make a home one of an earlier version, which did not know where it is: whoever opens it next is at home."""
    (home / ownership.FILE).unlink(missing_ok=True)
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger, suppress(sqlite3.OperationalError):
        ledger.execute("delete from owner")
    return home


def copied(home: Path, to: Path) -> Path:
    """A copy of a home that has been worked in."""
    return forget_place(Path(shutil.copytree(home, to)))


PLACES = {
    "mlflow/mlflow.db": {
        "experiments": ["artifact_location"],
        "runs": ["artifact_uri"],
        "logged_models": ["artifact_location"],
        "model_versions": ["source", "storage_location"],
    },
    "ledger.db": {"logged_files": ["record"]},
}
"""Every column in which such a path stands."""


def copy(home: Path, target: Path, *left_out: str) -> Path:
    """A copy of a home that hands out its own files."""
    shutil.copytree(home, target, ignore=shutil.ignore_patterns(*left_out))
    for name, tables in PLACES.items():
        with closing(sqlite3.connect(target / name)) as database, database:
            for table, columns in tables.items():
                for column in columns:
                    change = f"update {table} set {column} = replace({column}, ?, ?)"
                    database.execute(change, (f"{home}/", f"{target}/"))
    return forget_place(target)
