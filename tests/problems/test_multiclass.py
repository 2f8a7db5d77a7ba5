"""One of several classes: what labels count as, what answers cost, and how both are told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from configs.errors import IncumbentError
from configs.evaluation import EvaluationSettings
from configs.promotion import GuardSettings
from configs.reporting import ReportingSettings
from configs.training import TrainingSettings
from tasks.domain.records import Score
from tasks.evaluation import class_metrics, metrics, scores
from tasks.monitoring import answered
from tasks.monitoring.answered import Usual, Words
from tasks.problems import kinds
from tasks.training import preparation
from tests.reporting import pieces

Floats = NDArray[np.float64]
CLASSES = ("tea", "coffee", "milk")
KIND = kinds.named("multiclass")
WORDS = Words(ReportingSettings(row=("order", "orders")), CLASSES, 3)
SETTINGS = TrainingSettings.model_validate_json(
    '{"problem": "multiclass", "label": "drink", "features": ["a"], "classes": ["tea", "coffee", "milk"],'
    ' "candidates": [{"family": "logistic_regression"}]}'
)


def world(rows: int = 600, seed: int = 1) -> tuple[Floats, Floats]:
    """Classes, and probabilities that know something of them."""
    source = np.random.default_rng(seed)
    y = source.choice(3, rows, p=[0.5, 0.3, 0.2]).astype(np.float64)
    p = source.dirichlet((1.0, 1.0, 1.0), rows)
    p[np.arange(rows), y.astype(int)] += 0.6
    return y, p / p.sum(axis=1, keepdims=True)


def each_day(rows: int) -> metrics.Groups:
    return metrics.group(np.arange(rows) % 30)


@pytest.mark.parametrize(
    ("measure", "wanted"),
    [
        (class_metrics.cross_entropy, lambda y, p: sklearn_metrics.log_loss(y, p)),
        (class_metrics.accuracy, lambda y, p: sklearn_metrics.accuracy_score(y, p.argmax(axis=1))),
        (class_metrics.macro_f1, lambda y, p: sklearn_metrics.f1_score(y, p.argmax(axis=1), average="macro")),
        (class_metrics.auc_ovr, lambda y, p: sklearn_metrics.roc_auc_score(y, p, multi_class="ovr")),
    ],
    ids=["log loss", "accuracy", "macro F1", "AUC"],
)
def test_metrics_are_those_of_scikit_learn(measure: metrics.Estimate, wanted: "object") -> None:
    y, p = world()

    found = measure(y, p, each_day(len(y)), 0.95)

    assert found.value == pytest.approx(wanted(y, p), abs=1e-12)  # type: ignore[operator]
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.value < found.high


def test_the_auc_of_two_of_three_classes_is_that_of_those_there() -> None:
    y, p = world()
    few = y < 2

    found = class_metrics.auc_ovr(y[few], p[few], each_day(int(few.sum())), 0.95)

    each = [sklearn_metrics.roc_auc_score(y[few] == place, p[few, place]) for place in (0, 1)]
    assert found.value == pytest.approx(np.mean(each))


@pytest.mark.parametrize("measure", [class_metrics.auc_ovr, class_metrics.calibration], ids=["AUC", "calibration"])
def test_intervals_cover_the_truth_about_as_often_as_they_say(measure: metrics.Estimate) -> None:
    y, p = world(60_000)
    truth, hits = measure(y, p, each_day(len(y)), 0.95).value, 0
    for seed in range(100):
        found = measure(*world(600, seed + 2), each_day(600), 0.95)
        assert found.low is not None
        assert found.high is not None
        assert truth is not None
        hits += found.low <= truth <= found.high

    # The calibration error is biased upwards on few rows, as that of a yes or no is.
    assert hits >= (88 if measure is class_metrics.auc_ovr else 60)


def test_well_calibrated_answers_have_less_calibration_error() -> None:
    source = np.random.default_rng(5)
    p = source.dirichlet((1.0, 1.0, 1.0), 4_000)
    y = (p.cumsum(axis=1) < source.random((4_000, 1))).sum(axis=1).astype(np.float64)
    sure = p**3 / (p**3).sum(axis=1, keepdims=True)

    right, wrong = (class_metrics.calibration(y, one, each_day(4_000), 0.95).value for one in (p, sure))

    assert right is not None
    assert wrong is not None
    assert right < 0.02 < 0.1 < wrong


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.1, 1.1])
def test_what_is_no_probability_has_no_loss(bad: float) -> None:
    y, p = np.array([0.0, 1.0]), np.array([[0.5, 0.3, 0.2], [bad, 0.3, 0.2]])

    lost = KIND.losses(y, p)

    assert lost[0] == pytest.approx(-np.log(0.5))
    assert np.isnan(lost[1])


def test_labels_count_as_their_place_in_the_settings() -> None:
    labels = pd.Series(["milk", None, "tea", "coffee", "beer"], dtype="str")

    found = KIND.outcomes(labels, SETTINGS)

    assert np.array_equal(found, [2.0, np.nan, 0.0, 1.0, np.nan], equal_nan=True)
    assert KIND.classes(found[[0, 2, 3]], SETTINGS) == (("tea", 1), ("coffee", 1), ("milk", 1))


def test_a_class_without_rows_cannot_be_learned() -> None:
    KIND.require_learnable(np.array([0.0, 1.0, 2.0]))
    with pytest.raises(IncumbentError, match=r"2 are among 3 training rows.*training\.classes"):
        KIND.require_learnable(np.array([0.0, 2.0, 2.0]))


def test_no_model_says_the_shares_of_the_training_data() -> None:
    y, _ = world()
    counts = KIND.classes(y, SETTINGS)
    usual = pieces.model(1, 1)
    model = replace(usual, snapshot=replace(usual.snapshot, classes=counts))

    said = scores.constant(KIND.dummy(model, CLASSES), len(y))
    scored = score(y, said)

    assert KIND.constant_loss(KIND.dummy(model, CLASSES), scored) == pytest.approx(KIND.losses(y, said).mean())
    assert scored.loss.value == pytest.approx(KIND.losses(y, said).mean())


def test_a_score_says_what_became_of_each_class() -> None:
    y, p = (
        np.array([0.0, 0.0, 1.0, 2.0]),
        np.array([[0.7, 0.2, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1], [0.5, 0.3, 0.2]]),
    )

    found = score(y, p)

    expected = p.mean(axis=0)
    assert [(one.name, one.rows, one.named, one.right) for one in found.classes] == [
        ("tea", 2, 2, 1),
        ("coffee", 1, 2, 1),
        ("milk", 1, 0, 0),
    ]
    assert [one.expected for one in found.classes] == pytest.approx(expected.tolist())
    assert (found.mean_actual, found.mean_predicted) == (0.5, pytest.approx(0.675))


def test_how_sure_it_was_is_told_against_how_often_it_was_right() -> None:
    y, p = world()
    found = score(y, p)

    sentence = KIND.level_sentence(KIND.level(found.mean_predicted), KIND.level(KIND.actual(found)), WORDS.reporting)

    assert sentence == "It expected to name the class of 59\u202f% of orders rightly; it did of 86\u202f%."


def test_churn_counts_rows_that_change_their_class() -> None:
    base = np.array([[0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6], [0.5, 0.4, 0.1]])
    other = base[:, [0, 2, 1]]
    y = np.array([0.0, 2.0, 2.0, 0.0])

    assert KIND.churn(y, base, other) == 0.5
    assert KIND.righted_share(y, base, other) == 0.0
    assert "50\u202f% of rows change their class" in KIND.changed(0.5, KIND.most_change(GuardSettings()))


@pytest.mark.parametrize(
    ("shift", "moved", "text"),
    [
        (0.0, False, "expects 49"),
        (1.5, True, "milk, where 1"),
    ],
    ids=["as before", "one class is said more often"],
)
def test_answers_are_held_against_the_shares_of_each_class(shift: float, moved: bool, text: str) -> None:
    _, golden = world()
    levels = [(0.5, 0.3, 0.2), (0.48, 0.32, 0.2), (0.51, 0.3, 0.19), (0.49, 0.31, 0.2)]
    answers = np.random.default_rng(3).dirichlet(np.array([5.0, 3.0, 2.0 + 4 * shift]), 2_000)

    found = answered.look(answers, Usual(levels, golden), KIND, WORDS)

    assert (found.moved, found.collapsed) == (moved, False)
    assert text in found.text


def test_all_rows_in_one_of_three_classes_is_said() -> None:
    _, golden = world()
    answers = np.tile([0.2, 0.7, 0.1], (500, 1)) + np.random.default_rng(1).normal(0, 0.03, (500, 3))

    found = answered.look(answers, Usual([], golden), KIND, WORDS)

    assert found.collapsed
    assert found.text.startswith("v3 puts all 500 orders in 'coffee'; at its fit it put ")
    assert "in others" in found.text


def score(y: Floats, p: Floats) -> Score:
    return scores.score(
        "m", "b", y, p, np.arange(len(y)).astype(str), {}, EvaluationSettings(), "multiclass", None, CLASSES
    )


def test_answers_of_a_model_that_knew_other_classes_are_put_in_order() -> None:
    answers = np.array([[0.5, 0.3, 0.2], [0.1, 0.2, 0.7], [0.0, 0.0, 1.0]])

    aligned = KIND.aligned(answers, CLASSES, ("coffee", "tea", "beer"))

    assert np.allclose(aligned, [[0.375, 0.625, 0], [2 / 3, 1 / 3, 0], [1 / 3, 1 / 3, 1 / 3]], atol=2e-6)
    assert KIND.aligned(answers, CLASSES, CLASSES) is answers
    assert np.isfinite(KIND.losses(np.array([2.0, 0.0, 1.0]), aligned)).all()


def test_a_class_that_is_not_listed_any_more_counts_as_no_label() -> None:
    frame = pd.DataFrame({"drink": pd.Series(["tea", "beer", None, "milk"], dtype="str"), "a": 1.0})

    found = preparation.of_listed_classes(frame, SETTINGS)

    assert found["drink"].notna().tolist() == [True, False, False, True]
    assert frame["drink"].notna().sum() == 3
    assert KIND.classes(KIND.outcomes(frame["drink"], SETTINGS), SETTINGS) == (("tea", 1), ("coffee", 0), ("milk", 1))


def test_no_model_of_other_classes_says_the_shares_of_those_listed_now() -> None:
    usual = pieces.model(1, 1)
    model = replace(usual, snapshot=replace(usual.snapshot, classes=(("tea", 60), ("coffee", 20), ("gone", 20))))
    listed = ("coffee", "tea", "milk", "beer")

    dummy = KIND.dummy(model, listed)

    assert dummy == (0.25, 0.75, 0.0, 0.0)
    assert np.isfinite(KIND.losses(np.arange(4.0), scores.constant(dummy, 4))).all()


def test_levels_of_batches_before_follow_the_classes_that_are_listed_now() -> None:
    batch = replace(
        pieces.batch(1, "2024-01", 100, 0, 0, False, 0.5), classes=(("tea", 60), ("coffee", 20), ("gone", 20))
    )

    assert KIND.levels_of(batch, ("coffee", "tea", "beer")) == (0.25, 0.75, 0.0)
    assert KIND.levels_of(batch, ("beer",)) is None
