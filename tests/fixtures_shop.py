"""A home with the small pipeline of `shop.py`."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.domain.turns import Outcome
from tasks.ingestion import intake
from tasks.training.steps import fitting, handles
from tasks.training.windows import Plan
from tests import homes, shop
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


@pytest.fixture
def shop_versions(shop_home: Home, shop_versions_template: Path) -> Home:
    """Three weeks of the shop; v1 learned from the first one, v2 from two, and is live; a corrected third was refused.

    In the corrected one four prices are others, so its rows have the keys of rows that were accepted.
    """
    homes.copied(shop_versions_template, shop_home.folder)
    assert shop_home.ledger  # it knows from now on where it is
    return shop_home


@pytest.fixture(scope="session")
def shop_versions_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """That home, to be copied."""
    folder = tmp_path_factory.mktemp("shop-versions")
    shop.write_pipeline(folder / "pipelines")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
        home = Home(folder / "home")
        _live(home)
        home.close()
    return home.folder


def _live(home: Home) -> None:
    settings, batches = home.settings("shop"), []
    for number in (1, 2, 3):
        batches.append(shop.take_in(home, f"week {number}", shop.week(number)))
        turn = home.ledger.turns.open("shop", batches[-1].id, batches[-1].name, None)
        home.ledger.turns.close("shop", turn, Outcome.NOT_JUDGED, ("why",))
    for number, family in ((1, "hist_gradient_boosting"), (2, "logistic_regression")):
        cutoff = (shop.START + timedelta(weeks=number + 1)).to_pydatetime()
        snapshot = handles.rows(home).select(Plan(tuple(batches[:number]), None, cutoff), settings)
        model = fitting.fit(home, fitting.order(home, settings, snapshot, family), settings)
        home.ledger.models.record_snapshot("shop", snapshot)
        home.ledger.models.record("shop", number, model, settings.canonical())
        version = home.ledger.models.register("shop", model.id)
        home.ledger.promotions.promote("shop", version, model.id, number, by="evidence rule", reason="better")
    home.ledger.turns.project("shop", 2, "importance", [["items", 0.1], ["shop", 0.02], ["price", -0.001]])
    content = io.BytesIO()
    week = shop.week(3)
    week.assign(price=week["price"].mask(week.index < 4, 7.0)).to_parquet(content, index=False)
    digest = home.store.keep_original(content.getvalue())
    refused = intake.refuse(digest, "week 3 corrected", len(week), "Too many rows were quarantined.")
    home.ledger.batches.record("shop", replace(refused, aside_file=digest))
