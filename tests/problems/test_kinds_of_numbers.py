"""Medians, counts and quantiles: each by its own loss, held against scikit-learn, and told in its own words."""

import dataclasses
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sklearn

from configs.errors import IncumbentError
from configs.evaluation import EvaluationSettings
from configs.monitoring import HealthSettings
from configs.plugs import Imported
from configs.promotion import PromotionSettings
from configs.reporting import ReportingSettings
from configs.training import TrainingSettings
from configs.validation import ColumnRule
from tasks.domain.observations import HealthState
from tasks.domain.records import BundleFacts, Comparison, Metric, Score
from tasks.evaluation import scores
from tasks.monitoring import health
from tasks.problems import kinds, prediction
from tasks.promotion import gate
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case
from tasks.scoring.compiled import compiler
from tasks.training import learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LinearRegressionCandidate

NAMES = ("median", "count", "quantile 0.9")
SKLEARN: dict[str, tuple[Any, Any]] = {
    "median": (sklearn.mean_absolute_error, sklearn.d2_absolute_error_score),
    "count": (sklearn.mean_poisson_deviance, lambda y, p: sklearn.d2_tweedie_score(y, p, power=1)),
    "quantile 0.9": (
        lambda y, p: sklearn.mean_pinball_loss(y, p, alpha=0.9),
        lambda y, p: sklearn.d2_pinball_score(y, p, alpha=0.9),
    ),
}
COLUMNS = {
    "city": ColumnRule(type="category", nullable=True),
    "size": ColumnRule(type="number", nullable=True),
    "sold": ColumnRule(type="integer", nullable=True, min=0),
}
FEATURES = ("city", "size")
BOOSTED = HistGradientBoostingCandidate(
    family="hist_gradient_boosting", max_iter=60, max_leaf_nodes=15, min_samples_leaf=20
)
LINEAR = LinearRegressionCandidate(family="linear_regression", min_frequency=2)
SETTINGS, DEFAULTS, BUNDLE = EvaluationSettings(min_slice_rows=20), PromotionSettings(), BundleFacts(1.0, 5.0)
WORDS = ReportingSettings(row=("hour", "hours"), outcome="rentals")


def world(rows: int = 4000, seed: int = 1) -> pd.DataFrame:
    """How much is sold follows size and city, and is skewed: its mean lies above its median."""
    source = np.random.default_rng(seed)
    city, size = source.choice(["Oslo", "Rome", "Bern"], rows), source.normal(10, 3, rows)
    sold = source.poisson(np.exp(0.1 * size + (city == "Oslo")) * source.gamma(2.0, 0.5, rows))
    return pd.DataFrame({"city": pd.Series(city, dtype="str"), "size": size, "sold": pd.array(sold, dtype="Int64")})


def fitted(candidate: Any, name: str, frame: pd.DataFrame) -> Any:
    pipeline = families.build(families.sized(candidate, len(frame), name), FEATURES, COLUMNS, 3, name)
    outcomes = frame["sold"].to_numpy(dtype="float64")
    return learning.fit(pipeline, prepared(frame), outcomes, threads=1)


def prepared(frame: pd.DataFrame) -> pd.DataFrame:
    return preparation.prepare(frame, FEATURES, COLUMNS)


def pair(name: str, rows: int = 600, seed: int = 2) -> tuple[Any, Any]:
    """Counts, and answers that are right about them but for a little."""
    source = np.random.default_rng(seed)
    means = np.exp(source.normal(2, 0.7, rows))
    answers = {"median": means - 1 / 3, "count": means, "quantile 0.9": means + 1.3 * np.sqrt(means)}
    return source.poisson(means).astype(float), np.maximum(answers[name], 0.1)


def days(rows: int) -> Any:
    return np.array([f"2024-01-{1 + n // 30:02}" for n in range(rows)], dtype=object)


def scored(name: str, y: Any, p: Any, dummy: float | None = None) -> Score:
    parts = {"half": np.where(np.arange(len(y)) % 2, "a", "b").astype(object)}
    score: Score = scores.score("m", "b", y, p, days(len(y)), parts, SETTINGS, name, dummy)
    return score


def compared(name: str, y: Any, base: Any, challenger: Any) -> Comparison:
    return scores.compare(y, base, challenger, days(len(y)), {}, SETTINGS, 0.05, name)


def metrics(score: Score) -> dict[str, Metric]:
    return {metric.name: metric for metric in score.metrics}


# ── losses ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", NAMES)
def test_a_loss_is_that_of_scikit_learn(name: str) -> None:
    y, p = pair(name)

    found = metrics(scored(name, y, p))

    loss, saved = SKLEARN[name]
    assert next(iter(found)) == kinds.named(name).metric
    assert found[kinds.named(name).metric].value == pytest.approx(loss(y, p))
    assert found["d2"].value == pytest.approx(saved(y, p), abs=2e-3)
    assert all(one.low <= one.value <= one.high for one in found.values() if one.low is not None)  # type: ignore[operator]


