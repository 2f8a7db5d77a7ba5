"""What a candidate leaves open, and what it is built into."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from configs.errors import IncumbentError
from configs.problems import ProblemName
from configs.training import Candidate
from configs.validation import ColumnRule
from tasks.problems import prediction
from tasks.training import learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LinearRegressionCandidate, LogisticRegressionCandidate

OPEN = HistGradientBoostingCandidate(family="hist_gradient_boosting", max_iter=20)
COLUMNS = {"size": ColumnRule(type="number", nullable=True), "city": ColumnRule(type="category", nullable=True)}
BOTH = pytest.mark.parametrize(
    ("problem", "kind", "leaves"),
    [("binary", HistGradientBoostingClassifier, 7), ("regression", HistGradientBoostingRegressor, 15)],
)


@pytest.mark.parametrize(
    ("rows", "leaf"),
    [(1, 20), (300, 20), (1_049, 20), (1_050, 21), (6_720, 134), (49_999, 999), (50_050, 1_000), (10_000_000, 1_000)],
)
def test_a_leaf_holds_a_fiftieth_of_the_rows_within_bounds(rows: int, leaf: int) -> None:
    sized = families.sized(OPEN, rows, "binary")
    assert isinstance(sized, HistGradientBoostingCandidate)
    assert sized.min_samples_leaf == leaf


def test_what_the_settings_say_is_kept() -> None:
    said = OPEN.model_copy(update={"max_leaf_nodes": 31, "min_samples_leaf": 5})
    assert families.sized(said, 100_000, "binary") == said
    half = OPEN.model_copy(update={"min_samples_leaf": 5})
    assert families.sized(half, 100_000, "binary") == half.model_copy(update={"max_leaf_nodes": 7})


@pytest.mark.parametrize(
    "candidate",
    [
        LogisticRegressionCandidate(family="logistic_regression"),
        LinearRegressionCandidate(family="linear_regression"),
    ],
    ids=lambda candidate: candidate.family,
)
def test_a_linear_model_leaves_nothing_open(candidate: Candidate) -> None:
    assert families.sized(candidate, 1_000, "binary") is candidate


@BOTH
def test_what_is_built_has_the_sizes(problem: ProblemName, kind: type, leaves: int) -> None:
    pipeline = families.build(families.sized(OPEN, 5_000, problem), tuple(COLUMNS), COLUMNS, 0, problem)
    model = pipeline.steps[-1][1]
    assert isinstance(model, kind)
    assert (model.max_leaf_nodes, model.min_samples_leaf) == (leaves, 100)


def test_a_candidate_that_is_not_sized_is_not_built() -> None:
    with pytest.raises(IncumbentError, match=r"families\.sized"):
        families.build(OPEN, tuple(COLUMNS), COLUMNS, 0, "binary")


def test_a_few_hundred_rows_are_enough_for_the_defaults_to_learn_something() -> None:
    source = np.random.default_rng(1)
    frame = pd.DataFrame({"size": source.normal(size=300), "city": source.choice(["Oslo", "Rome"], 300)})
    truth = (frame["size"] + (frame["city"] == "Oslo") > 0.5).to_numpy()
    prepared = preparation.prepare(frame, tuple(COLUMNS), COLUMNS)
    built = families.build(families.sized(OPEN, len(frame), "binary"), tuple(COLUMNS), COLUMNS, 0, "binary")
    answers = prediction.predict(learning.fit(built, prepared, truth, threads=1), prepared)
    assert answers[truth].mean() > 0.6 > 0.4 > answers[~truth].mean()
