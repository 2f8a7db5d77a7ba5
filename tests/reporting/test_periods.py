"""What a batch is told to be of: the day or month of its name only if its rows say so, else the time they span."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.domain.records import Batch, BatchStatus
from tasks.reporting import captions, page, sentences, stories, strip, tiles, titles
from tests.reporting import worlds


def batch(name: str, first: str | None = None, last: str | None = None) -> Batch:
    """A batch whose rows happened between two times in UTC."""
    begin, end = (datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None for text in (first, last))
    return Batch("", name, BatchStatus.ACCEPTED, 1, 1, 0, 0, 0, 0, first_event=begin, last_event=end)


# name, first and last row, short, medium, when
MONTHS = [
    ("2013-12", "2013-12-01", "2013-12-31T23:59", "Dec", "Dec 2013", "in December 2013"),
    ("1955-01", "1955-01-01", "1957-12-01", "1955–57", "1955–1957", "from 1955 to 1957"),
    ("1955-01", "1955-01-01", "1955-12-01", "1955", "1955", "in 1955"),
    ("1955-03", "1955-03-01", "1958-02-01", "1955–58", "Mar 1955–Feb 1958", "from March 1955 to February 1958"),
    ("2013-01", "2013-01-03", "2013-03-30", "Jan–Mar", "Jan–Mar 2013", "from January to March 2013"),
    ("2013-11", "2013-11-01", "2014-01-31", "2013–14", "Nov 2013–Jan 2014", "from November 2013 to January 2014"),
    ("2013-01", "2013-01-01", "2013-02-01", "Jan–Feb", "Jan–Feb 2013", "from January to February 2013"),
]
DAYS = [
    ("2013-12-05", "2013-12-05", "2013-12-05T23:59", "5 Dec", "5 Dec 2013", "on 5 December 2013"),
    ("2013-12-03", "2013-12-03", "2013-12-09T23:59", "3–9 Dec", "3–9 Dec 2013", "from 3 to 9 December 2013"),
    (
        *("2013-11-28", "2013-11-28", "2013-12-04T08:00"),
        *("28 Nov–4 Dec", "28 Nov–4 Dec 2013", "from 28 November to 4 December 2013"),
    ),
    (
        *("2013-12-30", "2013-12-30", "2014-01-05"),
        *("30 Dec–5 Jan", "30 Dec 2013–5 Jan 2014", "from 30 December 2013 to 5 January 2014"),
    ),
]
ZONES = [
    ("2013-01", "2013-01-01T10:15", "2013-02-01T04:30", "Jan", "Jan 2013", "in January 2013"),  # New York
    ("2013-11", "2013-11-01T04:00", "2013-12-01T04:59", "Nov", "Nov 2013", "in November 2013"),  # with summer time
    ("2013-10", "2013-09-30T22:00", "2013-10-31T22:59", "Oct", "Oct 2013", "in October 2013"),  # Berlin
    ("2013-01", "2012-12-31T23:00", "2013-01-31T22:59", "Jan", "Jan 2013", "in January 2013"),
    ("2013-01-05", "2013-01-04T11:00", "2013-01-05T10:59", "5 Jan", "5 Jan 2013", "on 5 January 2013"),  # Auckland
    ("2013-01", "2012-12-31T15:00", "2013-03-31T14:59", "Jan–Mar", "Jan–Mar 2013", "from January to March 2013"),
]
BY_NAME = [
    ("orders_7", "2013-01-01", "2013-01-05"),
    ("2013-13", "2013-01-01", "2013-01-05"),
    ("2013-02-30", "2013-02-01", "2013-02-05"),
    ("2013-02-01", "2013-01-01", "2013-01-31"),  # the day of the delivery
    ("2013-02", "2013-01-07", "2013-02-28"),  # with stragglers
    ("1955-01", None, None),  # nothing is known of a refused one
]


@pytest.mark.parametrize(("name", "first", "last", "short", "medium", "when"), [*MONTHS, *DAYS, *ZONES])
def test_a_batch_is_told_by_the_time_of_its_rows(
    name: str, first: str, last: str, short: str, medium: str, when: str
) -> None:
    one = batch(name, first, last)

    assert (titles.short(one), titles.medium(one), titles.when(one)) == (short, medium, when)


@pytest.mark.parametrize(("name", "first", "last"), BY_NAME)
def test_a_batch_whose_rows_do_not_fit_its_name_is_told_by_name(name: str, first: str | None, last: str | None) -> None:
    one = batch(name, first, last)

    assert (titles.short(one), titles.medium(one), titles.when(one)) == (None, name, f"on batch {name}")


@pytest.mark.parametrize(
    ("batches", "told"),
    [
        ([batch(f"2013-0{n}", f"2013-0{n}-01", f"2013-0{n}-20") for n in (3, 6)], "in March and June"),
        ([batch("2012-12", "2012-12-01", "2012-12-01"), batch("2013-01", "2013-01-01", "2013-01-02")],
         "in December 2012 and January 2013"),
        ([batch("2013-01", "2013-01-01", "2013-03-01"), batch("2013-04", "2013-04-01", "2013-04-02")],
         "on batches Jan–Mar 2013 and Apr 2013"),
        ([batch("a")], "on batch a"),
        ([batch("a")] * 4, "in four batches"),
    ],
)  # fmt: skip
def test_lists_of_batches_stay_short(batches: list[Batch], told: str) -> None:
    assert titles.several(batches) == told


def test_many_days_side_by_side_say_their_month_once() -> None:
    names = [f"1998-{month:02}-{day:02}" for month in range(1, 9) for day in (3, 17)]
    days = [batch(name, name, name) for name in names]

    assert titles.axis(days[:4]) == ["3 Jan", "17 Jan", "3 Feb", "17 Feb"]
    assert titles.axis(days)[:4] == ["Jan", "17", "Feb", "17"]
    assert titles.axis([batch("2013-01", "2013-01-01", "2013-01-02"), batch("x")] * 8)[:2] == ["Jan", None]


def test_many_weeks_side_by_side_are_told_as_weeks() -> None:
    weeks = [("03-04", "03-10"), ("03-11", "03-17"), ("03-25", "03-31"), ("03-28", "04-03"), ("04-08", "04-14")]
    batches = [batch(f"2024-{first}", f"2024-{first}", f"2024-{last}") for first, last in weeks]

    assert titles.axis(batches) == ["4–10 Mar", "11–17 Mar", "25–31 Mar", "28 Mar–3 Apr", "8–14 Apr"]
    assert titles.axis(batches * 4)[:7] == ["4–10 Mar", "", "", "28 Mar–3 Apr", "", "", "11–17 Mar"]
    assert titles.axis([batch("x")] * 30) == [None] * 30


def test_a_refused_batch_is_of_its_month_where_all_others_are() -> None:
    month, years = batch("2013-01", "2013-01-01", "2013-01-31"), batch("1955-01", "1955-01-01", "1957-12-01")

    assert titles.axis([month, batch("2013-02")]) == ["Jan", "Feb"]
    assert titles.axis([years, batch("1958-01")]) == ["1955–57", None]


def test_no_window_of_three_years_is_told_as_one_month_anywhere() -> None:
    world = worlds.year()
    spans = [(f"{1955 + 3 * n}-01", f"{1955 + 3 * n}-01-01", f"{1957 + 3 * n}-12-01") for n in range(13)]
    turns = tuple(
        replace(turn, batch=replace(turn.batch, name=name, first_event=one.first_event, last_event=one.last_event))
        for turn, (name, one) in zip(world.turns, ((span[0], batch(*span)) for span in spans), strict=True)
    )
    world, settings = replace(world, turns=turns), worlds.settings()

    told = [page.render(world, settings, written=worlds.WRITTEN), str(sentences.headline(world, settings))]
    told += [str(tiles.four(world, settings)), captions.gain(turns), captions.share(turns, settings)]
    told += [str(stories.story(world, turn, settings)) + str(strip.column(turn)) for turn in turns]

    assert "From 1991 to 1993 it expected" in told[0]
    assert [text for text in told if "January" in text or ">Jan<" in text or "Jan 19" in text] == []
