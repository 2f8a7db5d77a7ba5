"""Outcomes: what a label says, whatever type it is of; a row without one is never taken for a no."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from configs.training import TrainingSettings
from tasks.problems import kinds, outcomes
from tasks.training.estimators.linear import LogisticRegressionCandidate

LINEAR = LogisticRegressionCandidate(family="logistic_regression")
NO_LABEL = np.nan


def asked(**changes: Any) -> TrainingSettings:
    return TrainingSettings(label="y", features=("x",), candidates=(LINEAR,), **changes)


@pytest.mark.parametrize(
    ("labels", "positive", "told"),
    [
        (pd.array([True, False, None], dtype="boolean"), None, [1, 0, NO_LABEL]),
        (pd.array([True, False, None], dtype="boolean"), True, [1, 0, NO_LABEL]),
        (pd.array([True, False, None], dtype="boolean"), False, [0, 1, NO_LABEL]),
        (np.array([True, False]), None, [1, 0]),
        (pd.array(["UP", "DOWN", None], dtype="str"), "UP", [1, 0, NO_LABEL]),
        (np.array(["UP", "DOWN", None], dtype=object), "UP", [1, 0, NO_LABEL]),
        (pd.Categorical(["DOWN", None], categories=["DOWN"]), "UP", [0, NO_LABEL]),
        (pd.array(["won", "lost", "drawn"], dtype="str"), "won", [1, 0, 0]),
        (pd.array([1, 0, 2, None], dtype="Int64"), 1, [1, 0, 0, NO_LABEL]),
        (np.array([1.0, 0.0, np.nan]), 1, [1, 0, NO_LABEL]),
        (np.array([3, 1]), 3, [1, 0]),
        (pd.array(["late", "lost", "fine", None], dtype="str"), ["late", "lost"], [1, 1, 0, NO_LABEL]),
        (pd.array([2, 3, 1, None], dtype="Int64"), [2, 3], [1, 1, 0, NO_LABEL]),
        (np.array([2.0, 3.0, 1.0, np.nan]), [2, 3], [1, 1, 0, NO_LABEL]),
        (pd.Categorical(["late", "lost", None, "fine"]), ["late", "lost"], [1, 1, NO_LABEL, 0]),
    ],
)
def test_the_named_values_of_a_label_are_positive_the_others_not(labels: Any, positive: Any, told: list[float]) -> None:
    found = kinds.named("binary").outcomes(pd.Series(labels), asked(positive=positive))

    np.testing.assert_array_equal(found, told)


@pytest.mark.parametrize(
    "labels", [np.array([12.5, -3.0, np.nan]), pd.array([12.5, -3.0, None], dtype="Float64")], ids=["numpy", "pandas"]
)
def test_the_label_of_a_regression_is_the_number_itself(labels: Any) -> None:
    found = kinds.named("regression").outcomes(pd.Series(labels), asked(problem="regression"))

    np.testing.assert_array_equal(found, [12.5, -3.0, NO_LABEL])


@pytest.mark.parametrize(
    ("positive", "yes", "no"),
    [
        (None, "true", "false"),
        (False, "false", "true"),
        ("UP", "UP", "not UP"),
        (1, "1", "not 1"),
        (["b", "a"], "a or b", "not a or b"),
    ],
)
def test_an_outcome_is_told_in_the_words_of_the_data(positive: Any, yes: str, no: str) -> None:
    settings = asked(positive=positive)

    assert (outcomes.named(True, settings), outcomes.named(False, settings)) == (yes, no)
