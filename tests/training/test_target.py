"""A number that is learned on another scale, and rows that count as their weights say: through settings and rows."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from configs.errors import InvalidSettings
from configs.settings import PipelineSettings
from tasks.adapters.blobs.bundles import Bundles
from tasks.adapters.blobs.local import LocalBlobs
from tasks.problems import prediction
from tasks.scoring.compiled import compiler
from tasks.training import identities, learned_rows
from tasks.training.learned_rows import Window
from tasks.training.steps import pipelines
from tests import shop

ROWS = (
    shop.week(1)
    .dropna(subset=["price"])
    .assign(
        sold=lambda rows: np.expm1(0.3 * rows["items"].astype(float) + rows["shop"].eq("a")),
        weight=np.arange(len(shop.week(1).dropna(subset=["price"]))) % 3,
    )
)


def settings(candidate: str, **training: object) -> PipelineSettings:
    values = yaml.safe_load(shop.YAML)
    values["validation"]["columns"] |= {"sold": {"type": "number"}, "weight": {"type": "number", "min": 0}}
    values["training"] |= {"problem": "regression", "candidates": [yaml.safe_load(candidate)], **training}
    return PipelineSettings.model_validate_json(json.dumps(values))


def window(settings: PipelineSettings, rows: pd.DataFrame = ROWS) -> Window:
    return learned_rows.gathered([rows.iloc[:100], rows.iloc[100:]], settings)


@pytest.mark.parametrize(
    "candidate",
    [
        "{family: hist_gradient_boosting, max_iter: 20, min_samples_leaf: 5, learning_rate: 0.4}",
        "{family: linear_regression}",
        "{use: 'lightgbm:LGBMRegressor', settings: {n_estimators: 60, min_child_samples: 5}, title: own}",
        "{use: 'catboost:CatBoostRegressor', settings: {iterations: 60}, title: own}",
    ],
)
def test_what_is_learned_on_a_log_scale_is_answered_in_the_unit_of_the_label(candidate: str, tmp_path: Path) -> None:
    chosen = settings(candidate, target="log")
    rows = window(chosen)

    fitted = pipelines.learn(chosen.training.candidates[0], rows, chosen, identities.RECIPE)

    answers = prediction.predict(fitted, rows.prepared)
    assert np.corrcoef(np.log1p(answers), np.log1p(rows.outcomes))[0, 1] > 0.9
    assert answers.max() == pytest.approx(rows.outcomes.max(), rel=0.4)
    bundles = Bundles(LocalBlobs(tmp_path))
    written = bundles.write(fitted, rows.prepared.iloc[:50], answers[:50])
    assert np.array_equal(prediction.predict(bundles.check(written.bundle, written.golden), rows.prepared), answers)


def test_another_scale_is_another_model_and_no_scale_is_the_one_of_before() -> None:
    usual, log = settings("{family: linear_regression}"), settings("{family: linear_regression}", target="log")

    ids = [
        identities.model_id("s", one.training.candidates[0], one.training, one.validation.columns, "lock")
        for one in (usual, log, settings("{family: linear_regression}", weights="weight"))
    ]
    assert len({*ids}) == 3
    assert not {"target", "weights"} & usual.training.identity().keys()


def test_labels_below_zero_have_no_logarithm() -> None:
    chosen = settings("{family: linear_regression}", target="log")
    rows = window(chosen, ROWS.assign(sold=ROWS["sold"].mask(ROWS["items"] == 3, -2.0)))

    with pytest.raises(InvalidSettings, match=r"target: log needs labels from 0 on; \d+ of 3\d\d rows"):
        pipelines.learn(chosen.training.candidates[0], rows, chosen, identities.RECIPE)


def test_a_column_says_how_much_rows_count() -> None:
    chosen = settings("{family: linear_regression}", weights="weight")
    rows, without = window(chosen), ROWS[ROWS["weight"] > 0]

    fitted = pipelines.learn(chosen.training.candidates[0], rows, chosen, identities.RECIPE)

    counted = np.repeat(np.arange(len(without)), without["weight"])
    usual = settings("{family: linear_regression}")
    repeated = pipelines.learn(
        usual.training.candidates[0], window(usual, without.iloc[counted]), usual, identities.RECIPE
    )
    answers = [prediction.predict(one, rows.prepared) for one in (fitted, repeated)]
    assert rows.weights(chosen.training) is not None
    assert np.abs(answers[0] - answers[1]).max() < np.abs(answers[0]).max() / 20


def test_balanced_classes_count_the_same() -> None:
    rows = Window(pd.DataFrame({"a": range(10)}), np.array([True] * 2 + [False] * 8))
    chosen = settings("{family: linear_regression}").training.model_copy(update={"weights": "balanced"})

    weights = rows.weights(chosen)

    assert weights is not None
    assert (weights[:2].sum(), weights[2:].sum(), weights.mean()) == (5, 5, 1)


@pytest.mark.parametrize(
    ("training", "why"),
    [
        ({"target": "log", "problem": "binary"}, "training.target is not for a yes or no"),
        ({"weights": "balanced"}, "training.weights: balanced is not for a number to predict"),
        ({"weights": "price"}, "training.weights: column 'price' must have no nulls, and min: 0 or more"),
        ({"weights": "shop"}, "training.weights: column 'shop' must be of type integer or number"),
        ({"weights": "wait"}, "training.weights names the column 'wait', which validation.columns does not have"),
    ],
)
def test_scales_and_weights_that_do_not_fit_are_refused(training: dict[str, str], why: str) -> None:
    values = {"label": "gift", **training} if "problem" in training else training
    family = "{family: logistic_regression}" if "problem" in training else "{family: linear_regression}"

    with pytest.raises(ValueError, match=why):
        settings(family, **values)


def test_a_service_asks_such_a_model_as_it_was_fitted() -> None:
    chosen = settings("{family: hist_gradient_boosting, max_iter: 20, min_samples_leaf: 5}", target="log")
    rows = window(chosen)
    fitted = pipelines.learn(chosen.training.candidates[0], rows, chosen, identities.RECIPE)
    golden = rows.prepared.iloc[:60]

    selected = compiler.choose(fitted, golden, prediction.predict(fitted, golden))

    assert selected.compiled.title == "the Pipeline as it was fitted"
    assert selected.problem is not None
