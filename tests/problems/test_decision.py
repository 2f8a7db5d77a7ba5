"""Decisions on a yes or no, judged by what they are worth: the regret of each is bounded, and evidence is taken of it."""

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from configs.evaluation import EvaluationSettings
from configs.promotion import PromotionSettings
from configs.settings import PipelineSettings
from configs.training import TrainingSettings
from configs.worth import Outcomes, Worth
from tasks.domain.records import BundleFacts, Comparison, Score
from tasks.domain.turns import Evidence
from tasks.evaluation import scores, worth
from tasks.problems import kinds
from tasks.promotion import gate
from tasks.promotion.evidence import advance
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case
from tests.configs.test_settings import BOOLEAN, described, predicting

VALUE = {"true_positive": 120.0, "false_positive": -15.0}
NAME = "decisions 120.0:-15.0:0.0:0.0"
SETTINGS, DEFAULTS = EvaluationSettings(min_slice_rows=20), PromotionSettings()


def rows(seed: int = 1, size: int = 900) -> tuple[Any, Any]:
    """Labels, and the shares by which they came."""
    source = np.random.default_rng(seed)
    shares = source.beta(0.4, 2.5, size)
    return (source.uniform(size=size) < shares).astype(float), shares


def days(size: int) -> Any:
    return np.repeat([f"day {day}" for day in range(size // 30)], 30).astype(object)


def scored(y: Any, p: Any, dummy: float | None = None) -> Score:
    parts = {"half": np.where(np.arange(len(y)) % 2, "a", "b").astype(object)}
    score: Score = scores.score("m", "b", y, p, days(len(y)), parts, SETTINGS, NAME, dummy)
    return score


def compared(y: Any, base: Any, challenger: Any) -> Comparison:
    return scores.compare(y, base, challenger, days(len(y)), {}, SETTINGS, 0.05, NAME)


def test_the_regret_is_what_right_decisions_would_have_brought_beyond() -> None:
    y, p = rows()
    brought = worth.of_rows(y, p, Worth(value=Outcomes.model_validate(VALUE)))
    best = np.where(y > 0.5, 120.0, 0.0)

    score = scored(y, p)

    assert score.loss.name == "regret_120.0:-15.0:0.0:0.0"
    assert score.loss.value == pytest.approx((best - brought).mean())
    assert {metric.name for metric in score.metrics} >= {"log_loss", "roc_auc", "calibration_error"}
    assert kinds.of(score) is kinds.of(score.slices[0]) is kinds.of(compared(y, p, p)) is kinds.named(NAME)


def test_a_regret_is_bounded_and_of_no_probability_there_is_none() -> None:
    problem, (y, p) = kinds.named(NAME), rows()
    lost = problem.losses(y, p)

    assert 0 <= lost.min() <= lost.max() <= problem.largest(lost) == 120
    assert np.isnan(problem.losses(y[:2], np.array([1.2, np.nan]))).all()


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_no_model_says_yes_to_all_or_to_none(share: float) -> None:
    y, p = rows()
    problem = kinds.named(NAME)

    lost = problem.constant_loss(share, scored(y, p))

    assert lost == pytest.approx(problem.losses(y, np.full(len(y), share)).mean())


def test_decisions_change_at_the_share_that_the_values_imply() -> None:
    y, _ = rows()
    problem = kinds.named(NAME)

    assert problem.churn(y, np.full(900, 0.10), np.full(900, 0.12)) == 1.0
    assert problem.churn(y, np.full(900, 0.12), np.full(900, 0.70)) == 0.0
    assert problem.righted_share(y, np.full(900, 0.10), np.full(900, 0.12)) == pytest.approx(2 * y.mean() - 1)


def after_batches(probe: float) -> Evidence:
    """Six batches; the champion mixes its shares up a little, the probe by so much."""
    evidence = None
    for number in range(6):
        y, p = rows(number)
        source = np.random.default_rng(50 + number)
        answers = [np.clip(p + source.normal(0, off, len(p)), 0, 1) for off in (0.15, probe)]
        pair = compared(y, *answers)
        evidence = advance(evidence, pair, batch=str(number), champion="c", probe=str(number), settings=DEFAULTS)
    assert evidence is not None
    return evidence


def test_evidence_on_regret_promotes_what_decides_better_and_nothing_else() -> None:
    assert after_batches(0.0).value >= DEFAULTS.false_promotion_every
    assert after_batches(0.15).value < 20


def test_guards_and_first_champion_speak_of_regret() -> None:
    y, p = rows()
    rate = float(y.mean())
    pair = compared(y, np.full(len(y), rate), p)

    verdict = gate.judge_first(scored(y, p, rate), pair, (), DEFAULTS)
    guards = listed.ask(Case(scored(y, p), scored(y, p), compared(y, p, p), 99.0, BundleFacts(1.0, 5.0), DEFAULTS))

    assert verdict.reasons[0] == f"beats no model by {kinds.difference(pair)}"
    texts = {guard.name: guard.text for guard in guards}
    assert texts["beats a dummy"].startswith("regret ")
    assert "calibration" in texts


def test_it_is_asked_for_in_the_settings() -> None:
    training = {"problem": "decisions", "value": VALUE, "candidates": ({"family": "logistic_regression"},)}

    found = PipelineSettings.model_validate(described(**predicting(BOOLEAN, **training)))

    assert found.training.kind == NAME


@pytest.mark.parametrize(
    ("training", "words"),
    [
        ({"problem": "decisions"}, "training.value must say what outcomes are worth"),
        ({"problem": "decisions", "value": {"true_positive": -3.0}}, "right ones more than wrong ones"),
        ({"value": VALUE}, "training.value is not for a yes or no"),
    ],
)
def test_what_is_worth_nothing_is_refused(training: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        PipelineSettings.model_validate(described(**predicting(BOOLEAN, **training)))


def test_other_values_are_another_question() -> None:
    kept = TrainingSettings.model_validate(
        {"label": "sold", "features": ("a",), "candidates": ({"family": "logistic_regression"},)}
    )

    assert kept.kind == "binary"
    assert "value" not in kept.identity()
