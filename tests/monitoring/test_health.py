"""Health: a decision table, and the sentences that go with it."""

import dataclasses

import numpy as np
import pytest

from configs.evaluation import EvaluationSettings
from configs.monitoring import HealthSettings
from configs.reporting import ReportingSettings
from tasks.domain.observations import Drift, Health, HealthState
from tasks.domain.records import Metric, Score
from tasks.evaluation import scores
from tasks.monitoring import health
from tasks.problems import kinds

WORDS = ReportingSettings(row=("flight", "flights"), outcome="late")


def scored(
    loss: float | None = 0.5, half: float | None = 0.02, *, expected: float = 0.26, actual: int = 260, rows: int = 1000
) -> Score:
    low, high = (None, None) if loss is None or half is None else (loss - half, loss + half)
    metric = Metric("log_loss", loss, low, high, greater_is_better=False)
    return Score("m", "b", rows, actual, expected, (metric,), (), ())


def judged(
    score: Score | None,
    gate: Score | None = None,
    excess: tuple[float, float, float] | None = None,
    drift: Drift | None = None,
) -> Health:
    if score is not None and excess is not None:
        score = dataclasses.replace(score, excess=Metric("excess", *excess, greater_is_better=False))
    return health.judge(score, gate, drift, HealthSettings(), WORDS)


def plain(found: Health) -> list[str]:
    return [reason.replace("\u202f", " ") for reason in found.reasons]


@pytest.mark.parametrize(
    ("score", "gate", "excess", "state"),
    [
        (scored(), scored(), (-0.10, -0.12, -0.08), HealthState.WELL),
        (scored(), None, None, HealthState.WELL),
        (scored(actual=289), None, None, HealthState.WELL),
        (scored(actual=291), None, None, HealthState.WATCH),
        (scored(actual=229), None, None, HealthState.WATCH),
        (scored(0.53), scored(0.50), None, HealthState.WELL),
        (scored(0.55), scored(0.50), None, HealthState.WATCH),
        (scored(0.45), scored(0.50), None, HealthState.WELL),
        (scored(0.55, None), scored(0.50), None, HealthState.WELL),
        (scored(0.61), None, (0.0, -0.01, 0.01), HealthState.WELL),
        (scored(0.61), None, (0.01, -0.01, 0.03), HealthState.WATCH),
        (scored(0.61), None, (0.01, 0.0, 0.02), HealthState.WATCH),
        (scored(0.61), None, (0.01, 0.001, 0.019), HealthState.UNWELL),
        (scored(0.61, None), None, (0.01, 0.001, 0.019), HealthState.UNWELL),
        (scored(0.63), None, (0.03, -0.01, 0.07), HealthState.WATCH),
        (scored(0.63), scored(0.50), (0.03, 0.01, 0.05), HealthState.UNWELL),
        (scored(rows=0, actual=0), None, None, HealthState.NOT_JUDGED),
        (scored(None), None, None, HealthState.NOT_JUDGED),
        (scored(float("nan")), None, None, HealthState.NOT_JUDGED),
        (None, None, None, HealthState.NOT_JUDGED),
    ],
)
def test_the_state_follows_from_share_loss_and_no_model(
    score: Score | None, gate: Score | None, excess: tuple[float, float, float] | None, state: HealthState
) -> None:
    found = judged(score, gate, excess)

    assert found.state is state
    assert len(found.reasons) > 0


def test_the_share_and_the_loss_are_told_with_their_yardsticks() -> None:
    found = judged(scored(0.59, expected=0.26, actual=340), scored(0.538))

    assert plain(found) == [
        "It expected 26 % of flights to be late; 34 % were.",
        "Its log loss on 1,000 flights was 0.590 (0.570 to 0.610), against 0.538 (0.518 to 0.558) at its gate.",
    ]


def test_what_made_the_state_comes_first_and_once() -> None:
    found = judged(scored(0.65, actual=265), scored(0.5), (0.05, 0.03, 0.07))

    assert plain(found) == [
        "Its log loss, 0.650, was above 0.600, that of no model; the interval of the difference, +0.0300 to +0.0700, "
        "lies above zero.",
        "Its log loss on 1,000 flights was 0.650 (0.630 to 0.670), against 0.500 (0.480 to 0.520) at its gate.",
        "It expected 26 % of flights to be late; 26 % were.",
    ]


def test_drift_is_told_and_changes_nothing() -> None:
    drift = Drift("b", "s", (), True, ("3 of 4 columns moved; from 2 on, the batch as a whole has drifted",))

    found = judged(scored(), drift=drift)

    assert found.state is HealthState.WELL
    assert found.reasons[-1] == "3 of 4 columns moved; from 2 on, the batch as a whole has drifted."


