"""A database as a source of rows: what it is asked, and what its errors mean.

Add here what is asked of every database. How one is read is said in the modules `sql_plain`, `sql_postgres` and
`sql_duckdb`, which `databases` chooses from; which rows are delivered when is decided in `sql_table`.
"""

from collections.abc import Generator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from configs import environment
from configs.errors import DeliveryWaits, LandingFolderMissing, MistakeOfUser, UnreadableFile
from configs.ingestion import Source

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import URL

DRIVERS = "PostgreSQL, SQLite and DuckDB are read as they are; see docs/your-data.md for the drivers of others"


@dataclass(frozen=True)
class Span:
    """Rows whose watermark is in some days."""

    since: date | None
    """The first day; None: from the first row on."""
    before: date
    """The day after the last one."""


@dataclass(frozen=True)
class Statements:
    """What is asked, in SQL that all databases know: of names in quotes, days, and the user's own query."""

    base: str
    """What comes after FROM."""
    watermark: str
    """The column, in quotes."""

    def rows(self, span: Span) -> str:
        """The rows of a span, in the order of their watermarks."""
        return f"SELECT * FROM {self.base} WHERE {self._within(span)} ORDER BY {self.watermark}"  # noqa: S608

    def undated(self) -> str:
        """The rows that have no watermark."""
        return f"SELECT * FROM {self.base} WHERE {self.watermark} IS NULL"  # noqa: S608

    def newest(self) -> str:
        """The largest watermark."""
        return f"SELECT MAX({self.watermark}) FROM {self.base}"  # noqa: S608

    def counted(self, where: str) -> str:
        """How many rows fulfil a condition."""
        return f"SELECT COUNT(*) FROM {self.base} WHERE {where}"  # noqa: S608

    def within(self, span: Span) -> str:
        """How many rows are in a span."""
        return self.counted(self._within(span))

    def without(self) -> str:
        """How many rows have no watermark."""
        return self.counted(f"{self.watermark} IS NULL")

    def _within(self, span: Span) -> str:
        """Days are compared as they are written, which dates, times and texts of both understand."""
        since = "" if span.since is None else f"{self.watermark} >= '{span.since.isoformat()}' AND "
        return f"{since}{self.watermark} < '{span.before.isoformat()}'"


class Database(Protocol):
    """An open database, in which nothing is ever written."""

    def value(self, statement: str) -> object:
        """The one value that a statement gives."""

    def rows(self, statement: str) -> "Generator[pa.RecordBatch]":
        """Its rows, some thousands at a time; at least one batch, so that the columns are known."""


def statements(source: Source, quoted: "Quoting") -> Statements:
    """What is asked of the table or query of a source."""
    watermark = quoted(source.watermark or "")
    if source.query is not None:
        return Statements(f"(\n{source.query.strip().rstrip(';')}\n) AS incumbent_rows", watermark)
    return Statements(".".join(quoted(part) for part in (source.table or "").split(".")), watermark)


class Quoting(Protocol):
    """How a database puts names in quotes."""

    def __call__(self, name: str, /) -> str:
        """A name in quotes."""


def quoted(name: str) -> str:
    """A name in the quotes of the standard."""
    return '"' + name.replace('"', '""') + '"'


def file_of(url: "URL") -> str:
    """The path of a database that is a file.

    Raises:
        LandingFolderMissing: There is no such file: opening one would make it.
    """
    path = environment.data_folder() / (url.database or "")
    if not path.is_file():
        wrong = "is not a file" if path.exists() else "does not exist"
        raise LandingFolderMissing(
            f"The database {path} {wrong}. Put it there, or name another one as ingestion.source.address; a relative "
            "path starts from INCUMBENT_DATA."
        )
    return str(path)


def waits(err: Exception) -> DeliveryWaits:
    """That a database cannot be reached, or has gone away."""
    return DeliveryWaits(
        f"The database cannot be read just now: {told(err)}. The next run tries again; nothing was half delivered."
    )


def refused(err: Exception) -> LandingFolderMissing:
    """That a database does not have, or does not give, what it is asked for."""
    return LandingFolderMissing(
        f"The database refuses what it is asked: {told(err)}. See table, query and watermark of ingestion.source, and "
        "the rights of the user."
    )


def unreadable(err: Exception) -> UnreadableFile:
    """That a value cannot be read."""
    return UnreadableFile(f"A value cannot be read: {told(err)}.")


def absent(package: str, extra: str) -> MistakeOfUser:
    """That a driver is not installed."""
    return MistakeOfUser(f"This database needs the package {package}, which is not installed{extra}. {DRIVERS}.")


def told(err: Exception) -> str:
    """The first line of what a driver says, without secrets."""
    lines = (line.strip() for line in str(err).splitlines())
    return environment.masked(next(filter(None, lines), type(err).__name__).rstrip(". "))