@pytest.mark.parametrize("name", NAMES)
def test_no_constant_loses_less_than_the_one_of_its_kind(name: str) -> None:
    y, _ = pair(name)
    problem = kinds.named(name)

    best = problem.losses(y, np.full(len(y), problem.constant(y))).mean()

    others = np.linspace(y.min() + 0.05, y.max(), 200)
    assert best <= min(problem.losses(y, np.full(len(y), one)).mean() for one in others) + 1e-12


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("broken", [math.nan, math.inf, 1e80])
def test_what_cannot_be_measured_has_no_loss(name: str, broken: float) -> None:
    problem, good = kinds.named(name), np.array([3.0])

    assert np.isnan(problem.losses(good, np.array([broken]))).all()
    assert np.isnan(problem.losses(np.array([broken]), good)).all()


def test_a_count_below_zero_has_no_loss_and_an_answer_of_zero_has_one() -> None:
    problem = kinds.named("count")

    assert np.isnan(problem.losses(np.array([-1.0]), np.array([2.0]))).all()
    lost = problem.losses(np.array([0.0, 2.0]), np.array([0.0, -3.0]))
    assert np.isfinite(lost).all()
    assert lost[0] < 1e-5 < 10 < lost[1]


@pytest.mark.parametrize("name", NAMES)
def test_what_no_model_cost_follows_from_the_score(name: str) -> None:
    y, p = pair(name)
    problem = kinds.named(name)

    score = scored(name, y, p, dummy=4.0)

    assert problem.constant_loss(4.0, score) == pytest.approx(problem.losses(y, np.full(len(y), 4.0)).mean())
    assert problem.constant_loss(4.0, scored(name, y, p)) is None


# ── which kind it is ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", [*NAMES, "quantile 0.25", "quantile 1e-05", "binary", "regression"])
def test_a_score_says_of_which_kind_it_is(name: str) -> None:
    y, p = (np.array([0.0, 1.0] * 20), np.full(40, 0.4)) if name == "binary" else pair("count", 60)

    score, paired = scored(name, y, p), compared(name, y, p, p)

    assert kinds.of(score) is kinds.of(paired) is kinds.of(score.slices[0]) is kinds.named(name)
    assert kinds.title(score.loss) == kinds.named(name).title


@pytest.mark.parametrize("name", NAMES)
def test_the_loss_is_told_in_the_unit_in_which_it_was_measured(name: str) -> None:
    y, p = pair(name)
    score = scored(name, y, p)
    problem = kinds.of(score)

    assert problem.value(score.loss.value) == score.loss.value
    assert kinds.write(score.loss)(12.3456) == problem.loss(12.3456) == "12.35"
    assert (problem.gain(1.5, 20.0), problem.difference(-1.5, 20.0)) == ("+1.500", "1.500")
    assert kinds.shown(score.loss) == score.loss


# ── levels ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("labels", "answers", "below"),
    [
        ([1, 2, 3, 4], [2.5] * 4, 0.5),
        ([1, 2, 3, 4], [9] * 4, 1.0),
        ([1, 2, 3, 4], [0] * 4, 0.0),
        ([0, 0, 0, 0, 7], [0] * 5, 0.5),
        ([0, 0, 5, 6, 7], [0] * 5, 0.4),
        ([0, 0, 5, 6, 7], [5] * 5, 0.5),
        ([-3, -2, -1, 0, 0], [0] * 5, 0.6),
    ],
    ids=["half", "all", "none", "ties are right", "too few ties", "some ties", "too many below"],
)
def test_ties_count_as_below_as_far_as_the_share_asks_for_them(labels: Any, answers: Any, below: float) -> None:
    y, p = np.array(labels, float), np.array(answers, float)

    came, expected = kinds.named("median").level_of(y, p)

    assert expected.mean() == 0.5
    assert came.mean() == pytest.approx(below)


def test_the_level_of_a_quantile_is_the_share_of_labels_below_it() -> None:
    y, p = pair("quantile 0.9")

    score = scored("quantile 0.9", y, p)
    found = metrics(score)

    below = float((y < p).mean())
    assert (score.mean_predicted, score.mean_actual) == (pytest.approx(0.9), pytest.approx(below))
    assert found["coverage"].value == pytest.approx(below)
    assert found["coverage_error"].value == pytest.approx(abs(below - 0.9))
    assert score.offset is not None
    assert score.offset.value == pytest.approx(0.9 - below)
    assert {part.label: part.mean_actual for part in score.slices}["a"] == pytest.approx((y < p)[1::2].mean())
    assert len(score.calibration) == 10
    assert score.calibration[-1].actual == np.quantile(y[np.argsort(p)[-60:]], 0.9, method="inverted_cdf")


