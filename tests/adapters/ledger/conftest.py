"""Ledgers for tests, on each database that one may be kept in, and a clock that can be put forward."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, text

from tasks.adapters.ledger import addresses
from tasks.adapters.ledger.book import Ledger
from tasks.adapters.ledger.opening import open_engine
from tests.fixtures_postgres import Cluster, Ledgers

Row = tuple[Any, ...]


class Clock:
    """The present moment, and later if somebody says so."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Database:
    """The database of one test: its address, and a back door to look and to meddle."""

    url: str
    lock: Path

    @property
    def kind(self) -> str:
        return addresses.read(self.url).get_backend_name()

    @property
    def file(self) -> Path:
        """Of SQLite."""
        return Path(self.url.removeprefix("sqlite:///"))

    def execute(self, *statements: str, **values: object) -> list[Row]:
        """Statements as anybody could type them, committed together; the rows of the last one."""
        engine = create_engine(addresses.read(self.url), poolclass=NullPool)
        with engine.begin() as connection:
            for statement in statements:
                found = connection.execute(text(statement), values)
            return [tuple(row) for row in found] if found.returns_rows else []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def sqlite_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger in SQLite whose tables are there and empty."""
    folder = tmp_path_factory.mktemp("sqlite")
    open_engine(f"sqlite:///{folder / 'ledger.db'}", folder / ".lock").dispose()
    return folder / "ledger.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database whose tables are there and empty; every test that has one runs on both kinds."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_ledger"), tmp_path / "ledger.db")
        yield Database(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / ".lock")
        return
    ledgers: Ledgers = request.getfixturevalue("postgres_ledgers")
    url = ledgers.take()
    yield Database(url, tmp_path / ".lock")
    ledgers.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_databases(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Database]:
    """Gives databases in which nothing is yet, each time another one."""
    numbers = itertools.count()

    def make() -> Database:
        if request.param == "sqlite":
            return Database(f"sqlite:///{tmp_path / f'ledger{next(numbers)}.db'}", tmp_path / ".lock")
        cluster: Cluster = request.getfixturevalue("postgres")
        return Database(cluster.url(cluster.new_database()), tmp_path / ".lock")

    return make


@pytest.fixture
def empty_database(empty_databases: Callable[[], Database]) -> Database:
    """A database in which nothing is yet."""
    return empty_databases()


@pytest.fixture
def open_ledger(database: Database, clock: Clock) -> Iterator[Callable[[], Ledger]]:
    """Opens the one ledger of the test, each time as another holder would."""
    opened: list[Ledger] = []

    def look() -> Ledger:
        opened.append(Ledger(database.url, database.lock, clock))
        return opened[-1]

    yield look
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[[], Ledger]) -> Ledger:
    return open_ledger()
