"""Windows by their numbers, as `cuts` has them for rows that are at hand."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.ingestion import Cut
from tasks.ingestion import cuts, spans

CUTS = [Cut(days=1), Cut(days=7, start="2013-01-02"), Cut(months=1), Cut(months=5, start="2012-11-01"), Cut(days=9)]
DAYS = st.dates(date(1, 2, 1), date(9900, 1, 1))


@pytest.mark.parametrize("cut", CUTS, ids=str)
@given(day=DAYS)
def test_a_day_is_in_the_window_that_cuts_puts_it_in(cut: Cut, day: date) -> None:
    number = spans.number(day, cut)

    assert number == cuts.numbers(np.array([day], dtype="datetime64[us]"), cut)[0]
    assert spans.begin(number, cut) <= day < spans.begin(number + 1, cut)


@pytest.mark.parametrize("cut", CUTS, ids=str)
def test_a_window_is_called_as_cuts_calls_it(cut: Cut) -> None:
    moment = datetime.fromisoformat("2013-05-07T12:00+00:00")
    events = np.array(["2013-05-07"], dtype="datetime64[us]")

    name = next(cuts.parts(events, None, cut, moment + timedelta(days=3650))).name

    assert spans.name(spans.number(moment.date(), cut), cut) == name


@pytest.mark.parametrize(("now", "first"), [("2013-01-09T23:59", 1), ("2013-01-10T00:00", 2)])
def test_a_window_is_over_when_it_has_ended_and_the_days_to_wait_have_passed(now: str, first: int) -> None:
    assert spans.first_open(datetime.fromisoformat(now), Cut(days=4, start="2013-01-01", wait_days=1)) == first


def test_as_many_days_are_read_again_as_rows_may_come_late() -> None:
    weekly = Cut(days=7, start="2013-01-01")

    assert [spans.again(10, days, weekly) for days in (0, 1, 7, 8)] == [10, 9, 9, 8]
