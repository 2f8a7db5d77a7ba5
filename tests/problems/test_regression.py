"""A number in place of a yes or no, through every room: fitted, measured, compared, decided, watched."""

import dataclasses
import math
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, r2_score
from sklearn.pipeline import Pipeline

from configs.errors import IncumbentError
from configs.evaluation import EvaluationSettings
from configs.monitoring import HealthSettings
from configs.promotion import PromotionSettings
from configs.reporting import ReportingSettings
from configs.training import Candidate, TrainingSettings
from configs.validation import ColumnRule
from tasks.coordination import course
from tasks.domain.observations import HealthState
from tasks.domain.pools import Asked
from tasks.domain.records import BundleFacts, Comparison, Score
from tasks.domain.turns import Evidence, Guard, VerdictKind
from tasks.evaluation import metrics as intervals
from tasks.evaluation import scores
from tasks.monitoring import health
from tasks.problems import kinds, losses, prediction
from tasks.promotion import gate
from tasks.promotion.evidence import advance
from tasks.promotion.guards import listed
from tasks.promotion.guards.base import Case
from tasks.training import learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LinearRegressionCandidate
from tests.sizes import size

COLUMNS = {
    "city": ColumnRule(type="category", nullable=True),
    "size": ColumnRule(type="number", nullable=True),
    "price": ColumnRule(type="integer", nullable=True),
}
FEATURES = ("city", "size")
LINEAR = LinearRegressionCandidate(family="linear_regression", min_frequency=2)
BOOSTED = HistGradientBoostingCandidate(
    family="hist_gradient_boosting", max_iter=40, max_leaf_nodes=15, min_samples_leaf=5
)
FAMILIES = pytest.mark.parametrize("candidate", [LINEAR, BOOSTED], ids=lambda candidate: candidate.family)
CHOICE = TrainingSettings(problem="regression", label="price", features=FEATURES, candidates=(LINEAR, BOOSTED))
SETTINGS, DEFAULTS = EvaluationSettings(min_slice_rows=20), PromotionSettings()
BUNDLE = BundleFacts(1.0, 5.0)
WORDS = ReportingSettings(row=("hour", "hours"), outcome="rentals")


def world(rows: int = 600, seed: int = 1, level: float = 0.0) -> pd.DataFrame:
    """Flats whose price follows size and city; some of each are not known."""
    source = np.random.default_rng(seed)
    city = source.choice(["Oslo", "Rome", "Bern"], rows)
    size = source.normal(100, 30, rows)
    price = 200 + 3 * size + 120 * (city == "Oslo") + level + source.normal(0, 20, rows)
    frame = pd.DataFrame({"city": pd.Series(city, dtype="str"), "size": size, "price": price.round()})
    frame.loc[source.random(rows) < 0.05, "size"] = None
    return frame.assign(price=frame["price"].astype("Int64"))


def fitted(candidate: Candidate, frame: pd.DataFrame) -> Pipeline:
    pipeline = families.build(candidate, FEATURES, COLUMNS, 3, "regression")
    prepared = preparation.prepare(frame, FEATURES, COLUMNS)
    return learning.fit(pipeline, prepared, preparation.labels(frame, CHOICE), threads=1)


def days(rows: int, per_day: int = 30) -> Any:
    return np.array([f"2024-01-{1 + n // per_day:02}" for n in range(rows)], dtype=object)


def numbers(rows: int = 600, off: float = 20.0, seed: int = 2, bias: float = 0.0) -> tuple[Any, Any]:
    """Labels with a standard deviation of about 100, and answers that are off by about so much."""
    source = np.random.default_rng(seed)
    y = source.normal(500, 100, rows)
    return y, y + bias + source.normal(0, off, rows)


def scored(y: Any, p: Any, model: str = "m", dummy: float | None = None) -> Score:
    parts = {"half": np.where(np.arange(len(y)) % 2, "a", "b").astype(object)}
    return scores.score(model, "b", y, p, days(len(y)), parts, SETTINGS, "regression", dummy)


def compared(y: Any, base: Any, challenger: Any) -> Comparison:
    parts = {"half": np.where(np.arange(len(y)) % 2, "a", "b").astype(object)}
    return scores.compare(y, base, challenger, days(len(y)), parts, SETTINGS, 0.05, "regression")


def metrics(score: Score) -> dict[str, Any]:
    return {metric.name: metric for metric in score.metrics}


