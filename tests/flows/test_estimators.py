"""Estimators of other libraries and of a user's own function, through whole turns: kept, made again, gone back to."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tasks.adapters import home as homes
from tasks.adapters.blobs import skops_files
from tasks.adapters.home import Home
from tasks.domain.turns import Outcome
from tasks.lineage.steps import reproduction, retraining, verification
from tasks.lineage.steps.retraining import Remade
from tasks.problems import prediction
from tests import one_turn, shop
from tests.one_turn import beside, catch_up, live

BEGIN, END = (shop.YAML.index(part) for part in ("    - {family: hist", "evaluation:"))
CODE = """\
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder


def doubled(values):
    return values * 2


def build(columns, strength=1.0):
    texts = [name for name, kind in columns.items() if kind == "category"]
    numbers = [name for name in columns if name not in texts]
    parts = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), texts),
        (make_pipeline(SimpleImputer(), FunctionTransformer(doubled)), numbers),
    )
    return make_pipeline(parts, LogisticRegression(C=strength))


def bare(columns):
    return LogisticRegression()
"""


def yaml(*candidates: str) -> str:
    return shop.YAML[:BEGIN] + "".join(f"    - {one}\n" for one in candidates) + shop.YAML[END:]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    with one_turn.home(tmp_path, monkeypatch, yaml("{family: logistic_regression}")) as opened:
        yield opened


@pytest.mark.parametrize(
    ("candidate", "name", "types"),
    [
        ("use: lightgbm.LGBMClassifier, with: {n_estimators: 12}", "lightgbm", {"lightgbm.basic.Booster"}),
        ("use: xgboost.XGBClassifier, with: {n_estimators: 12}", "xgboost", {"xgboost.core.Booster"}),
        ("use: catboost.CatBoostClassifier, with: {iterations: 12}", "catboost", {"catboost.core.CatBoostClassifier"}),
    ],
)
def test_boosted_trees_of_a_library_go_live_and_are_made_again(
    home: Home, candidate: str, name: str, types: set[str]
) -> None:
    opened = beside(home, yaml(f"{{{candidate}, title: {name}}}"), "")
    with homes.use(opened):
        assert catch_up(opened) is Outcome.FIRST_CHAMPION

        model = live(opened)
        assert model.family == name
        assert types < {*opened.bundles.types(model.bundle)}
        assert skops_files.beyond_reviewed(opened.bundles.types(model.bundle)) == []
        again = reproduction.reproduce(opened, "shop", model)
        assert (again.succeeded, again.same_bytes) == (True, True)


def test_a_pipeline_of_a_users_function_goes_live_with_its_code(home: Home) -> None:
    own = yaml("{use: build, with: {strength: 0.5}}")
    with homes.use(beside(home, own, CODE)) as before:
        assert catch_up(before) is Outcome.FIRST_CHAMPION
        model = live(before)
        golden, expected = before.bundles.golden(model.golden)

    other = yaml("{family: logistic_regression}") + "  # the function is gone"
    trusted = other.replace("  candidates:", "  trusted: [configs.pipelines.shop.doubled]\n  candidates:")
    changed = beside(home, trusted, CODE.replace("* 2", "* 3"))
    changed.settings("shop")
    answers = prediction.predict(changed.bundles.check(model.bundle, model.golden), golden)
    assert np.allclose(answers, expected, rtol=0, atol=1e-9)
    assert dict(model.parameters) == {"strength": "0.5"}


def test_what_a_function_gives_alone_gets_our_preprocessing(home: Home) -> None:
    with homes.use(beside(home, yaml("{use: bare}"), CODE)) as opened:
        assert catch_up(opened) is Outcome.FIRST_CHAMPION
        fitted = opened.bundles.load(live(opened).bundle, live(opened).golden)

    assert [name for name, *_ in fitted.named_steps["encode"].transformers_] == ["numbers", "categories"]
    assert fitted.named_steps["model"].random_state == 5
    assert json.dumps([*map(str, fitted.feature_names_in_)]) == '["shop", "items", "price"]'


def test_windows_compete_and_each_model_names_its_own_rows(home: Home) -> None:
    tree = "family: hist_gradient_boosting, max_iter: 10, min_samples_leaf: 5"
    opened = beside(
        home, yaml(f"{{{tree}}}", f"{{{tree}, window: {{days: 12}}}}", f"{{{tree}, window: {{days: 1}}}}"), ""
    )
    with homes.use(opened):
        assert catch_up(opened) is Outcome.FIRST_CHAMPION
        one_turn.deliver(opened, "third", 3)
        catch_up(opened)

        days = {}
        for model in opened.ledger.models.all("shop"):
            length = model.snapshot.start and (model.snapshot.cutoff - model.snapshot.start).days
            days.setdefault(model.family, set()).add((length, model.snapshot.rows))
        assert days["hist_gradient_boosting"] > {(None, 288)}
        assert days["hist_gradient_boosting_12_days"] == {(None, 288), (12, 192)}
        assert days["hist_gradient_boosting_1_days"] == {(None, 288)}, "a day has fewer rows than are needed"
        assert [*verification.verify(opened, "shop")] == []


CHANCE = """\
import numpy as np
from sklearn.linear_model import LogisticRegression


class Lucky(LogisticRegression):
    def fit(self, rows, labels):
        super().fit(rows, labels)
        self.intercept_ = self.intercept_ + np.random.default_rng().random() / 100
        return self
"""


def test_an_estimator_that_goes_by_chance_is_said_to_do_so(home: Home) -> None:
    with homes.use(beside(home, yaml("{use: Lucky}"), CHANCE)) as opened:
        catch_up(opened)
        again = reproduction.reproduce(opened, "shop", live(opened))
        (found,) = {one.outcome for one in retraining.retrain(opened, "shop")}

    assert not again.succeeded
    assert again.by_chance is not None and 0 < again.by_chance < 0.01
    assert found is Remade.NOT_POSSIBLE, "the promise cannot be held by anybody"
