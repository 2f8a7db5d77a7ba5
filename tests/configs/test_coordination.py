"""The section `coordination`: schedules that a clock can follow, and limits that hold nothing back unless asked to."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.server.schemas.schedules import CronSchedule
from pydantic import ValidationError

from configs.coordination import CoordinationSettings, Schedules

START = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = [
    "* * * * *",
    "0 6 * * *",
    "*/15 9-17 * * mon-fri",
    "0 0 1,15 * *",
    "0 0 29 2 *",
    "30 2 * JAN,jul 7",
    "59 23 31 12 0",
    "0-30/10 */6 * * *",
    "0 6 L * *",
    "0  6 * *\t*",
]
BAD = [
    ("", "no cron expression: ''"),
    ("daily", "no cron expression: 'daily'"),
    ("@daily", "minute hour day month weekday"),
    ("* * * *", "no cron expression"),
    ("* * * * * *", "no cron expression"),
    ("60 * * * *", "bad minute"),
    ("* 24 * * *", "bad hour"),
    ("* * 0 * *", "bad day-of-month"),
    ("* * * 13 *", "bad month"),
    ("* * * jum *", "bad month"),
    ("* * * * 8", "bad day-of-week"),
    ("* * * * sunday", "bad day-of-week"),
    ("5-1 * * * *", "bad minute"),
    ("*/0 * * * *", "bad minute"),
    ("*/90 * * * *", "a step of 90 in '*/90' never comes"),
    ("1,,2 * * * *", "bad minute"),
    ("-5 * * * *", "bad minute"),
    ("1.5 * * * *", "bad minute"),
    ("٣ * * * *", "bad minute"),
    ("0 0 31 2 *", "bad day-of-month"),
    ("0 0 30,31 feb *", "bad day-of-month"),
    ("0 0 31 4,6,9,11 *", "bad day-of-month"),
]


def dates(cron: str) -> list[datetime]:
    return asyncio.run(CronSchedule(cron=cron, timezone="UTC").get_dates(3, START))


@pytest.mark.parametrize("cron", GOOD)
def test_a_schedule_that_a_clock_can_follow_is_taken_as_it_is(cron: str):
    found = Schedules(continuous_training=cron)

    assert found.continuous_training == cron
    assert len(dates(cron)) == 3


@pytest.mark.parametrize(("cron", "words"), BAD)
def test_a_schedule_that_no_clock_can_follow_is_refused_with_what_is_wrong(cron: str, words: str):
    with pytest.raises(ValidationError) as caught:
        Schedules(poll=cron)

    assert words in str(caught.value)
    assert "as in '0 6 * * *'" in str(caught.value)


part = st.one_of(
    st.just("*"),
    st.integers(0, 61).map(str),
    st.builds("{}-{}".format, st.integers(0, 61), st.integers(0, 61)),
    st.builds("*/{}".format, st.integers(0, 61)),
    st.sampled_from(["mon", "Sun", "feb", "JAN-mar", "fri-mon", "L", "?", "5/7", "w"]),
)


@given(st.tuples(*[st.lists(part, min_size=1, max_size=2).map(",".join)] * 5).map(" ".join))
@settings(max_examples=300, deadline=None, database=None)
def test_whatever_passes_here_is_a_schedule_to_prefect_that_comes_round(cron: str):
    try:
        Schedules(monitor=cron)
    except ValidationError:
        return

    assert len(dates(cron)) == 3


def test_by_default_the_source_is_asked_each_minute_the_model_watched_each_hour_and_no_turn_held_back():
    found = CoordinationSettings()

    assert (found.schedules.continuous_training, found.schedules.poll) == (None, "* * * * *")
    assert [date.hour for date in dates(found.schedules.monitor or "")] == [0, 1, 2]
    assert (found.cooldown_minutes, found.min_new_rows) == (0, 0)
    assert (found.turns_per_day, found.max_model_age_days) == (None, None)
    assert found.max_attempts > 1


def test_every_schedule_can_be_switched_off():
    found = Schedules.model_validate({"continuous_training": None, "monitor": None, "poll": None})

    assert set(found.model_dump().values()) == {None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"cooldown_minutes": -1},
        {"turns_per_day": 0},
        {"min_new_rows": -1},
        {"max_model_age_days": 0},
        {"max_attempts": 0},
        {"max_attempts": 21},
        {"max_attempts": "4"},
        {"schedules": {"polls": "* * * * *"}},
        {"cool_down": 3},
        {"alert_block": "alerts"},
        {"alert_block": "slack-webhook/"},
        {"alert_block": "https://hooks.example.com/T0/B0"},
        {"alert_block": ""},
    ],
)
def test_limits_that_make_no_sense_and_unknown_keys_are_refused(wrong: dict[str, object]):
    with pytest.raises(ValidationError):
        CoordinationSettings.model_validate(wrong)