# ── training ──────────────────────────────────────────────────────────────────────────────────────────────────────
@FAMILIES
def test_both_families_learn_a_number_and_answer_the_same_again(candidate: Candidate) -> None:
    learned, unseen = world(), world(seed=9)

    answers = prediction.predict(fitted(candidate, learned), preparation.prepare(unseen, FEATURES, COLUMNS))
    again = prediction.predict(fitted(candidate, learned), preparation.prepare(unseen, FEATURES, COLUMNS))

    assert r2_score(unseen["price"], answers) > 0.8
    np.testing.assert_array_equal(answers, again)


@FAMILIES
def test_what_matters_is_what_the_squared_error_rises_by(candidate: Candidate) -> None:
    frame = world()
    pipeline, prepared = fitted(candidate, frame), preparation.prepare(frame, FEATURES, COLUMNS)

    matters = dict(learning.importance(pipeline, prepared, preparation.labels(frame, CHOICE), rows=400, seed=1))

    assert matters["size"] > matters["city"] > 100


def test_a_number_that_stands_still_can_be_learned() -> None:
    frame = world().assign(price=7)

    answers = prediction.predict(fitted(LINEAR, frame), preparation.prepare(frame, FEATURES, COLUMNS))

    np.testing.assert_allclose(answers, 7)


def test_a_row_without_a_number_never_reaches_the_training() -> None:
    frame = world()
    frame.loc[3, "price"] = pd.NA

    with pytest.raises(IncumbentError, match="without a label"):
        preparation.labels(frame, CHOICE)


def test_a_regression_need_not_have_two_outcomes_but_enough_rows() -> None:
    enough, few = (
        course.decide(judged=size(rows, None), learned=size(600, None), asked=Asked(500)) for rows in (600, 400)
    )

    assert enough.retrain
    assert few.reasons == ("pooled: 400 of 500 rows",)


# ── evaluation ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_metrics_are_those_of_the_textbook() -> None:
    y, p = numbers(bias=5)

    found = metrics(scored(y, p))

    assert list(found) == ["squared_error", "rmse", "mae", "r2", "bias"]
    assert found["squared_error"].value == pytest.approx(np.mean((y - p) ** 2))
    assert found["rmse"].value == pytest.approx(np.sqrt(np.mean((y - p) ** 2)))
    assert found["mae"].value == pytest.approx(mean_absolute_error(y, p))
    assert found["r2"].value == pytest.approx(r2_score(y, p))
    assert found["bias"].value == pytest.approx(abs(np.mean(p - y)) / np.std(y))
    assert [metric.greater_is_better for metric in found.values()] == [False, False, False, True, False]


def test_intervals_hold_the_value_and_are_wide_where_rows_of_a_day_share_their_luck() -> None:
    y, p = numbers()
    luck = np.repeat(np.random.default_rng(5).normal(0, 40, 20), 30)

    alone, shared = metrics(scored(y, p)), metrics(scored(y, p + luck))

    for found in (*alone.values(), *shared.values()):
        assert found.low <= found.value <= found.high
    assert shared["mae"].high - shared["mae"].low > 2 * (alone["mae"].high - alone["mae"].low)


def test_the_true_squared_error_lies_in_nineteen_of_twenty_intervals() -> None:
    """The interval is built from days, each of which has its own luck: mean square 20² + 30²."""
    hits, source = 0, np.random.default_rng(11)
    for _ in range(300):
        off = np.repeat(source.normal(0, 30, 20), 30) + source.normal(0, 20, 600)
        y = source.normal(500, 100, 600)
        lost = losses.squared_errors(y, y + off)
        found = intervals.means(lost, intervals.everything(600), intervals.group(days(600)), 0.95, math.inf)
        hits += found.low[0] <= 1300 <= found.high[0]

    assert 0.87 <= hits / 300 <= 0.99


def test_a_score_knows_what_no_model_would_have_cost() -> None:
    y, p = numbers()
    score = scored(y, p)

    assert kinds.of(score).constant_loss(450.0, score) == pytest.approx(np.mean((y - 450) ** 2))
    assert (score.positives, score.mean_actual) == (0, pytest.approx(y.mean()))


