"""When rows happened, and which part of a difference lies where."""

import numpy as np
import pandas as pd
import pytest

from tasks.lineage import stretches


def moments(*texts: str) -> "pd.Series[pd.Timestamp]":
    return pd.Series(pd.to_datetime(list(texts), utc=True)).astype("datetime64[us, UTC]")


@pytest.mark.parametrize(
    ("last", "unit", "name"),
    [("2013-01-31", "D", "2013-01-31"), ("2014-06-30", "M", "2014-06"), ("2031-06-30", "Y", "2031")],
)
def test_the_longer_the_span_the_longer_the_stretches(last: str, unit: str, name: str) -> None:
    events = moments("2013-01-01", last)

    assert stretches.unit(events, events.iloc[:1]) == unit
    assert stretches.names(events, unit)[1] == name


def test_what_is_no_time_lies_in_no_stretch() -> None:
    texts = pd.Series(["yesterday", "today"], dtype="str")

    assert stretches.unit(texts, moments("2013-01-01")) == "D"
    assert list(stretches.names(texts, "D")) == ["(missing)", "(missing)"]
    assert len(stretches.names(texts.iloc[:0], "D")) == 0


def test_each_stretch_has_its_exact_part_of_a_difference() -> None:
    flags = np.array([False] * 90 + [True] * 10)
    days = np.array(["calm"] * 90 + ["storm"] * 10)

    first, second = stretches.places(flags, 0.0, days)

    assert (first.stretch, first.difference, first.rows, first.stands_out) == ("storm", 1.0, 0.1, True)
    assert (second.stretch, second.difference, second.stands_out) == ("calm", 0.0, False)


def test_parts_add_up_also_where_some_pull_the_other_way() -> None:
    flags = np.array([True, True, False, False, True, False])
    days = np.array(["a", "a", "b", "b", "c", "c"])

    parts = stretches.places(flags, 0.4, days)

    assert sum(one.difference for one in parts) == pytest.approx(1.0, abs=1e-3)
    assert [one.stretch for one in parts] == ["a", "c", "b"]
    assert parts[2].difference < 0


def test_nothing_differs_nowhere() -> None:
    flags = np.array([True, False])

    assert stretches.places(flags, 0.5, np.array(["a", "b"])) == ()
    assert stretches.places(flags[:0], 0.5, np.array([], dtype=str)) == ()
