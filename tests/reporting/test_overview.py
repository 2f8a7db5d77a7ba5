"""One page over all pipelines: who needs somebody, and where to read on."""

from datetime import timedelta

import pytest

from tasks.domain.observations import HealthState
from tasks.reporting import overview
from tasks.reporting.overview import Pipeline
from tests.reporting import worlds

NOW = worlds.WRITTEN
FRESH = Pipeline("new", "Will it?")
SOUND = Pipeline(
    "shop", "Sold?", "", 3, NOW - timedelta(days=3), HealthState.WELL, "may", "promote", NOW, page="shop.html"
)
HELD = Pipeline(
    "users", "Expert?", "", 2, NOW, HealthState.WATCH, "w7", "batch held", NOW, held=("w6", "w7"), barred=(4,)
)
BROKEN = Pipeline("typo", "", problem="typo.yaml is not valid: <b>")


def test_a_line_says_how_it_stands_and_what_waits_for_people() -> None:
    assert overview.row(FRESH, NOW) == ("new", "–", "–", "–", "none yet", "nothing")
    assert overview.row(SOUND, NOW) == ("shop", "v3", "3 days ago", "well", "may: promote, just now", "nothing")
    assert overview.row(HELD, NOW)[-1] == (
        "w6 is held: admit it, or keep it out; w7 is held: admit it, or keep it out; v4 is barred until it is released"
    )


@pytest.mark.parametrize(
    ("ago", "text"),
    [
        ({"seconds": 5}, "just now"),
        ({"minutes": 1}, "1 minute ago"),
        ({"hours": 30}, "1 day ago"),
        ({"hours": 7}, "7 hours ago"),
    ],
)
def test_ages_are_told_in_their_largest_unit(ago: dict[str, float], text: str) -> None:
    assert overview.age(NOW - timedelta(**ago), NOW) == text


def test_the_page_links_to_the_reports_beside_it_and_holds_no_markup_of_others() -> None:
    html = overview.render([FRESH, SOUND, HELD, BROKEN], written=NOW)

    assert "4 pipelines, 2 in need of somebody" in html
    assert '<a href="shop.html">shop</a>' in html
    assert html.count("<a href") == 1
    assert "&lt;b&gt;" in html
    assert [html.count(f'class="glyph {name}"') for name in ("unjudged", "well", "held", "unwell")] == [1, 1, 1, 1]
