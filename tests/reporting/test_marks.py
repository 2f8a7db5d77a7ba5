"""Scales, ticks and lines are plain geometry."""

from itertools import pairwise

import pytest

from tasks.reporting import charts, marks, pictures
from tests.reporting import worlds


def test_a_scale_draws_what_is_outside_at_its_border() -> None:
    scale = marks.Scale(0, 10, 20, 120)

    assert [scale(0), scale(5), scale(10), scale(99), scale(-1)] == [120, 70, 20, 20, 120]


@pytest.mark.parametrize(
    ("low", "high", "found", "places"),
    [(0.36, 0.7, [0.4, 0.5, 0.6, 0.7], 1), (-0.03, 0.07, [-0.025, 0, 0.025, 0.05], 3), (0, 60, [0, 20, 40, 60], 0)],
)
def test_ticks_are_round_and_share_their_decimals(low: float, high: float, found: list[float], places: int) -> None:
    values = marks.ticks(low, high)

    assert values == pytest.approx(found)
    assert marks.decimals(values) == places


def test_labels_are_kept_apart_and_inside() -> None:
    placed = marks.apart([10, 11, 12, 100], 14, 0, 100)

    assert all(b - a >= 14 for a, b in pairwise(placed))
    assert min(placed) >= 0 and max(placed) <= 100


def test_a_line_crosses_a_refused_turn_and_breaks_where_a_value_is_missing() -> None:
    values = [1.0, None, 2.0, None, 3.0]

    found = marks.runs(values, [False, True, False, False, False])

    assert found == [[0, 2], [4]]


def test_coordinates_are_short() -> None:
    assert [marks.written(value) for value in (3.0, 0.1 + 0.2, 1 / 3, 0.001)] == ["3", "0.3", "0.33", "0"]


def test_charts_of_nothing_are_no_charts() -> None:
    turns = worlds.first_turn().turns

    assert charts.loss(turns, [], "") is None
    assert charts.gain(turns, "") is None
    assert charts.evidence(turns, 200, "") is None
    assert charts.share(turns, 0.03, "late", "") is None
    assert charts.overview(turns, 1, "") is None


def test_the_threshold_of_the_evidence_is_where_the_settings_put_it() -> None:
    turns = worlds.year().turns

    low, high = charts.evidence(turns, 20, ""), charts.evidence(turns, 2000, "")

    assert low and high
    heights = [
        dict(m.attributes)["y1"] for chart in (low, high) for m in chart.under if ("class", "limit") in m.attributes
    ]
    assert float(heights[0]) > float(heights[1])
    assert [m.text for m in low.over if m.text.endswith("promote")] == ["20: promote"]


def test_only_changes_of_the_live_model_are_marked() -> None:
    turns = worlds.year().turns

    chart = charts.loss(turns, [(3, 3), (6, 6)], "")

    assert chart and [m.text for m in chart.under if m.text.endswith("live")] == ["v3 live", "v6 live"]


def test_bars_have_the_sign_of_the_gain() -> None:
    pair = worlds.comparison(0.0, -0.01, 0.01, 1)

    chart = pictures.clusters(pair, "")

    gains = pictures.cluster_gains(pair)
    assert chart and [dict(m.attributes)["class"] for m in chart.over] == ["up" if g > 0 else "down" for g in gains]
