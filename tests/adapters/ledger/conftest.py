"""Ledgers for tests, and a clock that can be put forward."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.adapters.ledger.book import Ledger


class Clock:
    """The present moment, and later if somebody says so."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def open_ledger(database: Path, clock: Clock) -> Iterator[Callable[[], Ledger]]:
    """Opens the one ledger of the test, each time as another holder would."""
    opened: list[Ledger] = []

    def look() -> Ledger:
        opened.append(Ledger(f"sqlite:///{database}", database.with_name(".lock"), clock))
        return opened[-1]

    yield look
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(open_ledger: Callable[[], Ledger]) -> Ledger:
    return open_ledger()
