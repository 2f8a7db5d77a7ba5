"""A family of a user as a Pipeline: with the preprocessing of linear families, or with its own."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from configs.errors import InvalidSettings
from configs.plugs import Imported
from configs.problems import ProblemName
from configs.section import Section
from configs.validation import ColumnRule
from tasks.problems import prediction
from tasks.training import learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.base import Estimator, Inputs

COLUMNS = {"size": ColumnRule(type="number", nullable=True), "city": ColumnRule(type="category", nullable=True)}
SOURCE = np.random.default_rng(1)
FRAME = pd.DataFrame({"size": SOURCE.normal(size=300), "city": SOURCE.choice(["Oslo", "Rome"], 300)})
TRUTH = (FRAME["size"] + (FRAME["city"] == "Oslo") > 0.5).to_numpy()


class Depth(Section):
    """Settings of a family."""

    depth: int = 2


class Coded(Estimator[Depth]):
    """A family that brings its own preprocessing."""

    title = "coded"
    learners = ("classifier",)
    Settings = Depth
    first = "encode"

    def build(self, settings: Depth, inputs: Inputs) -> Pipeline:
        encode = ColumnTransformer([("categories", Pipeline([("codes", OrdinalEncoder())]), inputs.categories)])
        model = DecisionTreeClassifier(max_depth=settings.depth, random_state=inputs.seed)
        return Pipeline([(self.first, encode), ("model", model)])


class Unnamed(Coded):
    """One whose first step has another name."""

    first = "other"


def built(use: str, problem: ProblemName = "binary", **settings: Any) -> Pipeline:
    candidate = Imported(use=use, settings=settings, title="own")
    sized = families.sized(candidate, len(FRAME), problem)
    return families.build(sized, tuple(COLUMNS), COLUMNS, 7, problem)


def test_a_scikit_learn_estimator_gets_numbers_only_and_the_seed() -> None:
    pipeline = built("sklearn.tree:DecisionTreeClassifier", max_depth=3)
    prepared = preparation.prepare(FRAME.mask(FRAME["size"] > 1.5), tuple(COLUMNS), COLUMNS)

    fitted = learning.fit(pipeline, prepared, TRUTH, threads=1)

    answers = prediction.predict(fitted, prepared)
    assert (pipeline.named_steps["model"].max_depth, pipeline.named_steps["model"].random_state) == (3, 7)
    assert isinstance(pipeline.named_steps["encode"].transform(prepared), np.ndarray)
    assert answers[TRUTH].mean() > 0.6 > 0.4 > answers[~TRUTH].mean()


def test_a_seed_in_the_settings_is_kept() -> None:
    assert built("sklearn.tree:DecisionTreeClassifier", random_state=3).named_steps["model"].random_state == 3


def test_a_family_may_bring_its_own_preprocessing() -> None:
    model = built(f"{__name__}:Coded", depth=4).named_steps["model"]

    assert (model.max_depth, model.random_state) == (4, 7)


@pytest.mark.parametrize(
    ("use", "problem", "why"),
    [
        ("sklearn.tree:DecisionTreeClassifier", "regression", "DecisionTreeClassifier which is not for a number"),
        ("sklearn.tree:DecisionTreeRegressor", "binary", "DecisionTreeRegressor which is not for a yes or no"),
        (f"{__name__}:Unnamed", "binary", "after a step 'encode'"),
    ],
)
def test_what_answers_another_question_is_refused(use: str, problem: ProblemName, why: str) -> None:
    with pytest.raises(InvalidSettings, match=why):
        built(use, problem)


@pytest.mark.parametrize(
    ("use", "problem", "kind"),
    [
        ("sklearn.linear_model:LogisticRegression", "binary", LogisticRegression),
        ("sklearn.tree:DecisionTreeRegressor", "regression", DecisionTreeRegressor),
    ],
)
def test_either_kind_of_answer_can_be_learned(use: str, problem: ProblemName, kind: type) -> None:
    assert isinstance(built(use, problem).named_steps["model"], kind)
