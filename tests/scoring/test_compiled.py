"""What is compiled answers as its Pipeline does, on every kind of value; what cannot be compiled is the Pipeline."""

import json
import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.pipeline import Pipeline

from configs.validation import ColumnRule
from tasks.problems import prediction
from tasks.scoring.compiled import compiler, encoders, links
from tasks.scoring.compiled.as_fitted import AsFitted
from tasks.scoring.compiled.base import CannotCompile
from tasks.scoring.compiled.linear_sum import LinearSum
from tasks.scoring.compiled.tree_compiler import TreeCompiler
from tasks.scoring.compiled.trees import Trees
from tasks.training import preparation
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LinearRegressionCandidate, LogisticRegressionCandidate

RULES = {
    "town": ColumnRule(type="category", nullable=True),
    "kind": ColumnRule(type="category", nullable=True),
    "size": ColumnRule(type="number", nullable=True),
    "count": ColumnRule(type="integer", nullable=True),
    "gift": ColumnRule(type="boolean", nullable=True),
    "empty": ColumnRule(type="number", nullable=True),
}
NAMES = tuple(RULES)
BOOSTED = HistGradientBoostingCandidate(
    family="hist_gradient_boosting", max_iter=40, max_leaf_nodes=15, min_samples_leaf=5
)
CANDIDATES: list[tuple[Any, str]] = [
    (BOOSTED, "binary"),
    (BOOSTED, "regression"),
    (BOOSTED.model_copy(update={"max_leaf_nodes": 64}), "binary"),
    (LogisticRegressionCandidate(family="logistic_regression", min_frequency=5), "binary"),
    (LinearRegressionCandidate(family="linear_regression", min_frequency=5), "regression"),
]


def rows(number: int, seed: int, *, strange: bool = False) -> pd.DataFrame:
    """Rows with gaps; strange ones have texts that nobody has seen, and numbers far away."""
    source = np.random.default_rng(seed)
    towns = [f"t{place}" for place in range(12)] + (["Ωmega", "", "t 1"] if strange else [])
    size = source.normal(50, 20, number).round(1)
    frame = pd.DataFrame(
        {
            "town": pd.Series(source.choice(towns, number), dtype="str"),
            "kind": pd.Series(source.choice(["a", "b"] + (["z"] if strange else []), number), dtype="str"),
            "size": size * (source.choice([1.0, 1e12, -1e-9], number) if strange else 1.0),
            "count": pd.array(source.integers(0, 9, number), dtype="Int64"),
            "gift": pd.array(source.random(number) < 0.4, dtype="boolean"),
            "empty": np.full(number, math.nan) if not strange else source.normal(0, 1, number),
        }
    )
    return frame.mask(source.random(frame.shape) < 0.08)


def fitted(candidate: Any, problem: Any, seed: int = 0) -> tuple[Pipeline, pd.DataFrame]:
    frame = rows(1_500, seed)
    prepared = preparation.prepare(frame, NAMES, RULES)
    told = (
        frame["size"].fillna(0) / 40 + frame["town"].isin(["t1", "t5"]) * 2 + frame["count"].fillna(3).astype(float) / 9
    )
    noisy = (told + np.random.default_rng(seed + 1).normal(0, 1, len(frame))).to_numpy(dtype=np.float64)
    labels = noisy > np.median(noisy) if problem == "binary" else 1e4 * noisy
    from tasks.training import learning

    return learning.fit(families.build(candidate, NAMES, RULES, 0, problem), prepared, labels, threads=1), prepared


@pytest.mark.parametrize(("candidate", "problem"), CANDIDATES)
@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_rows_of_every_kind_are_answered_as_the_pipeline_answers_them(candidate, problem, seed):
    pipeline, prepared = fitted(candidate, problem, seed)
    asked = preparation.prepare(
        pd.concat([rows(5_000, seed + 10), rows(5_000, seed + 20, strange=True)], ignore_index=True), NAMES, RULES
    )
    expected = prediction.predict(pipeline, asked)

    chosen = compiler.choose(pipeline, prepared[:200], prediction.predict(pipeline, prepared[:200]))

    assert isinstance(chosen.compiled, Trees | LinearSum) and chosen.problem == ""
    scale = np.maximum(1.0, np.abs(expected))
    assert (np.abs(chosen.compiled.many(compiler.columns(asked)) - expected) / scale).max() < 1e-9
    plain = [compiler._values(row) for row in asked[:300].itertuples(index=False)]
    assert (np.abs([chosen.compiled.one(row) for row in plain] - expected[:300]) / scale[:300]).max() < 1e-9
    together = chosen.compiled.many(list(zip(*plain, strict=True)))
    assert (np.abs(together - expected[:300]) / scale[:300]).max() < 1e-9
    arrays, values = chosen.compiled.tables()
    again = type(chosen.compiled).of_tables(arrays, json.loads(json.dumps(values)))
    assert np.array_equal(again.many(compiler.columns(asked)), chosen.compiled.many(compiler.columns(asked)))


