"""Settings and libraries: what differs is named in the words of the pipeline file."""

from typing import Any

import pytest

from tasks.lineage import origins

NUMPY = "numpy==2.4.6 \\\n    --hash=sha256:00\n    # via pandas\n"


@pytest.mark.parametrize(
    ("was", "now", "text"),
    [
        ({"window": {"days": None}}, {"window": {"days": 90}}, "window.days: 90, was nothing"),
        ({"enabled": True}, {"enabled": False}, "enabled: false, was true"),
        ({"key": "a"}, {"key": ["a", "b"]}, "key: a, b, was a"),
        ({"features": ["a", "b"]}, {"features": ["a", "c"]}, "features: with c, without b"),
        ({"features": ["a", "b"]}, {"features": ["b", "a"]}, "features: b, a, was a, b"),
        ({"columns": {}}, {"columns": {"gust": {"type": "number", "min": None, "nullable": True}}},
         "columns.gust: type=number nullable=true, was nothing"),
        ({"candidates": [{"family": "linear", "c": 1}]}, {"candidates": [{"family": "linear", "c": 2}]},
         "candidates.linear.c: 2, was 1"),
        ({"candidates": [{"use": "Trees", "source": "aa"}]}, {"candidates": [{"use": "Trees", "source": "bb"}]},
         "candidates.Trees.source: bb, was aa"),
        ({"metrics": [{"name": "a"}, {"name": "b"}]}, {"metrics": [{"name": "b"}, {"name": "a"}]},
         "metrics: b, a, was a, b"),
        ({"metrics": ["auc"]}, {"metrics": ["auc", {"use": "Top"}]}, "metrics.2: use=Top, was nothing"),
    ],
)  # fmt: skip
def test_one_setting_is_told_in_one_line(was: dict[str, Any], now: dict[str, Any], text: str) -> None:
    (change,) = origins.settings(was, now)

    assert change.text == text


def test_the_same_settings_do_not_differ() -> None:
    paper = {"training": {"features": ["a"], "window": {"days": None}}}

    assert origins.settings(paper, dict(paper)) == ()


def test_libraries_are_told_by_their_pins() -> None:
    now = NUMPY.replace("2.4.6", "2.5.0") + 'uvloop==0.23 ; sys_platform != "win32" \\\n    --hash=sha256:11\n'

    changes = origins.libraries(NUMPY, now)

    assert [one.text for one in changes] == ["numpy: 2.5.0, was 2.4.6", "uvloop: 0.23, was nothing"]
    assert origins.libraries(NUMPY, NUMPY) == ()
