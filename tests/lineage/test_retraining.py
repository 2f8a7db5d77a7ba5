"""Every model is made again, and says the same; or it is told why that could not be found out."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier

from tasks.adapters.blobs import bundles
from tasks.adapters.home import Home
from tasks.lineage.steps import reproduction, retraining
from tasks.lineage.steps.retraining import Remade, Retrained
from tasks.training import learning
from tasks.training.steps import fitting
from tests.lineage import damages

GOLDEN = 1000
"""More rows than a golden batch has, and fewer than a model learns from."""


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    shutil.copytree(lived_home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect", "mlflow", "reports"))
    opened = Home(tmp_path / "home")
    yield opened
    opened.close()


def remade(home: Home) -> list[Retrained]:
    return list(retraining.retrain(home, "flights"))


def test_every_model_says_the_same_when_it_is_made_again(home: Home) -> None:
    before = sorted(path.name for path in (home.folder / "bundles").iterdir())

    found = remade(home)

    assert found[0].version == 2, "the live one first: the refit of the first champion"
    assert {one.model for one in found} == {model.id for model in home.ledger.models.all("flights")}
    assert {one.outcome for one in found} == {Remade.SAME}
    assert all(one.finding is None and "bundle the same to the last byte" in one.text for one in found)
    assert sorted(path.name for path in (home.folder / "bundles").iterdir()) == before


@pytest.mark.long
def test_a_model_that_says_something_else_breaks_the_promise(home: Home) -> None:
    damages.exchange_bundles(home)

    found = {one.version: one for one in remade(home)}

    finding = found[3].finding
    assert finding is not None and finding.invariant == "I12"
    assert "answers differently on" in finding.text
    assert found[1].finding is None


def test_rows_that_are_gone_are_named_and_break_no_promise(home: Home) -> None:
    damages.file_of(home, "2013-01", "accepted_file").unlink()

    found = remade(home)

    assert {one.outcome for one in found} == {Remade.NOT_POSSIBLE}
    assert all("the rows of batch 2013-01" in one.text and one.finding is None for one in found)


def test_a_bundle_that_is_gone_is_noticed_before_anything_is_fitted(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(home.folder / "bundles")
    fits: list[object] = []
    monkeypatch.setattr(fitting, "fit", lambda *given, **_: fits.append(given))

    found = remade(home)

    assert ({one.outcome for one in found}, fits) == ({Remade.NOT_POSSIBLE}, [])
    assert all("cannot be read" in one.text for one in found)


def test_parameters_that_the_installed_libraries_refuse_break_no_promise(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        HistGradientBoostingClassifier(max_iter=-1).fit([[0]], [0])

    monkeypatch.setattr(learning, "fit", refuse)

    found = remade(home)

    assert {one.outcome for one in found} == {Remade.NOT_POSSIBLE}
    assert all("The installed libraries do not fit model" in one.text for one in found)
    assert not any(".." in one.text for one in found)


def test_how_far_answers_are_off_is_measured_as_at_the_gate(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(_: object, expected: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> object:
        return np.full(len(expected), 0.25 if len(expected) > GOLDEN else 0.0)  # golden rows alone: it is loaded

    monkeypatch.setattr(bundles, "differences", measure)

    made = reproduction.reproduce(home, "flights", home.ledger.models.all("flights")[0])

    assert (made.largest, made.succeeded) == (0.25, False)
