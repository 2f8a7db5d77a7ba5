"""Where the ledger is: the address that a user gave, read with care, and written without its secrets."""

import difflib
from collections.abc import Iterable

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from configs import addresses as shared
from configs.errors import UnusableHome

VARIABLE = "INCUMBENT_LEDGER_URL"
FORM = "postgresql://user:password@host:5432/database"
_POSTGRESQL = ("postgresql", "postgres")
_DRIVERS = {"postgresql": "psycopg", "sqlite": "pysqlite"}
_OF_SQLITE = ("timeout", "cached_statements", "check_same_thread", "detect_types", "isolation_level", "uri")
_OF_SQLITE_URI = ("mode", "cache", "immutable", "nolock", "psow", "vfs", "modeof")
"""Options of SQLite itself, which hears of them only with `uri=true`."""
_IN_MEMORY = ("", ":memory:", "file::memory:")
_HIGHEST_PORT = 65_535


def read(url: str | URL) -> URL:
    """The address of the database; `postgresql://` means the driver that comes with Incumbent.

    Raises:
        UnusableHome: It is none. What was given is not repeated: a password may be anywhere in it.
    """
    found = _parsed(url)
    if "@" in (found.host or ""):
        raise UnusableHome(
            f"{VARIABLE} has more than one @. Write one that belongs to the password as %40, and / : ? # % as "
            "%2F %3A %3F %23 %25."
        )
    if found.drivername in _POSTGRESQL:
        found = found.set(drivername="postgresql+psycopg")
    _check_driver(found)
    (_check_sqlite if found.get_backend_name() == "sqlite" else _check_postgresql)(found)
    return found


def shown(url: URL) -> str:
    """The address as it may be shown to anybody: without password, and without options, which may hold one."""
    plain = url.set(query={}, drivername=url.get_backend_name())
    return shared.shown(plain.render_as_string(hide_password=False))


def _parsed(url: str | URL) -> URL:
    try:
        return make_url(url)
    except ArgumentError as err:
        raise UnusableHome(f"{VARIABLE} is not the address of a database. Write it as {FORM}.") from err
    except ValueError:
        # `from None`: the error of the parser repeats what stands where the port should be.
        raise UnusableHome(
            f"{VARIABLE} has something else than a number where the port is expected. Write it as {FORM}."
        ) from None


def _check_driver(url: URL) -> None:
    backend, _, driver = url.drivername.partition("+")
    if backend not in _DRIVERS:
        raise UnusableHome(
            f"{VARIABLE} does not name a database that can be used here, but one of the kind {backend!r}: a ledger is "
            f"kept in PostgreSQL or SQLite. Write it as {FORM}."
        )
    if driver not in ("", _DRIVERS[backend]):
        raise UnusableHome(
            f"{VARIABLE} does not name a driver that can be used here, but {driver!r}. Leave it out: write "
            f"{backend}:// in place of {url.drivername}://."
        )


def _check_postgresql(url: URL) -> None:
    from psycopg import pq

    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise UnusableHome(f"{VARIABLE} has a port that cannot be, {url.port}: ports go from 1 to {_HIGHEST_PORT}.")
    known = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    _refuse_unknown(url, known, "PostgreSQL", "Options are those of libpq, such as ?sslmode=require")


def _check_sqlite(url: URL) -> None:
    is_uri = str(url.query.get("uri", "")).lower() in ("1", "true", "yes", "on")
    if (url.database or "") in _IN_MEMORY or (is_uri and url.query.get("mode") == "memory"):
        raise UnusableHome(
            f"{VARIABLE} names a database in memory, with which the ledger would end. Write sqlite:////folder/ledger.db."
        )
    late = [name for name in url.query if name in _OF_SQLITE_URI]
    if late and not is_uri:
        raise UnusableHome(
            f"{VARIABLE} has the option {late[0]!r}, of which SQLite hears only in a URI: "
            f"sqlite:///file:/folder/ledger.db?{late[0]}=...&uri=true."
        )
    _refuse_unknown(url, (*_OF_SQLITE, *_OF_SQLITE_URI), "SQLite", f"There are {', '.join(_OF_SQLITE)}")


def _refuse_unknown(url: URL, known: Iterable[str], who: str, advice: str) -> None:
    """An option is repeated only if it cannot be the rest of a password that was cut by its `&` or `?`."""
    names = set(known)
    unknown = next((name for name in url.query if name not in names), None)
    if unknown is None:
        return
    near = next(iter(difflib.get_close_matches(unknown, sorted(names), n=1)), None)
    named = f"the option {unknown!r}, which" if near or "password" not in url.query else "an option that"
    hint = f"; did you mean {near!r}?" if near else "."
    raise UnusableHome(
        f"{VARIABLE} has {named} {who} does not know{hint} {advice}. Signs of a password are written as %XX."
    )
