"""What is said when the database itself fails, and how long one that has gone away is waited for."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError, OperationalError

from configs import environment
from configs.errors import Damaged, Unreachable, UnusableHome
from tasks.adapters import files
from tasks.adapters.ledger import addresses, refusals

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""So long a database that did answer before is waited for."""
_PAUSE_SECONDS = 0.2
_away_since: float | None = None
"""Since when nobody in this process has had an answer."""
_CORRUPTED = "XX0"
_THEIRS = ("25", "42501", "42P01", "42703", "53", "54", "55", "57", "58")
"""Codes of PostgreSQL for what its owner has to put right: rights, tables, space, locks, the system."""
_ADVICE = {
    "25006": "It takes no writes. Name the server that does (of a pair, the primary), and a user who may write.",
    "53": "See that its server has room on its disk, memory and connections left.",
    "55P03": "Another process is in the middle of writing; wait for it, or end it.",
}
_RIGHTS = "Its user needs the right to create, read and write tables there."


def patient(act: Callable[P, T]) -> Callable[P, T]:
    """Let a step of the ledger be done again when the database went away in its middle, as soon as it is back.

    The step is one transaction of which either all or nothing was committed: `Access.transaction` finds out.
    """

    @wraps(act)
    def again(*args: P.args, **kwargs: P.kwargs) -> T:
        return wait_for(lambda: act(*args, **kwargs))

    return again


def wait_for(act: Callable[[], T]) -> T:
    """Do it as soon as the database answers.

    Raises:
        Unreachable: It has not for a minute; who asks then is told at once, until it has answered somebody.
    """
    global _away_since
    while True:
        try:
            done = act()
        except Unreachable:
            _away_since = _away_since or time.monotonic()
            if time.monotonic() - _away_since >= PATIENCE_SECONDS:
                raise
        else:
            _away_since = None
            return done
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def explained(engine: Engine) -> Iterator[None]:
    """Say in one sentence what is wrong when the database itself fails.

    Raises:
        Unreachable: It does not answer, or not any more.
        UnusableHome: It cannot be opened, read or written.
        Damaged: What it has stored is not what it had written.
    """
    try:
        yield
    except DatabaseError as err:
        where, said = addresses.shown(engine.url), environment.masked(" ".join(str(err.orig).split()).rstrip("."))
        if engine.dialect.name == "postgresql":
            raise _of_postgresql(err, where, said) from err
        folder = Path(engine.url.database).parent if engine.url.database else None
        raise _of_sqlite(err, where, said, folder) from err


def _of_sqlite(err: DatabaseError, where: str, said: str, folder: Path | None) -> Exception:
    if isinstance(err, OperationalError):
        full = files.explain_want_of_room(folder) if folder else None
        return UnusableHome(f"The ledger at {where} cannot be used: {said}. {full or 'Check that it is writable.'}")
    if type(err) is not DatabaseError:  # an integrity error and the like: a fault of ours
        raise err
    return Damaged(f"The ledger at {where} is damaged: {said}. Restore it from a backup.")


def _of_postgresql(err: DatabaseError, where: str, said: str) -> Exception:
    code = getattr(err.orig, "sqlstate", None) or ""
    if err.connection_invalidated:
        return refusals.of_silence(where, said)
    if not code and (err.statement is None or isinstance(err, OperationalError)):
        return refusals.of_connecting(where, said)
    if code.startswith(_CORRUPTED):
        return Damaged(f"The ledger at {where} is damaged: {said}. Restore it from a backup.")
    if not code.startswith(_THEIRS):
        raise err
    advice = next((advice for start, advice in _ADVICE.items() if code.startswith(start)), _RIGHTS)
    return UnusableHome(f"The ledger at {where} cannot be used: {said}. {advice}")