def test_the_level_of_a_count_is_its_mean() -> None:
    y, p = pair("count")

    score = scored("count", y, p)

    assert (score.mean_predicted, score.mean_actual) == (pytest.approx(p.mean()), pytest.approx(y.mean()))
    assert metrics(score)["bias"].value == pytest.approx(abs(p.mean() - y.mean()) / y.std())


def objections(name: str, y: Any, p: Any, base: Any) -> dict[str, str]:
    probe, dummy = scored(name, y, p), 1e6
    found = listed.ask(Case(scored(name, y, base), probe, compared(name, y, base, p), dummy, BUNDLE, DEFAULTS))
    return {guard.name: guard.text for guard in found if guard.objects}


@pytest.mark.parametrize("name", NAMES)
def test_no_guard_objects_to_answers_that_are_right(name: str) -> None:
    y, p = pair(name)

    assert objections(name, y, p, p * 1.02) == {}


def test_the_guard_of_the_level_objects_to_answers_of_the_wrong_level() -> None:
    y, p = pair("quantile 0.9")
    middle, _ = pair("median")[1], None

    assert objections("quantile 0.9", y, middle, p)["coverage"].endswith("to be 90\u202f%: more than 0.1 off")
    assert "coverage" not in objections("quantile 0.9", y, middle, middle - 1)
    assert set(objections("count", y, p + 8, p)) >= {"bias"}


@pytest.mark.parametrize("name", NAMES)
def test_the_first_champion_reaches_its_floor(name: str) -> None:
    y, p = pair(name)
    constant = kinds.named(name).constant(y)

    verdict = gate.judge_first(scored(name, y, p, constant), compared(name, y, np.full(600, constant), p), (), DEFAULTS)
    none = gate.judge_first(
        scored(name, y, np.full(600, constant), constant), compared(name, y, p, np.full(600, constant)), (), DEFAULTS
    )

    assert verdict.reasons[0].startswith("beats no model by ")
    assert verdict.reasons[1].startswith("D² 0.")
    assert any(reason.startswith("D² ") and "needs 0.05" in reason for reason in none.reasons)


# ── families ──────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", NAMES)
def test_boosting_learns_the_loss_that_it_is_judged_by(name: str) -> None:
    learned, unseen = world(), world(seed=9)
    y = unseen["sold"].to_numpy(dtype="float64")

    answers = {
        one: prediction.predict(fitted(BOOSTED, one, learned), prepared(unseen)) for one in (*NAMES, "regression")
    }

    lost = {one: kinds.named(name).losses(y, said).mean() for one, said in answers.items()}
    assert lost[name] <= min(lost.values()) * 1.01
    assert lost[name] < 0.9 * kinds.named(name).losses(y, np.full(len(y), kinds.named(name).constant(y))).mean()


LIBRARIES = {
    "lightgbm:LGBMRegressor": {"n_estimators": 60, "num_leaves": 15},
    "xgboost:XGBRegressor": {"n_estimators": 60, "max_depth": 4, "learning_rate": 0.1},
    "catboost:CatBoostRegressor": {"n_estimators": 60, "depth": 4, "learning_rate": 0.3},
}


@pytest.mark.parametrize("use", LIBRARIES)
def test_trees_of_other_libraries_learn_the_loss_of_the_kind(use: str) -> None:
    pytest.importorskip(use.partition(":")[0])
    learned, unseen = world(2000), world(2000, seed=9)
    y = unseen["sold"].to_numpy(dtype="float64")
    candidate = Imported(use=use, settings=LIBRARIES[use], title="own")

    answers = {
        one: prediction.predict(fitted(candidate, one, learned), prepared(unseen)) for one in (*NAMES, "regression")
    }

    for name in NAMES:
        lost = {one: kinds.named(name).losses(y, said).mean() for one, said in answers.items()}
        assert lost[name] <= min(lost.values()) * 1.02, name
    assert answers["count"].min() > 0


def test_an_objective_that_a_user_names_is_kept() -> None:
    pytest.importorskip("lightgbm")
    own = {"objective": "huber", "alpha": 0.7}
    candidate = Imported(use="lightgbm:LGBMRegressor", settings=own, title="own")

    built = families.build(candidate, FEATURES, COLUMNS, 3, "quantile 0.9").named_steps["model"]

    assert {name: built.get_params()[name] for name in own} == own


def test_a_linear_count_is_a_poisson_regression() -> None:
    learned, unseen = world(), world(seed=9)
    y = unseen["sold"].to_numpy(dtype="float64")

    linear, ridge = (
        prediction.predict(fitted(LINEAR, one, learned), prepared(unseen)) for one in ("count", "regression")
    )

    assert linear.min() > 0
    assert sklearn.mean_poisson_deviance(y, linear) < kinds.named("count").losses(y, ridge).mean()


