"""Versions of other libraries, and of a user's function: they answer without the house, as packages and in MLflow."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deployments.package import building
from tasks.adapters.home import Home
from tasks.adapters.mlflow import packaging
from tasks.training.steps import fitting, handles
from tasks.training.windows import Plan
from tests import homes, shop
from tests.deployments.package import packages
from tests.flows.test_estimators import CODE, yaml

CANDIDATES = {
    "lightgbm": "{use: lightgbm.LGBMClassifier, with: {n_estimators: 12}, title: own}",
    "xgboost": "{use: xgboost.XGBClassifier, with: {n_estimators: 12}, title: own}",
    "catboost": "{use: catboost.CatBoostClassifier, with: {iterations: 12}, title: own}",
    "function": "{use: build, title: own}",
}
ELSEWHERE = """
import importlib.util, json, sys
import mlflow, pandas as pd
assert not any(importlib.util.find_spec(name) for name in ("tasks", "configs", "flows"))
rows = pd.DataFrame(json.load(sys.stdin))
print(json.dumps(mlflow.pyfunc.load_model(sys.argv[1]).predict(rows).tolist()))
"""


@pytest.fixture(params=CANDIDATES)
def version(
    request: pytest.FixtureRequest, shop_versions_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Home, int]]:
    """Which it is, its home, and its number."""
    shop.write_pipeline(tmp_path / "pipelines", text=yaml(CANDIDATES[request.param]))
    (tmp_path / "pipelines" / "shop.py").write_text(CODE)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    with closing(Home(homes.copied(shop_versions_template, tmp_path / "home"))) as home:
        settings, batches = home.settings("shop"), home.ledger.batches.all("shop")
        cutoff = (shop.START + timedelta(weeks=2)).to_pydatetime()
        snapshot = handles.rows(home).select(Plan(tuple(batches[:1]), None, cutoff), settings)
        model = fitting.fit(home, fitting.order(home, settings, snapshot, "own"), settings)
        home.ledger.models.record_snapshot("shop", snapshot)
        home.ledger.models.record("shop", 3, model, settings.canonical())
        yield request.param, home, home.ledger.models.register("shop", model.id)


def asked(home: Home, number: int) -> tuple[list[dict[str, Any]], list[float]]:
    """Golden rows, and what they were answered at the gate."""
    model = home.ledger.models.versions("shop")[number]
    rows, answers = home.bundles.golden(model.golden)
    plain = rows.astype(object).where(rows.notna(), None)
    return plain.to_dict("records"), [float(answer) for answer in answers]


@pytest.mark.long
def test_a_package_answers_without_the_house(version: tuple[str, Home, int], tmp_path: Path) -> None:
    name, home, number = version
    folder = building.build(home, "shop", number, None).folder
    wanted = {"xgboost": "xgboost-cpu", "function": "scikit-learn"}.get(name, name)
    assert wanted in packages.pinned(folder)

    rows, answers = packages.golden_rows(folder)
    site = packages.only(packages.pinned(folder), tmp_path / "site")
    with packages.running(packages.alone(folder, site, "--port", "0"), tmp_path) as answering:
        status, _, answer = answering.ask("/invocations", {"dataframe_records": rows})

    assert status == 200
    assert [pair[1] for pair in answer["predictions"]] == pytest.approx(answers, abs=1e-9)


@pytest.mark.long
def test_mlflow_alone_loads_it(version: tuple[str, Home, int], tmp_path: Path) -> None:
    name, home, number = version
    model = home.ledger.models.versions("shop")[number]
    types = home.bundles.types(model.bundle)
    features = (("shop", "category", True), ("items", "integer", True), ("price", "number", True))
    packaging.pack(
        packaging.Packaged(
            "m-1", "r-1", "there", lambda: home.bundles.content(model.bundle), types, features, datetime.now(UTC)
        ),
        tmp_path / "logged",
    )
    rows, answers = asked(home, number)

    ran = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", ELSEWHERE, str(tmp_path / "logged")],
        input=json.dumps(rows), capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert ran.returncode == 0, ran.stderr
    assert [pair[1] for pair in json.loads(ran.stdout)] == pytest.approx(answers, abs=1e-9)
    needed = (tmp_path / "logged" / "requirements.txt").read_text()
    assert name == "function" or name in needed
