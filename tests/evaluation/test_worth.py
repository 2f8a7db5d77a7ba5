"""The business metric: what decisions are worth, from which share on a yes pays, and its interval over clusters."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from configs.evaluation import EvaluationSettings
from configs.worth import Outcomes, Worth
from tasks.domain.records import Metric
from tasks.evaluation import metrics, scores, worth
from tasks.problems import kinds

SOURCE = np.random.default_rng(4)
ANSWERS = SOURCE.uniform(0.02, 0.6, 800)
LABELS = (SOURCE.uniform(size=800) < ANSWERS).astype(float)
CLUSTERS = np.repeat([f"day {day}" for day in range(20)], 40).astype(object)
LEADS = {"value": {"true_positive": 120, "false_positive": -15}}


def settings(*chosen: object) -> EvaluationSettings:
    return EvaluationSettings.model_validate({"metrics": chosen})


def measured(*chosen: object, **amounts: Any) -> dict[str, Metric]:
    score = scores.score("m", "b", LABELS, ANSWERS, CLUSTERS, {}, settings(*chosen), "binary", amounts=amounts)
    return {metric.name: metric for metric in score.metrics}


@pytest.mark.parametrize(
    ("value", "threshold"),
    [
        ({"true_positive": 120, "false_positive": -15}, 15 / 135),
        ({"true_positive": 1, "true_negative": 1}, 0.5),
        ({"false_negative": -4, "false_positive": -1}, 0.2),
        ({"true_positive": 10, "false_negative": -10, "false_positive": -5, "true_negative": 0}, 0.2),
        ({"true_positive": 5}, 0.0),
        ({"true_negative": 5}, 1.0),
        ({"true_positive": -5, "false_positive": -1}, None),
        ({"false_positive": 3, "true_positive": 1}, None),
        ({}, None),
    ],
)
def test_a_yes_is_said_from_the_share_on_from_which_it_brings_more(value: dict[str, float], threshold: float | None):
    outcomes = Outcomes.model_validate(value)

    assert outcomes.implied == (None if threshold is None else pytest.approx(threshold))


@pytest.mark.parametrize("share", [0.05, 0.111, 0.112, 0.4])
def test_at_that_share_no_other_threshold_brings_more_where_answers_are_right(share: float):
    """Expected values, not samples: at every share the decision is the better one of the two."""
    chosen = Worth.model_validate(LEADS)

    yes, no = share * 120 - (1 - share) * 15, 0.0

    assert (share >= chosen.said_from) == (yes >= no)


def test_it_is_the_mean_of_what_each_decision_brought():
    found = measured(LEADS)["value"]

    yes = ANSWERS >= 15 / 135
    by_hand = np.where(yes, np.where(LABELS > 0.5, 120.0, -15.0), 0.0)
    assert found.value == pytest.approx(by_hand.mean())
    assert found.greater_is_better
    assert found.low < by_hand.mean() < found.high  # type: ignore[operator]
    assert kinds.title(found) == "value (yes from 0.111)"
    assert kinds.write(found)(12.3456) == "12.35"


def test_a_column_of_amounts_weighs_each_row():
    amounts = SOURCE.uniform(100, 900, 800)

    found = measured({"value": {"true_positive": 0.1, "false_positive": -1}, "amount": "loan"}, loan=amounts)["value"]

    yes = ANSWERS >= 1 / 1.1
    assert found.value == pytest.approx((np.where(yes, np.where(LABELS > 0.5, 0.1, -1.0), 0.0) * amounts).mean())


def test_a_stated_threshold_and_a_title_are_taken():
    found = measured({**LEADS, "threshold": 0.3, "title": "Profit per lead"})["value_profit_per_lead"]

    assert kinds.title(found) == "Profit per lead (yes from 0.3)"
    assert found.value == pytest.approx(np.where(ANSWERS >= 0.3, np.where(LABELS > 0.5, 120.0, -15.0), 0.0).mean())


def test_a_loss_has_an_interval_below_zero():
    chosen = Worth.model_validate({"value": {"false_negative": -10.0, "false_positive": -3.0}})

    found = worth.estimate(chosen, None)(LABELS, ANSWERS, metrics.group(CLUSTERS), 0.95)

    assert found.value is not None
    assert found.low is not None
    assert found.low < found.value < found.high < 0  # type: ignore[operator]


def test_the_true_worth_lies_in_nineteen_of_twenty_intervals():
    hits, source, chosen = 0, np.random.default_rng(8), Worth.model_validate(LEADS)
    for _ in range(200):
        luck = np.repeat(source.uniform(-0.1, 0.1, 20), 40)
        p = source.uniform(0.2, 0.6, 800)
        y = (source.uniform(size=800) < p + luck).astype(float)
        found = worth.estimate(chosen, None)(y, p, metrics.group(CLUSTERS), 0.95)
        hits += found.low <= 120 * 0.4 - 15 * 0.6 <= found.high  # type: ignore[operator]

    assert 0.88 <= hits / 200 <= 0.99


def test_an_amount_that_is_missing_leaves_it_undefined():
    amounts = np.where(np.arange(800) == 7, np.nan, 1.0)

    assert measured({**LEADS, "amount": "loan"}, loan=amounts)["value"].value is None


def test_values_without_a_threshold_are_refused_in_words():
    with pytest.raises(ValidationError, match="no threshold follows from these values"):
        Worth.model_validate({"value": {"true_positive": -1}})
