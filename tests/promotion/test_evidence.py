"""The sequential test and its promises, beyond the decision tables in tests/spec/test_verdicts.py."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from configs.evaluation import EvaluationSettings
from configs.promotion import PromotionSettings
from tasks.domain.records import Comparison
from tasks.domain.turns import VerdictKind
from tasks.evaluation import scores
from tasks.promotion import evidence, gate

GAMMA_FREE = PromotionSettings(min_relative_gain=0.0)
DEFAULTS = PromotionSettings()
SETTINGS = EvaluationSettings()

numbers = st.floats(min_value=-1000, max_value=1000, allow_subnormal=False).map(lambda x: round(x, 3))
batches = st.lists(numbers, min_size=1, max_size=40)
histories = st.lists(batches, min_size=1, max_size=5)


@given(history=histories, data=st.data())
def test_evidence_does_not_depend_on_the_order_of_the_clusters_in_a_batch(history, data):
    shuffled = [data.draw(st.permutations(batch)) for batch in history]

    assert grown(shuffled).m == grown(history).m


@given(history=histories, factor=st.sampled_from([0.001, 0.25, 3.0, 1000.0]))
def test_evidence_does_not_depend_on_the_unit_of_the_loss(history, factor):
    scaled = [[factor * s for s in batch] for batch in history]

    assert grown(scaled).m == pytest.approx(grown(history).m, rel=1e-6)


@given(batch=batches)
def test_no_batch_is_evidence_for_a_model_and_for_its_opponent(batch):
    one, other = grown([batch]), grown([[-s for s in batch]])

    assert one.sigma == other.sigma
    assert all(m * n <= 1 for m, n in zip(one.m, other.m, strict=True))
    assert min(one.value, other.value) <= 1


@given(history=st.lists(st.lists(st.floats(), min_size=1, max_size=10), min_size=1, max_size=4))
def test_whatever_the_losses_are_the_state_stays_finite_and_what_is_not_finite_is_not_promoted(history):
    assume(all(not math.isfinite(s) or abs(s) < 1e100 for batch in history for s in batch))

    state = grown(history)

    assert all(math.isfinite(value) and value >= 0 for value in (*state.m, state.value, state.sigma))
    if not all(map(math.isfinite, history[-1])):
        verdict = gate.judge(state, paired(history[-1]), (), GAMMA_FREE)
        assert verdict.kind is VerdictKind.REJECT


def test_two_equal_models_are_never_evidence_for_a_change():
    state = grown([[0.0] * 30, [0.0] * 30])

    assert state.sigma == 0
    assert state.value < 1


def test_the_smallest_gain_worth_a_change_is_taken_off_the_loss_of_the_champion():
    equal = Comparison(20, 0.0, 0.0, 0.0, ("a", "b"), (10, 10), (4.0, 6.0), (4.0, 6.0), (), 0.0)

    state = evidence.advance(None, equal, batch="b", champion="c", probe="p", settings=DEFAULTS)

    assert state.sums == pytest.approx((-0.02, -0.03))


def test_overwhelming_evidence_stays_a_number():
    state = grown([[1.0] * 3000] * 3)

    assert 1e299 < state.value < math.inf


FAMILIES = ("logistic_regression", "hist_gradient_boosting")


@pytest.mark.parametrize(
    ("losses", "nominated"),
    [
        ((), "logistic_regression"),
        ((("logistic_regression", 0.5), ("hist_gradient_boosting", 0.5)), "logistic_regression"),
        ((("logistic_regression", 0.6), ("hist_gradient_boosting", 0.5)), "hist_gradient_boosting"),
        ((("logistic_regression", math.nan), ("hist_gradient_boosting", 0.5)), "hist_gradient_boosting"),
        ((("a family that is no longer a candidate", 0.1),), "logistic_regression"),
    ],
)
def test_the_next_probe_is_of_the_family_that_did_best_on_the_last_batch(losses, nominated):
    assert evidence.nominate(FAMILIES, losses) == nominated


@pytest.mark.parametrize("noise", ["normal", "heavy tails", "days that differ in size"])
def test_symmetric_noise_promotes_less_than_once_in_two_hundred_decisions(noise):
    rng = np.random.default_rng(20130101)
    draw = {
        "normal": lambda: rng.normal(size=30),
        "heavy tails": lambda: rng.standard_t(3, size=30),
        "days that differ in size": lambda: rng.normal(size=30) * rng.lognormal(0, 0.7, size=30),
    }[noise]

    promoted = sum(promotions(draw, turns=25) for _ in range(240))

    assert promoted < 0.005 * 25 * 240


def test_two_equally_good_models_on_shuffled_days_are_not_exchanged():
    rng = np.random.default_rng(7)
    days, rows, turns = 20, 30, 12
    total = turns * days
    truth = rng.normal(-1, 1, (total, rows)) + rng.normal(0, 0.6, (total, 1))
    y = rng.random((total, rows)) < chance(truth)
    models = [chance(truth + rng.normal(0, 0.5, (total, 1)) + rng.normal(0, 0.3, truth.shape)) for _ in range(2)]

    promoted = 0
    for _ in range(25):
        order, state = rng.permutation(total).reshape(turns, days), None
        for batch in order:
            state, verdict = judged(state, y[batch], *(p[batch] for p in models), settings=DEFAULTS)
            promoted += verdict.kind is VerdictKind.PROMOTE
            state = None if verdict.kind is VerdictKind.PROMOTE else state

    assert promoted <= 0.005 * 25 * turns


def test_a_model_that_is_better_on_most_days_is_promoted_soon():
    rng = np.random.default_rng(3)
    truth = rng.normal(-1, 1, (30, 40)) + rng.normal(0, 0.6, (30, 1))
    y = rng.random(truth.shape) < chance(truth)
    stale, fresh = chance(truth - 0.7), chance(truth + rng.normal(0, 0.2, truth.shape))

    state, verdict = judged(None, y, stale, fresh, settings=DEFAULTS)
    _, opposite = judged(None, y, fresh, stale, settings=DEFAULTS)

    assert verdict.kind is VerdictKind.PROMOTE
    assert opposite.kind is VerdictKind.REJECT
    assert state.counts == (40,) * 30


def promotions(draw, turns):
    """How often pure noise is promoted; each promotion starts the question afresh."""
    state, promoted = None, 0
    for _ in range(turns):
        state = evidence.advance(state, paired(draw()), batch="b", champion="c", probe="p", settings=GAMMA_FREE)
        if gate.judge(state, paired(state.sums), (), GAMMA_FREE).kind is VerdictKind.PROMOTE:
            state, promoted = None, promoted + 1
    return promoted


def judged(state, y, champion, challenger, settings):
    """One batch of days by rows, through comparison, evidence and verdict."""
    names = np.repeat([f"day {k}" for k in range(len(y))], y.shape[1])
    compared = scores.compare(y.ravel(), champion.ravel(), challenger.ravel(), names, {}, SETTINGS, 0.05, "binary")
    state = evidence.advance(state, compared, batch="b", champion="c", probe="p", settings=settings)
    return state, gate.judge(state, compared, (), settings)


def chance(logits):
    return 1 / (1 + np.exp(-logits))


def grown(history):
    state = None
    for sums in history:
        state = evidence.advance(state, paired(sums), batch="b", champion="c", probe="p", settings=GAMMA_FREE)
    return state


def paired(sums):
    """A comparison whose differences per cluster are these."""
    base, challenger = tuple(map(float, sums)), (0.0,) * len(sums)
    gain = sum(base) / len(sums)
    return Comparison(len(sums), gain, gain, gain, ("k",) * len(sums), (1,) * len(sums), base, challenger, (), 0.0)
