"""Times that a source has in no column of its own are made as its settings say; what does not fit is named."""

from datetime import datetime

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import BrokenContract
from configs.ingestion import DerivedTime, Source
from tasks.ingestion import moments


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


NUMBERS = {"%Y": 4, "%m": 2, "%d": 2, "%H": 2, "%M": 2, "%S": 2}
FORMS = st.permutations(list(NUMBERS)).flatmap(
    lambda parts: st.tuples(
        st.integers(1, len(parts)).map(lambda size: [*dict.fromkeys(["%Y", *parts[:size]])]).flatmap(st.permutations),
        st.lists(st.sampled_from(["", "", "-", " ", "T", "0"]), min_size=len(parts), max_size=len(parts)),
    )
)
MOMENTS = st.datetimes(datetime.fromisoformat("1000-01-01"), datetime.fromisoformat("9999-12-31"))
TOUCHING = st.permutations(list(NUMBERS)).flatmap(
    lambda parts: st.integers(2, len(parts)).map(lambda size: [*dict.fromkeys(["%Y", *parts[:size]])])
).flatmap(st.permutations)  # fmt: skip
"""Two numbers or more, without signs between them."""
SMALL = st.builds(datetime, st.integers(1000, 9999), *[st.integers(1, 9)] * 2, *[st.integers(0, 9)] * 3)
"""Everything but the year is written with a zero before it."""
FIELDS = {"year": "%Y", "month": "%m", "day": "%d", "hour": "%H", "minute": "%M", "second": "%S"}


def read(text: str, form: str) -> pd.Timestamp | None:
    """None where the text is refused."""
    try:
        return moments.derive(pd.DataFrame({"x": [text]}), {"at": DerivedTime(text="{x}", format=form)})["at"].iloc[0]
    except BrokenContract:
        return None


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("%m%d%Y", "1152024"),
        ("%m%d%Y", "11152024 "),
        ("%d%m%Y", "1112024"),
        ("%d%m-%Y", "111-2024"),
        ("%Y%m%d", "2024115"),
        ("%Y%m%d", "202411"),
        ("%Y%m", "20241"),
        ("%m%Y", "12024"),
        ("%Y-%m-%d %H%M", "2024-01-15 130"),
        ("%Y-%m-%d %H%M%S", "2024-01-15 13000"),
        ("%Y%m%d%H%M%S", "2024115130000"),
        ("%Y-%m-%dT%M%H", "2024-01-15T130"),
        ("%Y-%m-%d0%H", "2024-01-1503"),
        ("%Y 1%m", "2024 11"),
        ("%Y-%m-%d %I:%M %p", "2024-01-15 13:30 PM"),
        ("%Y-%m-%d %I:%M %p", "2024-01-15 0:30 AM"),
        ("%s%f", "140026950"),
        ("%s", "-5"),
        ("%s", "1400269500.5"),
        ("%y%m%d", "24115"),
    ],
)
def test_touching_numbers_that_could_be_several_are_refused(form: str, text: str):
    assert read(text, form) is None


@pytest.mark.parametrize(
    ("form", "text", "moment"),
    [
        ("%m%d%Y", "01152024", "2024-01-15"),
        ("%d%m%Y", "11012024", "2024-01-11"),
        ("%Y%m", "202401", "2024-01-01"),
        ("%Y-%m-%d %H%M", "2024-1-15 0130", "2024-01-15 01:30"),
        ("%Y%m%dT%H%M%S", "20240115T013005", "2024-01-15 01:30:05"),
        ("%d%B%Y", "1January2024", "2024-01-01"),
        ("%d.%m.%Y", "1.1.2024", "2024-01-01"),
        ("%H:%M %d/%m/%Y", "1:30 1/11/2024", "2024-11-01 01:30"),
        ("%m/%d/%y", "1/11/24", "2024-01-11"),
        ("%d.%m.%y", "31.12.68", "2068-12-31"),
        ("%d.%m.%y", "01.01.69", "1969-01-01"),
        ("%y%m%d", "240115", "2024-01-15"),
        ("%m/%d/%Y %I:%M %p", "1/5/2024 12:04 AM", "2024-01-05 00:04"),
        ("%m/%d/%Y %I:%M%p", "1/5/2024 12:04pm", "2024-01-05 12:04"),
        ("%m/%d/%Y %I:%M:%S %p", "1/5/2024 11:59:59 p.m.", "2024-01-05 23:59:59"),
        ("%Y-%m-%d %H:%M:%S.%f", "2024-01-15 01:02:03.25", "2024-01-15 01:02:03.25"),
        ("%s", "1400269500", "2014-05-16 19:45"),
        ("%s", "0", "1970-01-01"),
        ("%s%f", "1400269500123", "2014-05-16 19:45:00.123"),
        ("%s.%f", "1400269500.5", "2014-05-16 19:45:00.5"),
    ],
)
def test_numbers_in_full_width_or_apart_are_read(form: str, text: str, moment: str):
    assert read(text, form) == pd.Timestamp(moment, tz="UTC")


def test_seconds_since_1970_are_the_same_in_every_time_zone():
    frame, time = pd.DataFrame({"x": ["1400269500"]}), DerivedTime(text="{x}", format="%s")

    (moment,) = moments.derive(frame, {"at": time}, Source(timezone="Europe/Berlin"))["at"]

    assert moment == pd.Timestamp("2014-05-16 19:45", tz="UTC")


def test_columns_of_numbers_that_are_joined_are_not_guessed():
    frame = pd.DataFrame({"year": [2024, 2024], "month": [11, 1], "day": [1, 11]})

    said = refusal(frame, DerivedTime(text="{year}{month}{day}", format="%Y%m%d"))

    assert "'2024111' in row 1 is no time of the form '%Y%m%d'; 2 such rows in all." in said
    assert said.endswith("01 and not 1; or put a sign between the columns of the text.")


@given(form=FORMS, moment=MOMENTS)
def test_what_is_written_by_a_format_is_read_by_it(form: tuple[list[str], list[str]], moment: datetime):
    parts, signs = form
    written = "".join(part + sign for part, sign in zip(parts, signs, strict=False))
    there = {name: getattr(moment, name) for name, part in FIELDS.items() if part in parts}

    found = read(moment.strftime(written), written)

    assert found is not None
    assert {name: getattr(found, name) for name in there} == there


@given(parts=TOUCHING, moment=SMALL, data=st.data())
def test_no_width_but_the_full_one_is_read_where_all_touch(parts: list[str], moment: datetime, data: st.DataObject):
    texts = [moment.strftime(part) for part in parts]
    place = data.draw(st.sampled_from([at for at, text in enumerate(texts) if text.startswith("0")]))

    texts[place] = texts[place][1:]

    assert read("".join(texts), "".join(parts)) is None
