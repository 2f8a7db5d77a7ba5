"""Labels as large as the contract lets them be, and as small as numbers are, are learned and measured like others."""

import math
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest

from configs.evaluation import EvaluationSettings
from configs.promotion import PromotionSettings
from configs.validation import ColumnRule, ValidationSettings
from tasks.domain.records import Comparison, Score
from tasks.evaluation import scores
from tasks.problems import prediction, scale
from tasks.promotion.evidence import advance
from tasks.training import learning
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LinearRegressionCandidate
from tasks.validation import contract

ROWS, CLUSTERS = 2_000, 20
COLUMNS = {"x": ColumnRule(type="number"), "shop": ColumnRule(type="category")}
SOURCE = np.random.default_rng(1)
INPUTS = pd.DataFrame(
    {"x": SOURCE.uniform(-1, 1, ROWS), "shop": pd.Series(SOURCE.choice(["a", "b"], ROWS), dtype=object)}
)
SHAPE = INPUTS["x"].to_numpy() * 0.8 + SOURCE.uniform(-0.2, 0.2, ROWS)
UNITS = np.repeat(np.arange(CLUSTERS), ROWS // CLUSTERS).astype(str)
SETTINGS = EvaluationSettings(metrics=("squared_error", "rmse", "mae", "r2", "bias"))
FAMILIES = [
    HistGradientBoostingCandidate(family="hist_gradient_boosting"),
    LinearRegressionCandidate(family="linear_regression"),
]
LARGEST = math.nextafter(scale.LARGEST_LABEL, 0)


def answers(candidate: Any, labels: np.ndarray, inputs: pd.DataFrame = INPUTS) -> np.ndarray:
    sized = families.sized(candidate, ROWS, "regression")
    fitted = learning.fit(families.build(sized, list(inputs), COLUMNS, 0, "regression"), inputs, labels, threads=1)
    return prediction.predict(fitted, inputs)


def judged(labels: np.ndarray, told: np.ndarray) -> tuple[Score, Comparison, float]:
    """Score, comparison with no model, and evidence."""
    slices = {"shop": INPUTS["shop"].to_numpy()}
    score = scores.score("m", "b", labels, told, UNITS, slices, SETTINGS, "regression")
    no_model = np.full(ROWS, labels.mean())
    compared = scores.compare(labels, no_model, told, UNITS, slices, SETTINGS, 0.05, "regression")
    evidence = advance(None, compared, batch="b", champion="c", probe="p", settings=PromotionSettings())
    following = advance(evidence, compared, batch="d", champion="c", probe="p", settings=PromotionSettings())
    return score, compared, following.value


def numbers(score: Score, compared: Comparison) -> dict[str, float]:
    """What is the same in any unit of the label."""
    found = {metric.name: metric for metric in score.metrics}
    low, high = compared.low / compared.gain, compared.high / compared.gain
    return {
        "r2": found["r2"].value or 0,
        "r2 from": found["r2"].low or 0,
        "gain from": low,
        "gain to": high,
        "churn": compared.churn,
    }


@pytest.mark.parametrize("candidate", FAMILIES, ids=lambda candidate: candidate.family)
@pytest.mark.parametrize("scale", [LARGEST, 1e30, 1e-30], ids=str)
def test_a_label_of_any_size_is_learned_and_measured(candidate: Any, scale: float):
    largest = np.abs(SHAPE).max()
    usual, extreme = SHAPE / largest, SHAPE / largest * scale

    score, compared, evidence = judged(extreme, answers(candidate, extreme))

    wanted_score, wanted, wanted_evidence = judged(usual, answers(candidate, usual))
    assert numbers(score, compared) == pytest.approx(numbers(wanted_score, wanted), rel=1e-5)
    assert evidence == pytest.approx(wanted_evidence, rel=1e-4)
    assert all(metric.value is not None and math.isfinite(metric.value) for metric in score.metrics)


@pytest.mark.parametrize("scale", [1e69, 1e-100, 1e-150], ids=str)
def test_answers_and_labels_beyond_are_still_measured(scale: float):
    told = SHAPE + SOURCE.normal(0, 0.1, ROWS)

    score, compared, evidence = judged(SHAPE * scale, told * scale)

    wanted_score, wanted, wanted_evidence = judged(SHAPE, told)
    assert numbers(score, compared) == pytest.approx(numbers(wanted_score, wanted), rel=1e-6)
    assert evidence == pytest.approx(wanted_evidence, rel=1e-6)


@pytest.mark.parametrize("scale", [sys.float_info.min, 5e-324, 0.0], ids=str)
@pytest.mark.parametrize("told", [0.0, 1.0, 1e69], ids=str)
def test_labels_too_small_for_a_square_end_in_no_error(scale: float, told: float):
    labels = np.where(np.arange(ROWS) % 2, scale, 0.0)

    score, _, evidence = judged(labels, np.full(ROWS, told))

    assert all(metric.value is None or math.isfinite(metric.value) for metric in score.metrics)
    assert evidence < 1


@pytest.mark.parametrize("factor", [1e70, 1e77, 1e100, 1e153, 1.7e308], ids=str)
def test_answers_that_cannot_be_measured_are_no_evidence(factor: float):
    score, _, evidence = judged(SHAPE, np.full(ROWS, factor))

    assert not any(metric.value for metric in score.metrics)
    assert evidence == 1


@pytest.mark.parametrize("size", [0.0, 1e99, 5e-324], ids=str)
@pytest.mark.parametrize("candidate", FAMILIES, ids=lambda candidate: candidate.family)
def test_inputs_of_any_size_that_the_contract_lets_in_are_learned_from(candidate: Any, size: float):
    told = answers(candidate, SHAPE, INPUTS.assign(x=INPUTS["x"] * size))

    assert np.isfinite(told).all()


@pytest.mark.parametrize("column", ["label", "x"])
@pytest.mark.parametrize(
    ("value", "of_label", "of_input"),
    [(1e100, False, False), (1e77, False, True), (1e38, False, True), (LARGEST, True, True), (5e-324, True, True)],
    ids=str,
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_bound_of_a_label_is_what_it_is_learned_at(
    column: str, value: float, of_label: bool, of_input: bool, sign: int
):
    rows = pd.DataFrame({"label": np.ones(100), "x": np.ones(100)})
    rows.loc[0, column] = sign * value
    settings = ValidationSettings(columns={"label": ColumnRule(type="number"), "x": ColumnRule(type="number")})

    checked = contract.check(rows, settings, "label")

    bound = "1e38" if column == "label" else "1e100"
    fine = of_label if column == "label" else of_input
    assert [finding.message for finding in checked.findings] == ([] if fine else [f"a finite number below {bound}"])
