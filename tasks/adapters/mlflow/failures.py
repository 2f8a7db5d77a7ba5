"""What is said when MLflow fails: in one paragraph, and short enough to cross to another process."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs import environment
from configs.errors import IncumbentError, UnusableHome
from tasks.adapters import files

_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)
_PRIMARY = 0xFF
"""The part of an error code of SQLite that says what it is; the rest says where."""


@contextmanager
def explained(home: Path) -> Iterator[None]:
    """Say what is wrong when MLflow, or a file that goes to it, fails.

    Args:
        home: Where its database and artifacts are.

    Raises:
        UnusableHome: The disk is full.
        IncumbentError: Anything else that it cannot do.
    """
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, sqlite3.Error, OSError) as err:
        full = files.explain_want_of_room(home)
        if full:
            raise UnusableHome(full) from err
        raise IncumbentError(
            f"MLflow in {home / 'mlflow'} failed: {first_line(err)}. What was decided is committed. {_advice(err)}"
        ) from err


def first_line(err: Exception) -> str:
    """What an error says, without its story and its last stop; the name of its class if it says nothing."""
    return environment.masked(next(iter(str(err).splitlines()), type(err).__name__).rstrip(". "))


def code_of(err: sqlite3.Error) -> int | None:
    """What SQLite calls an error, wherever it met it; None for one that is not its own."""
    code: int | None = getattr(err, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def _advice(err: BaseException) -> str:
    met: BaseException | None = err
    while met is not None and not isinstance(met, sqlite3.Error):  # MLflow and SQLAlchemy put their own before it
        met = met.__cause__ or met.__context__
    if met is not None and code_of(met) in _DAMAGED:
        return "Its database is damaged: `verify --repair` makes it anew from the ledger; then run this command again."
    return "The same command goes on from there."
