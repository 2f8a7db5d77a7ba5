"""Times that a source has in no column of its own are made as its settings say; what does not fit is named."""

import pandas as pd
import pytest

from configs.errors import BrokenContract
from configs.ingestion import DerivedTime
from tasks.core import moments


def refusal(frame: pd.DataFrame, time: DerivedTime) -> str:
    with pytest.raises(BrokenContract) as caught:
        moments.derive(frame, {"at": time})
    return str(caught.value)


def test_a_time_is_read_from_several_columns_by_a_format():
    frame = pd.DataFrame({"year": [2015, 2016], "month": ["July", "Feb"], "day": ["1", "29"]})
    time = DerivedTime(text="{year} {month} {day}", format="%Y %B %d")

    found = moments.derive(frame, {"at": time})["at"]

    assert found.tolist() == [pd.Timestamp("2015-07-01", tz="UTC"), pd.Timestamp("2016-02-29", tz="UTC")]
    assert str(found.dtype) == "datetime64[us, UTC]"


def test_a_day_and_an_hour_are_a_time_also_where_the_hour_came_as_a_decimal():
    frame = pd.DataFrame({"day": ["2011-01-01", "2011-01-01"], "hour": [0.0, 23.0]})
    time = DerivedTime(text="{day} {hour}", format="%Y-%m-%d %H")

    found = moments.derive(frame, {"at": time})["at"]

    assert [moment.hour for moment in found] == [0, 23]


def test_rows_that_are_equally_far_apart_get_their_times_by_counting():
    time = DerivedTime(start="1996-05-07", rows_per_day=48)

    found = moments.derive(pd.DataFrame({"x": range(49)}), {"at": time})["at"]

    assert found.iloc[1] == pd.Timestamp("1996-05-07 00:30", tz="UTC")
    assert found.iloc[48] == pd.Timestamp("1996-05-08", tz="UTC")


def test_a_time_whose_text_is_missing_is_missing():
    frame = pd.DataFrame({"day": pd.Series(["2011-01-01", None], dtype="str")})

    found = moments.derive(frame, {"at": DerivedTime(text="{day}", format="%Y-%m-%d")})["at"]

    assert found.isna().tolist() == [False, True]


def test_a_column_that_the_file_has_is_kept():
    frame = pd.DataFrame({"at": ["as it is"], "day": ["2011-01-01"]})

    assert moments.derive(frame, {"at": DerivedTime(text="{day}", format="%Y-%m-%d")}) is frame


@pytest.mark.parametrize("day", ["2011-02-30", "2011-1-1-1", "soon", "2011-13-01", "11-01-01", "0000-01-01x", ""])
def test_a_text_that_does_not_fit_is_named_with_its_row(day: str):
    frame = pd.DataFrame({"day": ["2011-01-01", day, day]})

    said = refusal(frame, DerivedTime(text="{day}", format="%Y-%m-%d"))

    assert f"{day!r} in row 2 is no time of the form '%Y-%m-%d'; 2 such rows in all." in said


def test_a_month_that_there_is_not_is_refused():
    frame = pd.DataFrame({"month": ["Feb", "Fex"]})

    assert "'2017 Fex' in row 2" in refusal(frame, DerivedTime(text="2017 {month}", format="%Y %B"))


def test_a_column_that_is_needed_and_missing_is_named():
    said = refusal(pd.DataFrame({"x": [1]}), DerivedTime(text="{day}", format="%Y-%m-%d"))

    assert said == "Column 'at' cannot be derived: column 'day' is missing."
