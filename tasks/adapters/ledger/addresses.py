"""Where the ledger is: the address that a user gave, read with care, and written without its secrets."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from configs.errors import UnusableHome

VARIABLE = "INCUMBENT_LEDGER_URL"
_POSTGRESQL = ("postgresql", "postgres")
_FORM = "postgresql://user:password@host:5432/database"


def read(url: str | URL) -> URL:
    """The address of the database; `postgresql://` means the driver that comes with Incumbent.

    Raises:
        UnusableHome: It is none. What was given is not repeated: a password may be anywhere in it.
    """
    try:
        found = make_url(url)
    except ArgumentError as err:
        raise UnusableHome(f"{VARIABLE} is not the address of a database. Write it as {_FORM}.") from err
    except ValueError:
        # `from None`: the error of the parser repeats what stands where the port should be.
        raise UnusableHome(
            f"{VARIABLE} has something else than a number where the port is expected. Write it as {_FORM}."
        ) from None
    if "@" in (found.host or ""):
        raise UnusableHome(
            f"{VARIABLE} has more than one @. Write one that belongs to the password as %40, and / : ? # % as "
            "%2F %3A %3F %23 %25."
        )
    return found.set(drivername="postgresql+psycopg") if found.drivername in _POSTGRESQL else found


def shown(url: URL) -> str:
    """The address as it may be shown to anybody: without password, and without options, which may hold one."""
    plain = url.set(query={}, drivername=url.get_backend_name())
    return plain.render_as_string(hide_password=True)
