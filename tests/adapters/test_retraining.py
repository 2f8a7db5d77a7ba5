"""Every model is made again, and says the same; or it is told why that could not be found out."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasks.adapters import retraining
from tasks.adapters.home import Home
from tasks.adapters.retraining import Remade, Retrained
from tests.adapters import damages


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(lived_home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect", "mlflow", "reports"))
    opened = Home(tmp_path / "home")
    yield opened
    opened.close()


def remade(home: Home) -> list[Retrained]:
    return list(retraining.retrain(home, "flights"))


def test_every_model_says_the_same_when_it_is_made_again(home: Home) -> None:
    bundles = sorted(path.name for path in (home.folder / "bundles").iterdir())

    found = remade(home)

    assert [one.version for one in found[:1]] == [1]
    assert {one.model for one in found} == {model.id for model in home.ledger.models.all("flights")}
    assert {one.outcome for one in found} == {Remade.SAME}
    assert all(one.finding is None and "bundle the same to the last byte" in one.text for one in found)
    assert sorted(path.name for path in (home.folder / "bundles").iterdir()) == bundles


@pytest.mark.long
def test_a_model_that_says_something_else_breaks_the_promise(home: Home) -> None:
    damages.exchange_bundles(home)

    found = {one.version: one for one in remade(home)}

    finding = found[2].finding
    assert finding is not None and finding.invariant == "I12"
    assert "answers differently on" in finding.text
    assert found[1].finding is None


def test_rows_that_are_gone_are_named_and_break_no_promise(home: Home) -> None:
    damages.file_of(home, "2013-01", "accepted_file").unlink()

    found = remade(home)

    assert {one.outcome for one in found} == {Remade.NOT_POSSIBLE}
    assert all("the rows of batch 2013-01" in one.text and one.finding is None for one in found)