@pytest.mark.parametrize(
    ("y", "p"),
    [
        ([], []),
        ([5.0] * 40, [5.0] * 40),
        ([5.0] * 40, [6.0] * 40),
        ([0.1] * 40, [0.3] * 40),
        (list(range(40)), [math.nan] * 40),
        ([1e200] * 20 + [0.0] * 20, [0.0] * 40),
    ],
    ids=["no rows", "still and right", "still and wrong", "still and not whole", "no number", "too large a number"],
)
def test_what_is_not_defined_is_told_so_and_never_raises(y: list[float], p: list[float]) -> None:
    found = metrics(scored(np.array(y), np.array(p)))

    assert found["r2"].value is None
    assert all(one.value is None or math.isfinite(one.value) for one in found.values())


def test_rows_of_a_single_day_are_an_estimate_without_certainty() -> None:
    y, p = numbers(rows=30)

    found, pair = metrics(scored(y, p)), compared(y, p, y)

    assert all((one.low, one.high) == (None, None) for one in found.values())
    assert math.isfinite(pair.low)
    assert pair.low < 0 < pair.high


def test_a_comparison_sums_squared_errors_per_day_and_finds_the_slice_that_is_worse() -> None:
    y, base = numbers()
    other = np.where(np.arange(600) % 2, y, base + 40)

    pair = compared(y, base, other)

    assert pair.metric == "squared_error"
    assert sum(pair.base_loss) == pytest.approx(np.sum((y - base) ** 2))
    assert pair.gain == pytest.approx(np.mean((y - base) ** 2) - np.mean((y - other) ** 2))
    assert pair.churn == pytest.approx(np.mean(np.abs(base - other)) / np.std(y))
    assert [(part.label, part.worse) for part in pair.slices] == [("a", False), ("b", True)]


def test_slices_have_their_own_mean_and_loss() -> None:
    y, p = numbers()

    parts = {part.label: part for part in scored(y, p).slices}

    assert parts["a"].mean_actual == pytest.approx(y[1::2].mean())
    assert parts["a"].loss.value == pytest.approx(np.mean((y - p)[1::2] ** 2))
    assert parts["a"].loss.name == "squared_error"


def test_ten_groups_by_answer_have_their_mean_labels() -> None:
    y, p = numbers()

    groups = scored(y, p).calibration

    assert len(groups) == 10
    assert [group.predicted for group in groups] == sorted(group.predicted for group in groups)
    assert sum(group.actual * group.rows for group in groups) == pytest.approx(y.sum())


# ── promotion ─────────────────────────────────────────────────────────────────────────────────────────────────────
def guards(champion_off: float = 60.0, probe_off: float = 20.0, bias: float = 0.0) -> dict[str, Guard]:
    y, base = numbers(off=champion_off)
    _, p = numbers(off=probe_off, bias=bias)
    probe, dummy = scored(y, p, "probe"), float(np.var(y))
    found = listed.ask(Case(scored(y, base), probe, compared(y, base, p), dummy, BUNDLE, DEFAULTS))
    return {guard.name: guard for guard in found}


def test_no_guard_objects_to_a_better_model() -> None:
    found = guards()

    assert list(found) == ["finite", "bias", "bundle", "beats a dummy", "floors", "slices", "churn"]
    assert [name for name, guard in found.items() if guard.objects] == []
    assert found["floors"].text.startswith("R² 0.95")
    assert "standard deviations off, at most 0.5" in found["bias"].text


@pytest.mark.parametrize(
    ("name", "world", "text"),
    [
        ("bias", {"bias": 60.0}, "standard deviations off, more than 0.5"),
        ("beats a dummy", {"probe_off": 120.0}, "no model"),
        ("floors", {"probe_off": 120.0}, "below 0.1"),
        ("slices", {"champion_off": 10.0, "probe_off": 40.0}, "2 of 2 slices worse: half b by 31.36, half a by 29.70"),
        ("churn", {"probe_off": 200.0}, "more than 1, and not more of them come nearer than go farther"),
    ],
)
def test_a_guard_objects_in_words_of_a_number(name: str, world: dict[str, float], text: str) -> None:
    found = guards(**world)

    assert found[name].objects
    assert text in found[name].text


@pytest.mark.parametrize("world", [{"champion_off": 200.0}, {"champion_off": 400.0, "probe_off": 90.0}])
def test_no_guard_keeps_a_model_that_is_worse_than_none(world: dict[str, float]) -> None:
    found = guards(**world)

    assert [name for name, guard in found.items() if guard.objects] == []
    assert "more than 1, but more of them come nearer than go farther" in found["churn"].text