def test_without_labels_it_says_what_is_missing() -> None:
    found = judged(None)

    assert found.reasons == ("There are no labelled flights to judge it on.",)


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (scored(float("nan"), rows=700), "Its log loss on 700 flights was not a number."),
        (scored(None, rows=1), "Its log loss on 1 flight was not a number."),
        (scored(None, rows=0), "There are no labelled flights to judge it on."),
    ],
)
def test_a_loss_that_is_not_a_number_is_not_a_lack_of_labels(score: Score, told: str) -> None:
    assert judged(score).reasons == (told,)


# expected, actual of 1,000, interval of the difference; 3 points need watching, 15 beyond chance are not well
FAR = [
    (0.88, 450, (0.40, 0.46), HealthState.UNWELL),
    (0.45, 880, (-0.46, -0.40), HealthState.UNWELL),
    (0.88, 450, (0.14, 0.72), HealthState.WATCH),
    (0.88, 450, (-0.88, 0.88), HealthState.WATCH),
    (0.88, 450, None, HealthState.WATCH),
    (0.26, 340, (-0.10, -0.06), HealthState.WATCH),
    (0.26, 419, (-0.17, -0.1501), HealthState.UNWELL),
    (0.26, 419, (-0.17, -0.1499), HealthState.WATCH),
    (0.26, 270, (-0.02, 0.0), HealthState.WELL),
]


@pytest.mark.parametrize(("expected", "actual", "ends", "state"), FAR)
def test_a_share_that_is_far_off_beyond_chance_is_not_well(
    expected: float, actual: int, ends: tuple[float, float] | None, state: HealthState
) -> None:
    offset = Metric("offset", expected - actual / 1000, *ends, greater_is_better=False) if ends else None

    found = judged(dataclasses.replace(scored(expected=expected, actual=actual), offset=offset))

    assert found.state is state
    assert ("That is off by more than 15 points" in " ".join(plain(found))) == (state is HealthState.UNWELL)


def test_what_is_far_off_is_told_first_and_by_how_much() -> None:
    offset = Metric("offset", 0.43, 0.402, 0.458, greater_is_better=False)

    found = judged(dataclasses.replace(scored(expected=0.88, actual=450), offset=offset))

    assert plain(found)[:2] == [
        "It expected 88 % of flights to be late; 45 % were.",
        "That is off by more than 15 points (40.2 to 45.8).",
    ]


# ── against no model, paired by week ──────────────────────────────────────────────────────────────────────────────
SAYS_NO_MODEL = 0.3

# shares of positives by week, what the model says in each, what its own interval said alone, its state
WEEKS = [
    ((0.1, 0.5) * 4, (0.2, 0.6) * 4, "around it", HealthState.WELL),
    # hard weeks are hard for both: what they cost cancels in the pair
    ((0.1, 0.5) * 4, (0.4, 0.25) * 4, "around it", HealthState.UNWELL),
    # weeks that no model met by luck
    ((0.1, 0.5) * 4, (0.45, 0.5) * 4, "above it", HealthState.WATCH),
    ((0.1, 0.5) * 4, (0.3, 0.3) * 4, "around it", HealthState.WELL),
    # too few weeks to know
    ((0.1, 0.5), (0.4, 0.25), "around it", HealthState.WATCH),
    ((0.5,), (0.9,), "none", HealthState.WATCH),
]


@pytest.mark.parametrize(("shares", "says", "alone", "state"), WEEKS)
def test_against_no_model_the_weeks_are_paired(
    shares: tuple[float, ...], says: tuple[float, ...], alone: str, state: HealthState
) -> None:
    outcomes = np.concatenate([np.arange(200) < 200 * share for share in shares])
    weeks = np.repeat([f"week {number}" for number in range(len(shares))], 200)
    score = scores.score(
        "m", "b", outcomes, np.repeat(says, 200), weeks, {}, EvaluationSettings(), "binary", SAYS_NO_MODEL
    )
    constant = kinds.of(score).constant_loss(SAYS_NO_MODEL, score)
    assert constant is not None
    assert score.excess is not None
    assert score.loss.value == pytest.approx(constant + (score.excess.value or 0.0))
    low = score.loss.low
    assert alone == ("none" if low is None else "above it" if low > constant else "around it")

    found = health.judge(score, None, None, HealthSettings(max_share_error=1.0), WORDS)

    assert found.state is state


def test_one_cluster_says_nothing_about_luck() -> None:
    score = scores.score("m", "b", [1.0, 0.0], [0.9, 0.9], ["a", "a"], {}, EvaluationSettings(), "binary", 0.5)

    assert score.excess is not None
    assert (score.excess.low, score.excess.high) == (None, None)
    assert judged(score).reasons[0] == "Its log loss, 1.204, was above 0.693, that of no model."


@pytest.mark.parametrize("answers", [(float("nan"), 0.5), (1.5, 0.5)])
def test_answers_without_a_loss_are_not_compared_with_no_model(answers: tuple[float, float]) -> None:
    assert scores.score("m", "b", [1, 0], answers, ["a", "b"], {}, EvaluationSettings(), "binary", 0.5).excess is None
