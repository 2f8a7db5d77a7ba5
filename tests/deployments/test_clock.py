"""The clock: one tick for each slot of UTC, in whatever zone a server or a user sits, on the odd days of the year."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prefect.server.schemas.schedules import CronSchedule

from deployments import plan
from deployments.plan import Place

ZONES = {
    "America/New_York": ("2026-03-08", "2026-11-01"),
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "Australia/Lord_Howe": ("2026-04-05", "2026-10-04"),
    "Asia/Kolkata": (),
}
"""Four zones, with the days on which their clocks are put back or forward; one moves by half an hour, one never."""
ODD_DAYS = ("2028-02-29", "2026-12-31", "2028-12-31", "2026-02-28")
DAYS = [(zone, day) for zone, odd in ZONES.items() for day in (*odd, *ODD_DAYS)]
PLACE = Place(Path("/home of somebody"), Path("/files"), Path("/checkout"), "/usr/bin/python")


@pytest.fixture
def schedules(write: Callable[..., None]) -> dict[str, CronSchedule]:
    """The schedules of a pipeline, as its deployments hand them to Prefect."""
    write("clock", continuous_training="30 2 * * *", monitor="17 * * * *", poll="* * * * *")
    planned = {one.flow: one.body["schedules"] for one in plan.plan(["clock"], PLACE) if one.body["schedules"]}
    return {flow: CronSchedule.model_validate(one["schedule"]) for flow, (one,) in planned.items()}


@pytest.fixture
def sit_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Puts this process into a zone."""

    def sit(zone: str) -> None:
        monkeypatch.setenv("TZ", zone)
        time.tzset()

    yield sit
    monkeypatch.undo()
    time.tzset()


def ticks(schedule: CronSchedule, start: datetime, number: int) -> list[datetime]:
    return [tick.astimezone(UTC) for tick in asyncio.run(schedule.get_dates(number, start))]


def slots(first: datetime, every: timedelta, number: int) -> list[datetime]:
    return [first + every * place for place in range(number)]


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_each_slot_of_utc_ticks_once_whatever_the_clocks_on_the_wall_do(
    zone: str, day: str, schedules: dict[str, CronSchedule], sit_in: Callable[[str], None]
) -> None:
    sit_in(zone)
    evening = datetime.fromisoformat(f"{day} 18:00").replace(tzinfo=ZoneInfo(zone)) - timedelta(days=1)
    start = evening.astimezone(UTC)
    night = start.replace(hour=2, minute=30) + timedelta(days=start.hour >= 2)
    hour = start.replace(minute=17) + timedelta(hours=start.minute > 17)

    found = {flow: ticks(schedule, evening, 900) for flow, schedule in schedules.items()}

    assert found["poll"] == slots(start, timedelta(minutes=1), 900)
    assert found["monitor"] == slots(hour, timedelta(hours=1), 900)
    assert found["continuous-training"] == slots(night, timedelta(days=1), 900)


def test_a_clock_on_the_wall_would_skip_a_night_or_an_hour() -> None:
    nights = CronSchedule(cron="30 2 * * *", timezone="Europe/Berlin")
    before = datetime(2026, 3, 28, tzinfo=UTC)

    found = ticks(nights, before, 4)

    assert found != slots(found[0], timedelta(days=1), 4)
