"""Which database an address means, and with which of the readers it is opened.

Add a kind of database here when there is a quicker way to read it than SQLAlchemy's: a module beside `sql_plain`, and
its line in `opened`.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from configs import addresses, environment
from configs.errors import MistakeOfUser
from configs.ingestion import Source
from tasks.ingestion.sources import sql_reading
from tasks.ingestion.sources.sql_reading import Database, Quoting, Statements

if TYPE_CHECKING:
    from sqlalchemy import URL


@contextmanager
def opened(source: Source) -> Iterator[tuple[Database, Statements]]:
    """Open the database of a source for reading.

    Raises:
        InvalidSettings: The environment lacks what the address names.
        MistakeOfUser: Its driver is not installed, or the address is none.
        LandingFolderMissing: There is no such file, table or column.
        UnreadableFile: A value of it cannot be read.
        DeliveryWaits: It cannot be reached just now, or went away.
    """
    from tasks.ingestion.sources import sql_duckdb, sql_plain, sql_postgres

    url = _url(source.address or "")
    kind = url.get_backend_name()
    make: AbstractContextManager[tuple[Database, Quoting]]
    if kind == "postgresql":
        make = sql_postgres.opened(url)
    elif kind == "duckdb":
        make = sql_duckdb.opened(url)
    else:
        make = sql_plain.opened(url)
    with make as (database, quoting):
        yield database, sql_reading.statements(source, quoting)


def _url(address: str) -> "URL":
    """The address with its secrets; a relative path of a file starts from the folder of data."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    is_whole = addresses.VARIABLE.fullmatch(address) is not None
    try:
        url = make_url(environment.filled(address, secret=False) if is_whole else address)
    except (ArgumentError, ValueError) as err:
        raise MistakeOfUser(
            f"ingestion.source.address is not the address of a database: {addresses.shown(address)}."
        ) from err
    parts = {name: getattr(url, name) for name in ("username", "password", "host", "database")}
    for name, part in parts.items():
        if part is not None:
            filled: Any = {name: environment.filled(str(part), secret=name == "password")}
            url = url.set(**filled)
    options = {
        name: tuple(environment.filled(one) for one in ([value] if isinstance(value, str) else value))
        for name, value in url.query.items()
    }
    return url.set(query=options)