def test_a_label_that_stands_still_promotes_nobody() -> None:
    y = np.full(600, 5.0)
    score, pair = scored(y, y), compared(y, y + 1, y)

    found = listed.ask(Case(None, score, pair, 1.0, BUNDLE, DEFAULTS))

    assert [guard.text for guard in found if guard.name == "finite"] == ["not defined: r2, bias"]


def test_the_first_champion_beats_the_mean_and_reaches_its_floor() -> None:
    y, p = numbers()
    score = scored(y, p)
    pair = compared(y, scores.constant(450.0, len(y)), p)

    verdict = gate.judge_first(score, pair, (), DEFAULTS)

    assert verdict.kind is VerdictKind.PROMOTE
    assert verdict.reasons[0] == f"beats no model by {kinds.difference(pair)} in RMSE"
    assert verdict.reasons[1].startswith("R² 0.95")


def test_a_first_model_that_is_no_better_than_the_mean_is_told_so() -> None:
    y, p = numbers(off=150.0)
    score = scored(y, p)

    verdict = gate.judge_first(score, compared(y, scores.constant(500.0, len(y)), p), (), DEFAULTS)

    assert verdict.kind is VerdictKind.REJECT
    assert verdict.reasons[0].startswith("does not beat no model: RMSE gain −52.85 (−61.29 to −43.90)")
    assert verdict.reasons[1].startswith("R² −1.")


def test_evidence_on_squared_errors_promotes_what_is_better_and_nothing_else() -> None:
    better, same = _after_batches(off=15.0), _after_batches(off=20.0)

    assert better.value >= DEFAULTS.false_promotion_every
    assert same.value < 1.5


def _after_batches(off: float) -> Evidence:
    """Six batches on which the champion is off by 20 and the probe by so much."""
    evidence = None
    for number in range(6):
        y, base = numbers(off=20.0, seed=number)
        probe = y + np.random.default_rng(100 + number).normal(0, off, len(y))
        pair = compared(y, base, probe)
        evidence = advance(evidence, pair, batch=str(number), champion="c", probe=str(number), settings=DEFAULTS)
    assert evidence is not None
    return evidence


# ── monitoring ────────────────────────────────────────────────────────────────────────────────────────────────────
def judged(score: Score, gate: Score | None = None) -> tuple[HealthState, list[str]]:
    found = health.judge(score, gate, None, HealthSettings(), WORDS)
    return found.state, list(found.reasons)


def test_a_model_that_is_near_the_mean_is_well() -> None:
    state, told = judged(scored(*numbers(bias=15), dummy=500.0))

    assert state is HealthState.WELL
    assert told[0] == "It expected 508.4 rentals for the average hour; it was 494.1."
    assert told[1].startswith("Its RMSE on 600 hours was 24.87 (23.43 to 26.23).")


def test_a_mean_that_is_off_by_too_many_standard_deviations_is_watched() -> None:
    state, told = judged(scored(*numbers(bias=25), dummy=500.0))

    assert state is HealthState.WATCH
    assert told[0].startswith("It expected 518.4 rentals")


def test_a_mean_that_is_far_off_beyond_chance_is_not_well() -> None:
    state, told = judged(scored(*numbers(bias=150), dummy=1500.0))

    assert state is HealthState.UNWELL
    assert re.fullmatch(r"That is off by more than 1 standard deviation \(1\.\d+ to 1\.\d+\)\.", told[1])


def test_a_model_that_is_worse_than_the_mean_is_not_well() -> None:
    state, told = judged(scored(*numbers(off=200.0), dummy=500.0))

    assert state is HealthState.UNWELL
    assert "Its RMSE, 203.6, was above 9" in told[0]
    assert re.search(r"no model; the interval of the difference, \+[\d.]+ to \+[\d.]+, lies above zero\.", told[0])


def test_a_squared_error_above_that_of_its_gate_is_watched() -> None:
    state, told = judged(scored(*numbers(off=40.0), dummy=500.0), gate=scored(*numbers(off=20.0)))

    assert state is HealthState.WATCH
    assert "at its gate" in told[0]


def test_a_label_without_spread_is_off_as_soon_as_the_mean_is() -> None:
    still = dataclasses.replace(scored(*numbers()), mean_predicted=6.0, mean_actual=5.0, variance=0.0)

    assert health.is_off(still, HealthSettings())
    assert not health.is_off(dataclasses.replace(still, mean_predicted=5.0), HealthSettings())