@pytest.mark.parametrize("value", [49.999999, 50.0, math.nextafter(50.0, 51), -0.0, 0.0, 1e300, -1e300, None])
def test_a_value_at_a_threshold_goes_where_it_went(value):
    prepared = pd.DataFrame({"size": np.repeat([10.0, 50.0, 90.0, math.nan], 100)})
    rule = {"size": ColumnRule(type="number", nullable=True)}
    pipeline = families.build(BOOSTED, ("size",), rule, 0, "regression").fit(
        prepared, np.repeat([1.0, 2.0, 9.0, 4.0], 100)
    )

    answer = TreeCompiler.of(pipeline).one([value])

    assert answer == pytest.approx(
        prediction.predict(pipeline, pd.DataFrame({"size": [value]}, dtype=float))[0], abs=1e-12
    )


def test_what_no_compiler_knows_is_asked_itself_and_says_why():
    pipeline, prepared = fitted(BOOSTED, "binary")
    own = Pipeline([("encode", pipeline.steps[0][1]), ("model", RandomForestClassifier(5, random_state=0))])
    own.fit(prepared, np.arange(len(prepared)) % 3 == 0)
    expected = prediction.predict(own, prepared[:50])

    chosen = compiler.choose(own, prepared[:50], expected)

    assert isinstance(chosen.compiled, AsFitted)
    assert chosen.problem == "it is no linear model"
    plain = [compiler._values(row) for row in prepared[:50].itertuples(index=False)]
    assert np.array_equal(chosen.compiled.many(list(zip(*plain, strict=True))), expected)
    assert chosen.compiled.one(plain[3]) == expected[3]


def of_sizes(model: Any) -> tuple[Pipeline, pd.DataFrame]:
    """A model of one number, fitted on what is above 0."""
    prepared = pd.DataFrame({"size": np.random.default_rng(0).normal(9, 1, 2_000)})
    numbers = families.build(BOOSTED, ("size",), {"size": ColumnRule(type="number")}, 0, "regression").steps[0]
    return Pipeline([numbers, ("model", model)]).fit(prepared, np.exp(np.sin(prepared["size"] * 9))), prepared


def test_trees_that_the_tables_do_not_hold_are_left_to_the_pipeline():
    pipeline, _ = of_sizes(HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=100, min_samples_leaf=1))

    with pytest.raises(CannotCompile, match="leaves, more than 64"):
        TreeCompiler.of(pipeline)


def test_a_link_that_nobody_knows_is_left_to_the_pipeline():
    model = HistGradientBoostingRegressor()
    model._loss = SimpleNamespace(link=object())

    with pytest.raises(CannotCompile, match="a link of its own"):
        encoders.link(model)


@pytest.mark.parametrize("loss", ["squared_error", "absolute_error", "gamma", "poisson"])
def test_sums_of_trees_become_answers_as_their_loss_has_it(loss: str):
    pipeline, prepared = of_sizes(HistGradientBoostingRegressor(max_iter=5, max_leaf_nodes=7, loss=loss))
    expected = prediction.predict(pipeline, prepared[:200])

    chosen = compiler.choose(pipeline, prepared[:200], expected)
    arrays, plain = chosen.compiled.tables()

    assert isinstance(chosen.compiled, Trees)
    columns = compiler.columns(prepared[:200])
    np.testing.assert_allclose(chosen.compiled.many(columns), expected, rtol=1e-9)
    np.testing.assert_allclose(Trees.of_tables(arrays, plain).many(columns), expected, rtol=1e-9)


def test_a_sum_too_large_for_a_number_is_infinite():
    assert links.Exponential().one(1e4) == math.inf
    assert links.Exponential().many(np.array([1e4]))[0] == math.inf


def test_what_answers_differently_does_not_answer(monkeypatch):
    pipeline, prepared = fitted(BOOSTED, "binary")
    expected = prediction.predict(pipeline, prepared[:100])
    monkeypatch.setattr(Trees, "many", lambda self, columns: np.full(len(columns[0]), 0.5))

    chosen = compiler.choose(pipeline, prepared[:100], expected)

    assert isinstance(chosen.compiled, AsFitted)
    assert chosen.problem.startswith("tables of boosted trees answered differently, by up to 0.")