@pytest.mark.parametrize("name", NAMES)
def test_what_it_learned_answers_compiled_as_well(name: str) -> None:
    frame = world(1000)
    pipeline = fitted(BOOSTED, name, frame)
    golden = learning.golden(prepared(frame))

    chosen = compiler.choose(pipeline, golden, prediction.predict(pipeline, golden))

    assert chosen.problem == ""
    assert chosen.compiled.title != "scikit-learn"


@pytest.mark.parametrize("name", NAMES)
def test_what_matters_is_what_its_own_loss_rises_by(name: str) -> None:
    frame = world(1000)
    outcomes, problem = frame["sold"].to_numpy(dtype="float64"), kinds.named(name)
    pipeline, rows = fitted(BOOSTED, name, frame), prepared(frame)

    matters = dict(learning.importance(pipeline, rows, outcomes, rows=1000, seed=0, problem=problem))

    shuffled = rows.assign(city=np.random.default_rng(1).permutation(rows["city"].to_numpy()))
    lost = [problem.losses(outcomes, prediction.predict(pipeline, one)).mean() for one in (shuffled, rows)]
    assert matters["city"] == pytest.approx(lost[0] - lost[1], rel=0.25)


@pytest.mark.parametrize(("labels", "words"), [([0.0, 0.0], "all 2 training rows have 0"), ([3.0, -1.0], "has -1")])
def test_a_count_is_not_learned_from_nothing(labels: list[float], words: str) -> None:
    with pytest.raises(IncumbentError, match=f"A count cannot be learned: .*{words}"):
        kinds.named("count").require_learnable(np.array(labels))


# ── health and words ──────────────────────────────────────────────────────────────────────────────────────────────
def test_a_quantile_that_holds_is_well_and_told_as_a_share() -> None:
    y, p = pair("quantile 0.9")

    found = health.judge(scored("quantile 0.9", y, p, 20.0), None, None, HealthSettings(), WORDS)

    assert found.state is HealthState.WELL
    assert found.reasons[0] == ("90\u202f% of labels were to lie below its answers; 87.7\u202f% did.")
    assert found.reasons[1].startswith("Its pinball loss on 600 hours was ")


def test_a_quantile_that_does_not_hold_is_not_well() -> None:
    y, _ = pair("quantile 0.9")
    middle = pair("median")[1]

    found = health.judge(scored("quantile 0.9", y, middle, 20.0), None, None, HealthSettings(), WORDS)

    assert found.state is HealthState.UNWELL
    assert "That is off by more than 16.67 points" in found.reasons[1]


def test_the_limit_of_a_level_follows_the_share_until_it_is_set() -> None:
    usual, tight = HealthSettings(), HealthSettings(max_coverage_error=0.01)

    assert [round(usual.coverage_limit(share), 4) for share in (0.5, 0.9, 0.99)] == [0.05, 0.0333, 0.0033]
    assert [round(DEFAULTS.guards.coverage_limit(share), 4) for share in (0.5, 0.9, 0.99)] == [0.15, 0.1, 0.01]
    assert kinds.named("quantile 0.9").off_by(tight) == "1 points"


@pytest.mark.parametrize(
    ("name", "constant", "level"),
    [
        ("binary", "share", False),
        ("regression", "mean", False),
        ("median", "median", True),
        ("count", "mean", False),
        ("quantile 0.9", "90\u202f% quantile", True),
        ("quantile 0.975", "97.5\u202f% quantile", True),
        ("quantile 0.999", "99.9\u202f% quantile", True),
    ],
)
def test_no_model_is_called_by_the_constant_that_it_answers(name: str, constant: str, level: bool) -> None:
    problem = kinds.named(name)

    assert problem.constant_title == constant
    assert problem.reached_shares is (level or problem.shares)
    assert constant in problem.glossary("hour")


def test_a_quantile_too_low_is_told_to_be_too_low() -> None:
    y, p = pair("quantile 0.9")
    score = scored("quantile 0.9", y, p)
    low = dataclasses.replace(score, mean_actual=0.8)

    assert (kinds.bias(low) or 0) < 0
    assert kinds.named("quantile 0.9").reached(low.mean_actual) == "80\u202f%"


def test_the_share_of_a_quantile_is_part_of_what_is_asked_for() -> None:
    choice = TrainingSettings(problem="quantile", quantile=0.9, label="sold", features=FEATURES, candidates=(BOOSTED,))

    assert choice.kind == "quantile 0.9"
    assert TrainingSettings(problem="count", label="sold", features=FEATURES, candidates=(LINEAR,)).kind == "count"
