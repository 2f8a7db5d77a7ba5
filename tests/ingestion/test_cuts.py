"""One file is cut into windows of time: nothing is lost, each row is in one, and none comes before it is over."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.ingestion import Cut
from tasks.ingestion import cuts

DAY = Cut(days=1)
LONG_AFTER = datetime(2100, 1, 1, tzinfo=UTC)
BEFORE = datetime(1900, 1, 1, tzinfo=UTC)


def moments(*texts: str) -> cuts.Moments:
    return np.array(texts, dtype="datetime64[us]")


def names(events: cuts.Moments, cut: Cut, now: datetime, known: cuts.Moments | None = None) -> list[str]:
    return [part.name for part in cuts.parts(events, known, cut, now)]


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        (Cut(days=1), ["2011-01-31", "2011-02-01", "2011-12-31"]),
        (Cut(days=14, start="2011-01-31"), ["2011-01-31", "2011-12-19"]),
        (Cut(days=14, start="2012-01-02"), ["2011-01-31", "2011-12-19"]),
        (Cut(months=1), ["2011-01", "2011-02", "2011-12"]),
        (Cut(months=3), ["2011-01", "2011-10"]),
        (Cut(months=12, start="2010-02-01"), ["2010-02", "2011-02"]),
    ],
)
def test_windows_follow_from_one_day_on_which_one_begins(cut: Cut, expected: list[str]):
    events = moments("2011-02-01", "2011-01-31T23:59:59.999999", "2011-12-31T12:00")

    assert names(events, cut, LONG_AFTER) == expected


def test_a_window_waits_until_the_clock_or_a_later_row_has_passed_its_end():
    events = moments("2011-01-01T05:00", "2011-01-02T05:00")

    assert names(events, DAY, BEFORE) == ["2011-01-01"]
    assert names(events, DAY, datetime(2011, 1, 2, 23, 59, tzinfo=UTC)) == ["2011-01-01"]
    assert names(events, DAY, datetime(2011, 1, 3, tzinfo=UTC)) == ["2011-01-01", "2011-01-02"]


def test_a_window_waits_as_long_as_it_is_told_to():
    events = moments("2011-01-01T05:00", "2011-01-02T05:00")
    cut = Cut(days=1, wait_days=2)

    assert names(events, cut, datetime(2011, 1, 3, 23, tzinfo=UTC)) == []
    assert names(events, cut, datetime(2011, 1, 4, tzinfo=UTC)) == ["2011-01-01"]
    assert cuts.next_over(events, None, cut, datetime(2011, 1, 4, tzinfo=UTC)) == datetime(2011, 1, 5, tzinfo=UTC)


def test_a_window_waits_for_the_last_of_its_labels():
    events = moments("2011-01-01T05:00", "2011-01-01T06:00", "2011-01-01T07:00")
    known = moments("2011-01-01", "2011-01-09T12:00", "NaT")

    assert names(events, DAY, datetime(2011, 1, 9, 11, tzinfo=UTC), known) == []
    assert names(events, DAY, datetime(2011, 1, 9, 12, tzinfo=UTC), known) == ["2011-01-01"]
    assert cuts.next_over(events, known, DAY, BEFORE) == datetime(2011, 1, 9, 12, tzinfo=UTC)


def test_one_label_of_a_far_year_holds_nothing_back():
    events, known = moments("2011-01-01T05:00", "2011-01-02T05:00"), moments("2999-01-01", "2011-01-03")

    assert names(events, DAY, datetime(2012, 1, 1, tzinfo=UTC), known) == ["2011-01-01", "2011-01-02"]


def test_rows_of_a_window_are_in_the_order_in_which_they_happened():
    events = moments("2011-01-01T07:00", "2011-01-02", "2011-01-01T05:00", "2011-01-01T07:00")

    first, _ = cuts.parts(events, None, DAY, LONG_AFTER)

    assert first.rows.tolist() == [2, 0, 3]


def test_rows_without_a_time_are_a_delivery_of_their_own():
    events = moments("2011-01-01", "NaT")

    *_, last = cuts.parts(events, None, DAY, LONG_AFTER)

    assert (last.name, last.rows.tolist()) == (cuts.UNDATED, [1])


_MOMENTS = st.integers(-600_000_000, 2_500_000_000).map(lambda second: np.datetime64(second, "s"))


@given(
    st.lists(_MOMENTS, max_size=30),
    st.builds(Cut, days=st.integers(1, 400)) | st.builds(Cut, months=st.integers(1, 30)),
    _MOMENTS,
)
def test_each_row_is_in_one_window_or_waits_for_the_clock(times: list[np.datetime64], cut: Cut, now: np.datetime64):
    events, clock = np.array(times, dtype="datetime64[us]"), now.item().replace(tzinfo=UTC)

    delivered = [row for part in cuts.parts(events, None, cut, clock) for row in part.rows.tolist()]
    later = cuts.next_over(events, None, cut, clock)

    assert len(delivered) == len(set(delivered))
    assert (len(delivered) == len(times)) == (later is None)
    assert later is None or later > clock
    everything = cuts.parts(events, None, cut, clock + timedelta(days=50_000))
    assert sorted(row for part in everything for row in part.rows.tolist()) == list(range(len(times)))


def test_only_rows_that_were_not_delivered_are_new_and_of_equal_ones_the_surplus():
    now = pd.DataFrame({"x": ["a", "b", "b", "b", "c"]})
    earlier = [pd.DataFrame({"x": ["b", "a"]}), pd.DataFrame({"x": ["b"]})]

    assert cuts.fresh(now, earlier).tolist() == [False, False, False, True, True]


def test_equal_rows_are_numbered():
    assert cuts.copies(pd.DataFrame({"x": ["a", "b", "a", "a"]})).tolist() == [1, 1, 2, 3]
