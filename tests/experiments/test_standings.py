"""What an experiment says as a whole, corrected for how many were tried."""

import math
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from configs.evaluation import Cluster, EvaluationSettings
from configs.promotion import PromotionSettings
from tasks.domain.records import ALONE, Comparison
from tasks.domain.turns import Outcome
from tasks.evaluation import scores
from tasks.experiments import standings
from tasks.experiments.plans import Plan
from tasks.experiments.replayed import Replayed
from tasks.experiments.standings import Answer
from tasks.promotion import evidence

PLAN = Plan("flights", "deeper", (), "", 1, "abc", datetime(2026, 1, 1, tzinfo=UTC))
DAYS, EACH = 30, 20


def pair(seed: int, better: float, first: int = 0, cluster: Cluster | None = None) -> Comparison:
    """A month of days in which the second of two models loses less by so much a row, give or take the luck of a day."""
    luck = np.random.default_rng(seed)
    days = np.repeat([f"day {first + n:03d}" for n in range(DAYS)], EACH).astype(object)
    y = (luck.random(DAYS * EACH) < 0.4).astype(float)
    base = np.clip(0.4 + np.repeat(luck.normal(0, 0.1, DAYS), EACH), 0.05, 0.95)
    toward = np.where(y > 0, 1.0, 0.0)
    other = np.clip(base + better * (toward - base) + np.repeat(luck.normal(0, 0.01, DAYS), EACH), 0.01, 0.99)
    settings = EvaluationSettings(cluster=cluster or Cluster())
    return scores.compare(y, base, other, days, {}, settings, 0.05, "binary")


def batch(turn: int, comparison: Comparison | None, previous: Replayed | None = None, **more: object) -> Replayed:
    found = previous.evidence if previous else None
    if comparison is not None and not comparison.independent:
        about = {"batch": f"b{turn}", "champion": "live", "probe": f"m{turn}"}
        found = evidence.advance(found, comparison, **about, settings=PromotionSettings())
    one = Replayed(turn, f"b{turn}", Outcome.REJECT, ("why",), 1, "live", "other", False, False, comparison, found)
    return replace(one, **more)


def judged(*comparisons: Comparison | None, tried: int = 1, **more: object) -> standings.Standing:
    replayed: list[Replayed] = []
    for turn, comparison in enumerate(comparisons, start=1):
        replayed.append(batch(turn, comparison, replayed[-1] if replayed else None, **more))
    return standings.judge(PLAN, replayed, left=0, tried=tried, confidence=0.95, false_promotion_every=200)


def test_all_rows_at_once_say_what_their_batches_say_together() -> None:
    one, other = pair(1, 0.05), pair(2, 0.05, first=DAYS)

    whole = standings.together([one, other], 0.95)

    assert (whole.rows, len(whole.clusters)) == (one.rows + other.rows, 2 * DAYS)
    assert whole.gain == pytest.approx((one.gain + other.gain) / 2)


def test_a_single_batch_has_the_interval_of_its_comparison() -> None:
    one = pair(1, 0.05)

    whole = standings.together([one], 0.95)

    assert (whole.gain, whole.low, whole.high) == pytest.approx((one.gain, one.low, one.high))


def test_a_day_that_is_in_two_batches_is_one_cluster() -> None:
    one, other = pair(1, 0.05), pair(2, 0.05, first=DAYS - 1)

    assert len(standings.together([one, other], 0.95).clusters) == 2 * DAYS - 1


def test_rows_without_clusters_are_units_by_batch() -> None:
    one = replace(pair(1, 0.05), clusters=(ALONE,), cluster_rows=(600,), base_loss=(400.0,), challenger_loss=(390.0,))

    whole = standings.together([one, one, one], 0.95)

    assert len(whole.clusters) == 3
    assert whole.gain == pytest.approx(10 / 600)


def test_a_single_cluster_tells_nothing_about_luck() -> None:
    one = replace(pair(1, 0.05), clusters=("a",), cluster_rows=(600,), base_loss=(400.0,), challenger_loss=(390.0,))

    whole = standings.together([one], 0.95)

    assert (whole.low, whole.high) == (-math.inf, math.inf)


@pytest.mark.parametrize(
    ("better", "answer"),
    [(0.1, Answer.BETTER), (-0.1, Answer.WORSE), (0.0, Answer.OPEN)],
    ids=["lower", "higher", "as"],
)
def test_a_clear_difference_is_told_and_luck_is_not(better: float, answer: Answer) -> None:
    standing = judged(*(pair(seed, better, first=seed * DAYS) for seed in range(4)))

    assert standing.answer is answer
    assert standing.compared == 4


def test_what_one_experiment_shows_a_hundred_need_not() -> None:
    pairs = [pair(seed, 0.008, first=seed * DAYS) for seed in range(3)]

    alone, among = judged(*pairs), judged(*pairs, tried=100_000)

    assert (alone.answer, among.answer) == (Answer.BETTER, Answer.OPEN)
    assert among.needed == 100_000 * alone.needed
    assert among.whole.low < alone.whole.low and among.whole.high > alone.whole.high


def test_several_intervals_hold_at_once_as_one_alone() -> None:
    assert standings.corrected(0.95, 1) == pytest.approx(0.95)
    assert standings.corrected(0.95, 5) == pytest.approx(0.99)


def test_the_same_models_are_no_difference_and_none_is_nothing() -> None:
    same = judged(None, None, model="live")
    alike = judged(None, None, alike=True)
    nothing = judged(None, model=None)

    assert (same.answer, same.same, same.whole) == (Answer.SAME, 2, None)
    assert (alike.answer, alike.same) == (Answer.SAME, 2), "models that were fitted twice are no two models"
    assert nothing.answer is Answer.NOTHING


def test_without_clusters_nothing_is_shown_to_be_better() -> None:
    pairs = [pair(seed, 0.1, cluster=Cluster(independent=True)) for seed in range(6)]
    alone = [replace(one, clusters=(ALONE,), cluster_rows=(one.rows,)) for one in pairs]

    standing = judged(*alone)

    assert standing.evidence is None
    assert standing.answer is Answer.OPEN


def test_many_experiments_that_change_nothing_seldom_look_better() -> None:
    luck = [judged(*(pair(100 * n + m, 0.0, first=m * DAYS) for m in range(3)), tried=40) for n in range(40)]

    assert sum(one.answer is Answer.BETTER for one in luck) == 0
