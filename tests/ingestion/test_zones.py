"""Times on a wall: those that there is one moment for are put there, of the others it is said what they are."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from configs.errors import BrokenContract
from tasks.ingestion import zones
from tasks.ingestion.zones import Fault, Repeated

PLACES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "Africa/Casablanca", "UTC")


def moment(text: str, zone: str, repeated: Repeated = "refused") -> str | Fault:
    (found,), wrong = zones.to_utc(np.array([text], "datetime64[us]"), zone, repeated)
    return wrong[0] if wrong else str(found.astype("datetime64[s]"))


@pytest.mark.parametrize(
    ("text", "zone", "repeated", "expected"),
    [
        ("2013-01-31T12:00", "Europe/Berlin", "refused", "2013-01-31T11:00:00"),
        ("2013-07-31T12:00", "Europe/Berlin", "refused", "2013-07-31T10:00:00"),
        ("2013-07-31T00:00", "Asia/Kolkata", "refused", "2013-07-30T18:30:00"),
        ("2013-10-27T02:30", "Europe/Berlin", "refused", Fault.TWICE),
        ("2013-10-27T02:30", "Europe/Berlin", "first", "2013-10-27T00:30:00"),
        ("2013-10-27T02:30", "Europe/Berlin", "second", "2013-10-27T01:30:00"),
        ("2013-10-27T03:00", "Europe/Berlin", "refused", "2013-10-27T02:00:00"),
        ("2013-03-31T02:30", "Europe/Berlin", "refused", Fault.NEVER),
        ("2013-03-31T02:30", "Europe/Berlin", "first", Fault.NEVER),
        ("2013-03-31T02:30", "Europe/Berlin", "second", Fault.NEVER),
        ("2013-03-31T03:00", "Europe/Berlin", "refused", "2013-03-31T01:00:00"),
        ("2013-10-20T00:30", "America/Sao_Paulo", "refused", Fault.NEVER),
        ("2011-12-30T12:00", "Pacific/Apia", "refused", Fault.NEVER),
        ("2013-10-27T01:30", "Europe/Dublin", "first", "2013-10-27T00:30:00"),
        ("2013-10-27T01:30", "Europe/Dublin", "second", "2013-10-27T01:30:00"),
        ("0001-01-01T00:00", "Asia/Tokyo", "refused", Fault.BEYOND),
        ("9999-12-31T23:59", "America/New_York", "refused", Fault.BEYOND),
        ("1800-01-01T00:00", "UTC", "refused", "1800-01-01T00:00:00"),
    ],
)
def test_a_time_on_a_wall_is_one_moment_or_named(
    text: str, zone: str, repeated: Repeated, expected: str | Fault
) -> None:
    assert moment(text, zone, repeated) == expected


@given(
    st.datetimes(datetime.fromisoformat("1970-01-01T00:00:00"), datetime.fromisoformat("2037-01-01T00:00:00")),
    st.sampled_from(PLACES),
)
@example(datetime.fromisoformat("2013-10-27T02:59:59"), "Europe/Berlin")
@example(datetime.fromisoformat("2013-04-07T01:45:00"), "Australia/Lord_Howe")
def test_each_moment_is_shown_by_the_clock_it_was_read_from(shown: datetime, zone: str) -> None:
    text = shown.isoformat()
    by_fold = [shown.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC) for fold in (0, 1)]
    exists = by_fold[0].astimezone(ZoneInfo(zone)).replace(tzinfo=None) == shown

    found = [moment(text, zone, repeated) for repeated in ("first", "second")]

    whole = [one.replace(tzinfo=None, microsecond=0).isoformat() for one in by_fold]
    assert found == (whole if exists else [Fault.NEVER] * 2)
    assert (moment(text, zone) is Fault.TWICE) == (exists and by_fold[0] != by_fold[1])


def test_what_is_missing_stays_missing() -> None:
    found, wrong = zones.to_utc(np.array(["NaT", "2013-01-01"], "datetime64[us]"), "Europe/Berlin")

    assert (np.isnat(found).tolist(), wrong) == ([True, False], {})


def test_the_first_row_and_their_number_are_told() -> None:
    shown = pd.to_datetime(["2013-10-27 01:00", "2013-10-27 02:30", "2013-10-27 02:40"]).as_unit("us")
    frame = pd.DataFrame({"at": shown.tz_localize("UTC"), "x": [1, 2, 3]})

    with pytest.raises(BrokenContract) as caught:
        zones.localize(frame, {"at": "Europe/Berlin"})

    assert str(caught.value) == (
        "Column 'at': '2013-10-27 02:30:00' in row 2 is there twice in Europe/Berlin, where the clocks were set back; "
        "see ingestion.source.repeated_hour; 2 such cells in all."
    )
    assert caught.value.rows == 3
