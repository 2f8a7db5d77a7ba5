"""What is said when MLflow fails: in one paragraph, and short enough to cross to another process."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import IncumbentError, UnusableHome
from tasks.adapters import files

_DAMAGED = ("file is not a database", "disk image is malformed")
"""What SQLite says then."""


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
            f"MLflow in {home / 'mlflow'} failed: {first_line(err)}. What was decided is committed. {_advice(str(err))}"
        ) from err


def first_line(err: Exception) -> str:
    """What an error says, without its story and its last stop; the name of its class if it says nothing."""
    return next(iter(str(err).splitlines()), type(err).__name__).rstrip(". ")


def _advice(told: str) -> str:
    if any(words in told for words in _DAMAGED):
        return "Its database is damaged: `verify --repair` makes it anew from the ledger; then run this command again."
    return "The same command goes on from there."
