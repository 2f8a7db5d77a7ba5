"""Times without a zone: by `timezone` of the source, of one column or of a derived time, in CSV and in parquet."""

import io
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import BrokenContract
from configs.ingestion import DerivedTime, Source
from configs.section import ColumnType
from tasks.ingestion import moments
from tasks.ingestion.formats import decoding

TYPES: dict[str, ColumnType] = {"at": "timestamp", "settled": "timestamp", "shop": "category"}
TEXTS = ["2013-01-31T12:00:00", "2013-07-31 12:00", "2013-07-31"]
IN_BERLIN = ["2013-01-31T11:00", "2013-07-31T10:00", "2013-07-30T22:00"]
AS_IT_IS = ["2013-01-31T12:00", "2013-07-31T12:00", "2013-07-31T00:00"]


def source(kind: str, **about: object) -> Source:
    return Source.model_validate({"kind": kind, **about})


def content(kind: str, texts: list[str], unit: str = "us", zone: str | None = None) -> bytes:
    """A file with these times in two columns; in a CSV as they stand there."""
    if kind == "csv":
        ending = "Z" if zone else ""
        return "\n".join(("at,settled,shop", *(f"{t}{ending},{t}{ending},a" for t in texts), "")).encode()
    times = pa.array([datetime.fromisoformat(text) for text in texts], pa.timestamp(unit, zone))
    sink = io.BytesIO()
    pq.write_table(pa.table({"at": times, "settled": times, "shop": ["a"] * len(texts)}), sink)
    return sink.getvalue()


def read(kind: str, found: bytes, **about: object) -> dict[str, list[str]]:
    frame = decoding.rows(found, source(kind, **about), TYPES)
    return {name: np.datetime_as_string(frame[name].dt.tz_localize(None), "m").tolist() for name in ("at", "settled")}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("about", "at", "settled"),
    [
        ({"timezone": "Europe/Berlin"}, IN_BERLIN, IN_BERLIN),
        ({"timezone": "UTC"}, AS_IT_IS, AS_IT_IS),
        ({"timezone": "Europe/Berlin", "timezones": {"settled": "UTC"}}, IN_BERLIN, AS_IT_IS),
        ({"timezones": {"at": "UTC", "settled": "Europe/Berlin"}}, AS_IT_IS, IN_BERLIN),
    ],
)
def test_times_are_those_of_the_clocks_of_their_source(
    kind: str, about: dict[str, object], at: list[str], settled: list[str]
) -> None:
    assert read(kind, content(kind, TEXTS), **about) == {"at": at, "settled": settled}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_time_that_says_its_zone_is_taken_at_its_word(kind: str) -> None:
    found = content(kind, ["2013-01-31T12:00:00"], zone="UTC")

    assert read(kind, found, timezone="Asia/Tokyo")["at"] == ["2013-01-31T12:00"]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_unit_of_a_time_does_not_matter(unit: str) -> None:
    assert read("parquet", content("parquet", TEXTS, unit), timezone="Europe/Berlin")["at"] == IN_BERLIN


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "2013-10-27T02:30:00",
            "is there twice in Europe/Berlin, where the clocks were set back; see ingestion.source.",
        ),
        ("2013-03-31T02:30:00", "does not exist in Europe/Berlin, where the clocks were set forward"),
    ],
)
def test_what_clocks_show_twice_or_never_is_refused_in_words(kind: str, text: str, words: str) -> None:
    with pytest.raises(BrokenContract) as caught:
        read(kind, content(kind, [*TEXTS, text, text]), timezone="Europe/Berlin")

    assert words in str(caught.value)
    assert "'at'" in str(caught.value)
    assert "in row 4 " in str(caught.value)
    assert "2 such cells in all." in str(caught.value)
    assert caught.value.rows == 5


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize(("repeated", "utc"), [("first", "2013-10-27T00:30"), ("second", "2013-10-27T01:30")])
def test_which_hour_is_meant_can_be_said(kind: str, repeated: str, utc: str) -> None:
    found = content(kind, ["2013-10-27T02:30:00"])

    assert read(kind, found, timezone="Europe/Berlin", repeated_hour=repeated)["at"] == [utc]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_without_a_zone_they_are_refused_and_the_setting_is_named(kind: str) -> None:
    found = content(kind, TEXTS)

    if kind == "csv":
        with pytest.raises(BrokenContract, match=r"name its zone as ingestion\.source\.timezone"):
            read(kind, found)
    else:
        assert decoding.rows(found, source(kind), TYPES)["at"].dt.tz is None, "the contract refuses it"


@pytest.mark.parametrize(
    ("own", "of_the_source", "utc"),
    [
        (None, None, "2013-07-31T12:00"),
        ("Europe/Berlin", None, "2013-07-31T10:00"),
        (None, "Europe/Berlin", "2013-07-31T10:00"),
        ("UTC", "Europe/Berlin", "2013-07-31T12:00"),
    ],
)
@pytest.mark.parametrize("by_row", [False, True])
def test_a_derived_time_has_its_own_zone_or_that_of_its_source(
    own: str | None, of_the_source: str | None, utc: str, by_row: bool
) -> None:
    ways = {False: {"text": "{day}", "format": "%Y-%m-%d %H"}, True: {"start": "2013-07-31T12:00", "rows_per_day": 24}}
    time = DerivedTime.model_validate({**ways[by_row], "timezone": own})

    found = moments.derive(pd.DataFrame({"day": ["2013-07-31 12"]}), {"at": time}, Source(timezone=of_the_source))

    assert np.datetime_as_string(found["at"].dt.tz_localize(None), "m").tolist() == [utc]


def test_rows_that_are_counted_are_equally_far_apart_when_clocks_change() -> None:
    time = DerivedTime(start="2013-10-26T22:00", rows_per_day=24, timezone="Europe/Berlin")

    found = moments.derive(pd.DataFrame({"x": range(12)}), {"at": time})["at"]

    assert found.diff().dropna().unique().tolist() == [pd.Timedelta(hours=1)]


def test_a_derived_time_that_there_is_twice_is_refused() -> None:
    time = DerivedTime(text="{day}", format="%Y-%m-%d %H", timezone="Europe/Berlin")

    with pytest.raises(BrokenContract, match="Column 'at': '2013-10-27 02:00:00' in row 1 is there twice"):
        moments.derive(pd.DataFrame({"day": ["2013-10-27 02"]}), {"at": time})
