"""A version that no compiler knows, of a family in the file beside the pipeline file: it leaves as it was fitted."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from deployments.package import building
from tasks.adapters.home import Home
from tasks.training.steps import fitting, handles
from tasks.training.windows import Plan
from tests import homes, shop
from tests.deployments.package import packages

CODE = """
from sklearn.ensemble import ExtraTreesClassifier

class Forest(ExtraTreesClassifier):
    title = "own forest"

    def predict_proba(self, rows):
        return super().predict_proba(rows)
"""
YAML = shop.YAML.replace(
    "{family: hist_gradient_boosting, max_iter: 10, min_samples_leaf: 5}",
    "{use: Forest, settings: {n_estimators: 7, max_depth: 4}}",
).replace("evaluation:", "  trusted: [sklearn.tree._tree.Tree]\nevaluation:")


@pytest.fixture(scope="module")
def forest(shop_versions_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its package."""
    folder = tmp_path_factory.mktemp("forest")
    shop.write_pipeline(folder / "pipelines", text=YAML)
    (folder / "pipelines" / "shop.py").write_text(CODE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCUMBENT_PIPELINES", str(folder / "pipelines"))
        with closing(Home(homes.copied(shop_versions_template, folder / "home"))) as home:
            settings, batches = home.settings("shop"), home.ledger.batches.all("shop")
            cutoff = (shop.START + timedelta(weeks=2)).to_pydatetime()
            snapshot = handles.rows(home).select(Plan(tuple(batches[:1]), None, cutoff), settings)
            model = fitting.fit(home, fitting.order(home, settings, snapshot, "own_forest"), settings)
            home.ledger.models.record_snapshot("shop", snapshot)
            home.ledger.models.record("shop", 3, model, settings.canonical())
            version = home.ledger.models.register("shop", model.id)
            yield building.build(home, "shop", version, None).folder


def test_it_holds_the_code_and_what_that_needs(forest: Path) -> None:
    assert (forest / "configs" / "pipelines" / "shop.py").read_text() == CODE
    assert {"scikit-learn", "skops", "pandas", "threadpoolctl"} < {*packages.pinned(forest)}
    assert not {"prefect", "mlflow", "sqlalchemy", "pyarrow", "matplotlib"} & {*packages.pinned(forest)}


def test_it_answers_its_golden_rows_without_the_house(forest: Path, tmp_path: Path) -> None:
    rows, wanted = packages.golden_rows(forest)
    moved = Path(shutil.copytree(forest, tmp_path / "elsewhere"))
    site = packages.only(packages.pinned(forest), tmp_path / "site")

    with packages.running(packages.alone(moved, site, "--port", "0"), tmp_path) as answering:
        status, headers, answer = answering.ask("/invocations", {"dataframe_records": rows})
        one = answering.ask("/invocations", {"dataframe_records": rows[:1]})[2]

    assert (status, headers["x-incumbent-version"]) == (200, "3")
    assert [pair[1] for pair in answer["predictions"]] == pytest.approx(wanted, abs=1e-9)
    assert one["predictions"][0][1] == pytest.approx(wanted[0], abs=1e-9)
