"""How a model is measured, and two models on the same rows."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.evaluation import EvaluationSettings, Slice
from tasks.evaluation import scores as evaluation
from tasks.problems import binary
from tasks.problems import losses as row_losses
from tasks.training import groups
from tasks.training.groups import MISSING

SETTINGS = EvaluationSettings(min_slice_rows=20)


def test_a_prediction_that_is_no_probability_has_no_loss():
    losses = row_losses.log_losses(np.array([1.0, 0, 1, 1, 1]), np.array([0.5, 0.0, math.nan, math.inf, 1.5]))

    assert losses[:2] == pytest.approx([math.log(2), 0.0], abs=1e-5)
    assert np.isnan(losses[2:]).all()


@given(data=st.data(), rows=st.integers(2, 40))
def test_auc_and_average_precision_are_those_of_their_definitions(data, rows):
    y = np.array(data.draw(st.lists(st.booleans(), min_size=rows, max_size=rows)))
    p = np.array(data.draw(st.lists(st.sampled_from([0.1, 0.2, 0.5, 0.6, 0.9]), min_size=rows, max_size=rows)))
    wanted = EvaluationSettings(metrics=("average_precision",))

    found = by_name(evaluation.score("m", "b", y, p, np.arange(rows).astype(str), {}, wanted, "binary"))

    if y.all() or not y.any():
        assert found["roc_auc"].value is found["average_precision"].value is None
        return
    pairs = np.sign(p[y][:, None] - p[~y][None, :])
    steps = [(y[p >= cut].mean(), y[p == cut].sum() / y.sum()) for cut in np.unique(p)]
    assert found["roc_auc"].value == pytest.approx((1 + pairs.mean()) / 2)
    assert found["average_precision"].value == pytest.approx(sum(precision * recall for precision, recall in steps))


def test_brier_and_calibration_error_are_those_of_their_definitions():
    y, p = np.array([1, 0, 0, 1] * 5), np.repeat([0.25, 0.75], 10)

    scored = evaluation.score("m", "b", y, p, np.arange(20).astype(str), {}, SETTINGS, "binary")

    assert by_name(scored)["brier"].value == pytest.approx(((y - p) ** 2).mean())
    assert by_name(scored)["calibration_error"].value == pytest.approx(
        np.abs([y[:10].mean() - 0.25, y[10:].mean() - 0.75]).mean()
    )
    assert [(group.rows, group.predicted) for group in scored.calibration] == [(10, 0.25), (10, 0.75)]


def test_ten_groups_of_equal_size_tell_predicted_from_actual():
    y, p = np.tile([False, True], 50), np.linspace(0.01, 0.99, 100)

    scored = evaluation.score("m", "b", y, p, np.repeat(list("abcde"), 20), {}, SETTINGS, "binary")

    assert [group.rows for group in scored.calibration] == [10] * 10
    assert [group.predicted for group in scored.calibration] == sorted(group.predicted for group in scored.calibration)
    assert {group.actual for group in scored.calibration} == {0.5}


def test_the_log_loss_comes_first_and_what_the_guards_need_is_measured_unasked():
    y, p, clusters = world(clusters=4)

    scored = evaluation.score("m", "b", y, p, clusters, {}, EvaluationSettings(metrics=("brier",)), "binary")

    assert [metric.name for metric in scored.metrics] == ["log_loss", "brier", "roc_auc", "calibration_error"]
    assert scored.loss is scored.metrics[0]
    assert [metric.greater_is_better for metric in scored.metrics] == [False, False, True, False]


@pytest.mark.parametrize("name", ["log_loss", "brier", "roc_auc", "average_precision"])
def test_intervals_cover_as_often_as_they_say_when_rows_share_their_luck(name):
    rng = np.random.default_rng(1)
    settings = EvaluationSettings(metrics=("brier", "average_precision"), confidence=0.9)
    scores = [
        by_name(evaluation.score("m", "b", *world(rng, clusters=25), {}, settings, "binary"))[name] for _ in range(150)
    ]
    big = by_name(evaluation.score("m", "b", *world(rng, clusters=3000), {}, settings, "binary"))[name].value

    covered = np.mean([found.low <= big <= found.high for found in scores])

    assert 0.82 <= covered <= 0.97


def test_an_interval_over_rows_would_be_far_too_narrow():
    y, p, clusters = world(np.random.default_rng(5), clusters=40, rows=80)

    shared = evaluation.score("m", "b", y, p, clusters, {}, SETTINGS, "binary").loss
    alone = evaluation.score("m", "b", y, p, np.arange(len(y)).astype(str), {}, SETTINGS, "binary").loss

    assert shared.value == pytest.approx(alone.value)
    assert shared.high - shared.low > 1.5 * (alone.high - alone.low)


def test_one_cluster_tells_nothing_about_luck():
    y, p, _ = world(clusters=4)
    one = np.repeat("2013-02-01", len(y))

    scored = evaluation.score("m", "b", y, p, one, {}, SETTINGS, "binary")
    compared = evaluation.compare(y, p, p * 0.9, one, {}, SETTINGS, 0.05, "binary")

    assert {(metric.low, metric.high) for metric in scored.metrics} == {(None, None)}
    assert compared.low < -10 < 10 < compared.high


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf, 1.5])
def test_a_model_with_one_broken_prediction_has_no_metrics_and_no_gain(broken):
    y, p, clusters = world(clusters=6)
    worse = np.where(np.arange(len(y)) == 3, broken, p)
    slices = {"carrier": np.where(np.arange(len(y)) % 2 == 0, "OO", "UA")}

    scored = evaluation.score("m", "b", y, worse, clusters, slices, SETTINGS, "binary")
    compared = evaluation.compare(y, p, worse, clusters, slices, SETTINGS, 0.05, "binary")

    assert {metric.value for metric in scored.metrics} == {None}
    assert [part.loss.value is None for part in scored.slices] == [False, True]
    assert scored.calibration == compared.slices == ()
    assert math.isnan(compared.gain)


def test_a_slice_with_few_rows_or_few_clusters_is_pooled_and_called_insufficient():
    y, p, clusters = world(clusters=8, rows=20)
    position = np.arange(len(y))
    carrier = np.where(position % 2 == 0, "UA", "DL").astype(object)
    carrier[position % 20 == 7] = "HA"
    carrier[position >= 120] = "OO"

    scored = evaluation.score("m", "b", y, p, clusters, {"carrier": carrier}, SETTINGS, "binary")
    compared = evaluation.compare(y, p, p, clusters, {"carrier": carrier}, SETTINGS, 0.05, "binary")

    told = [(part.label, part.rows, part.clusters, part.sufficient) for part in scored.slices]
    assert told == [("DL", 54, 6, True), ("UA", 60, 6, True), ("other", 46, 8, False)]
    assert [(part.label, part.sufficient) for part in compared.slices] == [(row[0], row[3]) for row in told]
    assert sum(part.positives for part in scored.slices) == scored.positives


ALIKE = ["other", "'other'", "(missing)", "'(missing)'", "a", "a ", " a", "a  b", "a b", "", "a\u200b", '"a"', "None"]
"""Levels that read like the names of ours, or like one another."""


def test_levels_that_read_alike_are_slices_of_their_own_beside_the_pool_and_the_missing():
    values = pd.Series([*np.repeat(np.array(ALIKE, dtype=object), 40), *[None] * 40, *["rare"] * 3, *["few"] * 2])
    frame = pd.DataFrame({"x": values})
    y = np.tile([0.0, 1.0], len(values))[: len(values)]
    days = np.tile(list("abcdefg"), len(values))[: len(values)].astype(object)

    labels = groups.slice_labels(frame, [Slice(column="x")])
    scored = evaluation.score("m", "b", y, y * 0.5 + 0.2, days, labels, SETTINGS, "binary")

    names = [part.label for part in scored.slices]
    assert len(set(names)) == len(names) == len(ALIKE) + 2
    assert {"other", MISSING, "'other'", "'(missing)'", "a", "'a '", "''"} <= set(names)
    assert [(part.label, part.rows) for part in scored.slices if not part.sufficient] == [("other", 5)]
    assert all(name.isprintable() and name == " ".join(name.split()) for name in names if name[0] != "'")


def test_slices_come_in_natural_order_with_the_missing_and_the_pool_at_the_end():
    bands = ["16 or more", "8 to 15", "up to 7", MISSING, "9E", "rare"]
    labels = np.repeat(np.array(bands, dtype=object), [40, 40, 40, 40, 40, 10])
    y, p, _ = world(clusters=7, rows=30)

    scored = evaluation.score("m", "b", y, p, np.tile(list("abcdefg"), 30), {"x": labels}, SETTINGS, "binary")

    assert [part.label for part in scored.slices] == ["up to 7", "8 to 15", "16 or more", "9E", MISSING, "other"]


def test_a_comparison_adds_up_to_its_clusters():
    y, p, clusters = world(clusters=5)
    q = np.clip(p + 0.05, 0, 1)

    compared = evaluation.compare(y, p, q, clusters, {}, SETTINGS, 0.05, "binary")

    lost = sum(compared.base_loss) - sum(compared.challenger_loss)
    assert compared.gain == pytest.approx(lost / compared.rows)
    assert compared.clusters == tuple(sorted(set(clusters)))
    assert sum(compared.cluster_rows) == compared.rows == len(y)
    assert compared.churn == pytest.approx(((p >= 0.5) != (q >= 0.5)).mean())


@given(seed=st.integers(0, 2**32 - 1))
def test_champion_and_challenger_are_treated_alike(seed):
    rng = np.random.default_rng(seed)
    y, p, clusters = world(rng, clusters=6)
    q = np.clip(p + rng.normal(0, 0.1, len(p)), 0.01, 0.99)
    slices = {"half": np.where(rng.random(len(y)) < 0.5, "a", "b")}

    one = evaluation.compare(y, p, q, clusters, slices, SETTINGS, 0.05, "binary")
    other = evaluation.compare(y, q, p, clusters, slices, SETTINGS, 0.05, "binary")

    assert (other.gain, other.low, other.high) == pytest.approx((-one.gain, -one.high, -one.low))
    assert (other.base_loss, other.challenger_loss) == (one.challenger_loss, one.base_loss)
    assert other.churn == one.churn
    for a, b in zip(one.slices, other.slices, strict=True):
        assert (b.gain, b.p_value) == pytest.approx((-a.gain, 1 - a.p_value))


@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_measured_does_not_depend_on_the_order_of_the_rows(seed):
    rng = np.random.default_rng(seed)
    y, p, clusters = world(rng, clusters=6)
    p, order = p.round(1), rng.permutation(len(y))

    one = evaluation.score("m", "b", y, p, clusters, {}, SETTINGS, "binary")
    other = evaluation.score("m", "b", y[order], p[order], clusters[order], {}, SETTINGS, "binary")

    for a, b in zip(one.metrics, other.metrics, strict=True):
        assert (b.value, b.low, b.high) == pytest.approx((a.value, a.low, a.high))
    for a, b in zip(one.calibration, other.calibration, strict=True):
        assert dataclasses.astuple(b) == pytest.approx(dataclasses.astuple(a))


def test_a_slice_that_is_worse_is_found_and_the_others_are_not_accused():
    y, p, clusters = world(np.random.default_rng(2), clusters=30, rows=90)
    carrier = np.tile(["AA", "OO", "UA"], len(y) // 3)
    upside_down = np.where(carrier == "OO", 1 - p, p)

    compared = evaluation.compare(y, p, upside_down, clusters, {"carrier": carrier}, SETTINGS, 0.05, "binary")

    assert [(part.label, part.worse) for part in compared.slices] == [("AA", False), ("OO", True), ("UA", False)]
    assert compared.slices[1].high < 0 == compared.slices[0].gain


def test_slices_of_pure_luck_are_rarely_accused():
    rng = np.random.default_rng(11)
    accused = 0
    for _ in range(120):
        y, p, clusters = world(rng, clusters=20, rows=60)
        a, b = (np.clip(p + rng.normal(0, 0.1, len(p)), 0.01, 0.99) for _ in range(2))
        slices = {"tenth": np.tile([f"s{i}" for i in range(10)], len(y) // 10)}
        accused += any(
            part.worse for part in evaluation.compare(y, a, b, clusters, slices, SETTINGS, 0.05, "binary").slices
        )

    assert accused / 120 < 0.12


def test_no_model_predicts_the_share_of_positives_everywhere():
    y = np.array([True, False, False, False])

    losses = row_losses.log_losses(y.astype(float), evaluation.constant(0.25, 4))

    assert losses.sum() == pytest.approx(-math.log(0.25) - 3 * math.log(0.75))
    assert binary.constant_loss(0.25, positives=1, rows=4) == pytest.approx(losses.mean())
    assert binary.constant_loss(0.25, positives=0, rows=0) is None


def test_a_batch_without_rows_has_a_score_without_values():
    nothing, names = np.array([]), np.array([], dtype=object)

    scored = evaluation.score("m", "b", nothing, nothing, names, {"carrier": names}, SETTINGS, "binary")

    assert (scored.rows, scored.slices, scored.loss.value) == (0, (), None)


def world(rng=None, clusters=10, rows=20):
    """Labels, predictions and cluster names; the rows of a cluster share their luck, which the model does not know."""
    rng = rng or np.random.default_rng(0)
    known = rng.normal(-0.5, 0.8, (clusters, rows))
    luck = rng.normal(0, 0.8, (clusters, 1))
    y = rng.random((clusters, rows)) < 1 / (1 + np.exp(-known - luck))
    names = np.repeat([f"day {k:04d}" for k in range(clusters)], rows)
    return y.ravel(), 1 / (1 + np.exp(-known.ravel())), names


def by_name(scored):
    return {metric.name: metric for metric in scored.metrics}
