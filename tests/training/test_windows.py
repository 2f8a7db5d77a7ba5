"""Windows: a model learns from what was known before the batch, and is judged on what it has not seen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.candidates import Window
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, BatchStatus
from tasks.training import windows

DAY = timedelta(days=1)
START = datetime(2013, 1, 1, tzinfo=UTC)
ALL = Window()


def batch(name: str, first: int | None, last: int | None = None) -> Batch:
    """A batch whose events are on these days."""
    begins = None if first is None else START + first * DAY
    ends = begins if last is None else START + last * DAY
    return Batch(name, name, BatchStatus.ACCEPTED, 9, 9, 0, 0, 0, 3, first_event=begins, last_event=ends)


def alone(one: Batch) -> Pool:
    """A batch that is judged from its first event on, by itself."""
    return Pool((one,), one.first_event)


JANUARY, FEBRUARY, MARCH = batch("january", 0, 30), batch("february", 31, 58), batch("march", 59, 89)


def test_everything_before_a_batch_is_learned_from():
    plan = windows.before(alone(MARCH), [JANUARY, FEBRUARY, MARCH], ALL)

    assert plan == windows.Plan((JANUARY, FEBRUARY), None, START + 59 * DAY)


def test_a_window_leaves_out_batches_that_ended_before_it_begins():
    plan = windows.before(alone(MARCH), [JANUARY, FEBRUARY], Window(days=28))

    assert plan == windows.Plan((FEBRUARY,), START + 31 * DAY, START + 59 * DAY)


@pytest.mark.parametrize(("days", "inside"), [(29, True), (28, False)])
def test_a_batch_that_ends_as_the_window_begins_is_inside(days: int, inside: bool):
    plan = windows.before(alone(batch("march", 59)), [JANUARY], Window(days=days))

    assert (plan is not None) == inside


def test_what_came_later_is_never_learned_from_also_when_it_is_taken_in_already():
    plan = windows.before(alone(FEBRUARY), [JANUARY, FEBRUARY, MARCH], ALL)

    assert plan is not None
    assert plan.batches == (JANUARY,)


def test_an_earlier_batch_that_reaches_into_this_one_is_selected_up_to_the_cut_off():
    plan = windows.before(alone(FEBRUARY), [replace(JANUARY, last_event=START + 40 * DAY)], ALL)

    assert plan is not None
    assert (plan.batches[0].id, plan.cutoff) == ("january", START + 31 * DAY)


@pytest.mark.parametrize("first", [JANUARY, batch("nothing new", None)])
def test_nothing_is_planned_when_nothing_is_older(first: Batch):
    assert windows.before(alone(first), [first, JANUARY, batch("empty", None)], ALL) is None


def test_a_batch_within_itself_ignores_when_it_arrived():
    plan = windows.within(alone(JANUARY), START + 15 * DAY, ALL)

    assert plan == windows.Plan((JANUARY,), None, START + 15 * DAY, ignores_arrival=True)


# ── the split of the first batch ──────────────────────────────────────────────────────────────────────────────────
def days(*numbers: int) -> "tuple[np.ndarray, np.ndarray]":
    """Noon of each day, and the day as cluster."""
    at = np.array([START.replace(tzinfo=None) + n * DAY + DAY / 2 for n in numbers], dtype="datetime64[us]")
    return at, at.astype("datetime64[D]").astype(str).astype(object)


@pytest.mark.parametrize(("share", "judged_from"), [(0.5, 2), (0.74, 2), (0.75, 3), (0.2, 1), (0.94, 3)])
def test_the_older_share_of_the_days_is_learned_from(share: float, judged_from: int):
    events, clusters = days(0, 0, 1, 2, 2, 3)

    moment = windows.split_moment(events, clusters, share)

    assert moment == START + judged_from * DAY + DAY / 2


@pytest.mark.parametrize("numbers", [(), (3,), (3, 3, 3)])
def test_one_day_cannot_be_split(numbers: tuple[int, ...]):
    assert windows.split_moment(*days(*numbers), 0.5) is None


@pytest.mark.parametrize(
    ("numbers", "judged_from"),
    [((0, 0, 0, 0, 1), 1), ((0, 0, 0, 1, 1, 2), 1), ((0, 1, 1, 1, 1), 1), ((0, 0, 0, 0), None)],
)
def test_rows_of_one_moment_are_never_torn_apart(numbers: tuple[int, ...], judged_from: int | None):
    events, _ = days(*numbers)
    each_by_itself = np.arange(len(events)).astype(str).astype(object)

    moment = windows.split_moment(events, each_by_itself, 0.5)

    assert moment == (None if judged_from is None else START + judged_from * DAY + DAY / 2)


@given(numbers=st.lists(st.integers(0, 30), min_size=2, max_size=60), share=st.floats(0.11, 0.94))
def test_both_parts_have_rows_and_share_no_day_whatever_the_order(numbers: list[int], share: float):
    events, clusters = days(*numbers)

    moment = windows.split_moment(events, clusters, share)

    if len(set(numbers)) < 2:
        assert moment is None
        return
    assert moment is not None
    learned = events < np.datetime64(moment.replace(tzinfo=None))
    assert 0 < learned.sum() < len(events)
    assert not set(clusters[learned]) & set(clusters[~learned])
    assert moment == windows.split_moment(events[::-1], clusters[::-1], share)


def test_the_split_keeps_every_microsecond():
    events = np.array(["2013-01-01T00:00:00.000001", "2013-01-02T23:59:59.999999"], dtype="datetime64[us]")

    moment = windows.split_moment(events, np.array(["a", "b"], dtype=object), 0.5)

    assert moment == datetime(2013, 1, 2, 23, 59, 59, 999999, tzinfo=UTC)


# ── the end of what was judged ────────────────────────────────────────────────────────────────────────────────────
def hours(*numbers: float) -> np.ndarray:
    """Events, so many hours after the start."""
    return np.array([START.replace(tzinfo=None) + number * timedelta(hours=1) for number in numbers], "datetime64[us]")


@pytest.mark.parametrize("rows", [1, 2, 19, 48, 1000])
def test_what_was_judged_ends_with_its_last_row(rows: int):
    assert windows.end_of(hours(*range(rows))) == START + (rows - 1) * timedelta(hours=1)


@pytest.mark.parametrize(("strays", "left_out"), [(1, True), (10, True), (11, False)])
def test_a_few_rows_far_behind_the_others_do_not_move_the_end(strays: int, left_out: bool):
    events = np.append(hours(*range(200)), np.full(strays, np.datetime64("2031-01-01", "us")))

    found = windows.end_of(events)

    assert found == (START + timedelta(hours=199) if left_out else datetime(2031, 1, 1, tzinfo=UTC))


def test_a_row_that_is_only_somewhat_later_is_the_end():
    assert windows.end_of(hours(*range(200), 300)) == START + timedelta(hours=300)


@given(st.permutations([*range(60), 99_999]))
def test_the_order_of_the_rows_says_nothing_about_the_end(order: list[int]):
    assert windows.end_of(hours(*order)) == START + timedelta(hours=59)


def test_without_rows_there_is_no_end():
    assert windows.end_of(hours()) is None


@pytest.mark.parametrize(("end", "first"), [(0, 0), (1, 2), (2, 2), (4, 5), (6, 6)])
def test_judging_goes_on_with_the_first_row_that_is_not_before_the_end(end: int, first: int):
    moment = windows.first_from(hours(5, 2, 0), START + end * timedelta(hours=1))

    assert moment == START + first * timedelta(hours=1)


@pytest.mark.parametrize(("late", "watched"), [(False, START), (True, None)])
def test_of_a_late_batch_all_rows_are_watched(late: bool, watched: datetime | None):
    assert windows.Opening(START, 9, late).watched_from == watched
