"""Estimates over clusters against their definitions, written out; what they promise is in test_evaluation.py."""

import numpy as np
import pytest
from scipy.special import stdtrit

from tasks.evaluation import metrics
from tests.benchmarks import bare_statistics

DAYS = metrics.group(["mon", "mon", "tue", "tue", "tue", "wed"])
LOSSES = np.array([1.0, 3.0, 2.0, 2.0, 5.0, 1.0])


def test_a_mean_is_a_ratio_of_sums_over_clusters_with_a_t_quantile():
    sums, counts = np.array([4.0, 9.0, 1.0]), np.array([2, 3, 1])
    mean = sums.sum() / counts.sum()
    error = np.sqrt(3 / 2 * ((sums - mean * counts) ** 2).sum()) / counts.sum()

    found = metrics.means(LOSSES, metrics.everything(6), DAYS, 0.95)

    assert (found.value[0], found.error[0]) == pytest.approx((mean, error))
    assert found.high[0] - mean == pytest.approx(mean - found.low[0]) == pytest.approx(stdtrit(2, 0.975) * error)
    assert (found.rows.tolist(), found.clusters.tolist()) == ([6], [3])


def test_each_group_has_the_mean_that_it_would_have_alone():
    halves = metrics.group(["b", "a", "b", "a", "a", "b"])
    chosen = halves.codes == 0

    together = metrics.means(LOSSES, halves, DAYS, 0.95)
    alone = metrics.means(
        LOSSES[chosen], metrics.everything(3), metrics.group(["mon", "tue", "tue"]), 0.95
    )  # fmt: skip

    assert halves.names == ("a", "b")
    for ours, theirs in ((together.value, alone.value), (together.error, alone.error), (together.low, alone.low)):
        assert ours[0] == pytest.approx(theirs[0])
    assert metrics.distinct_clusters(halves, DAYS).tolist() == together.clusters.tolist() == [2, 3]


def test_the_interval_of_the_auc_is_that_of_single_rows_when_each_is_its_own_cluster():
    rng = np.random.default_rng(4)
    y = rng.random(400) < 0.4
    p = np.clip(0.4 + 0.15 * y + rng.normal(0, 0.15, 400), 0, 1)
    placed = (p[y][:, None] > p[~y][None, :]).astype(float)
    delong = placed.mean(axis=1).var(ddof=1) / y.sum() + placed.mean(axis=0).var(ddof=1) / (~y).sum()

    measure = metrics.roc_auc
    found = measure(y.astype(float), p, metrics.group(np.arange(400).astype(str)), 0.95)

    width = np.log(found.high / (1 - found.high)) - np.log(found.low / (1 - found.low))
    error = width / 2 / stdtrit(399, 0.975) * found.value * (1 - found.value)
    assert error == pytest.approx(np.sqrt(delong), rel=0.02)


@pytest.mark.parametrize("name", ["calibration_error", "average_precision"])
def test_a_jackknife_leaves_out_whole_clusters(name):
    rng = np.random.default_rng(6)
    y, p = (rng.random(120) < 0.5).astype(float), rng.choice([0.2, 0.4, 0.6, 0.8], 120)
    days = np.repeat(list("abcdef"), 20)
    measure = getattr(metrics, name)
    value = {
        kept: measure(y[days != kept], p[days != kept], metrics.group(days[days != kept]), 0.95) for kept in "abcdef"
    }
    left_out = np.array([found.value for found in value.values()])

    found = measure(y, p, metrics.group(days), 0.95)

    error = np.sqrt(5 / 6 * ((left_out - left_out.mean()) ** 2).sum())
    assert found.high - found.value == pytest.approx(stdtrit(5, 0.975) * error)


def test_a_perfect_order_has_an_auc_but_no_interval():
    measure = metrics.roc_auc

    found = measure(np.array([0.0, 0.0, 1.0, 1.0]), np.array([0.1, 0.2, 0.3, 0.4]), metrics.group(list("abab")), 0.95)

    assert found == (1.0, None, None)


@pytest.mark.parametrize("rare", [1.0, 0.0])
def test_an_auc_has_no_interval_where_one_side_is_in_one_cluster(rare):
    measure = metrics.roc_auc
    days = np.repeat(list("abcd"), 25)
    p = np.random.default_rng(8).random(100)
    y = np.where(np.arange(100) % 3 == 0, rare, 1 - rare)
    alone = np.where(days == "b", y, 1 - rare)

    spread, gathered = (measure(labels, p, metrics.group(days), 0.95) for labels in (y, alone))

    assert None not in spread
    assert gathered.value is not None and gathered[1:] == (None, None)


def test_the_bare_script_states_the_same_interval_of_the_auc():
    rng = np.random.default_rng(9)
    y, p, days = (rng.random(200) < 0.3).astype(float), rng.random(200), np.arange(200) // 20
    alone = np.where(days == 3, y, 0.0)
    measure = metrics.roc_auc

    assert bare_statistics.roc_auc(y, p, days) == pytest.approx(measure(y, p, metrics.group(days), 0.95))
    value, low, high = bare_statistics.roc_auc(alone, p, days)
    assert (value, np.isnan(low), np.isnan(high)) == (measure(alone, p, metrics.group(days), 0.95).value, True, True)


def test_equal_predictions_stay_in_one_group_of_the_calibration():
    y, p = np.array([1.0, 0.0] * 50), np.repeat([0.3, 0.5], [70, 30])

    groups = metrics.calibration(y, p)

    assert [(group.rows, group.predicted, group.actual) for group in groups] == [
        (70, pytest.approx(0.3), 0.5),
        (30, 0.5, 0.5),
    ]
