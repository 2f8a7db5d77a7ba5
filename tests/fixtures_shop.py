"""A home with the small pipeline of `shop.py`."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tests import shop
from tests.fixtures_postgres import Ledgers


@pytest.fixture
def ledger_url() -> str | None:
    """Where the home of the test has its ledger: in itself; a module may say `either_ledger` instead."""
    return None


@pytest.fixture(params=["sqlite", "postgresql"])
def either_ledger(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """A ledger in the home, and one on PostgreSQL."""
    if request.param == "sqlite":
        yield None
        return
    ledgers: Ledgers = request.getfixturevalue("postgres_ledgers")
    url = ledgers.take()
    yield url
    ledgers.give_back(url)


@pytest.fixture
def shop_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger_url: str | None) -> Iterator[Home]:
    """An empty home; its only pipeline is `shop`."""
    shop.write_pipeline(tmp_path / "pipelines")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    home = Home(tmp_path / "home", ledger_url)
    yield home
    home.close()
