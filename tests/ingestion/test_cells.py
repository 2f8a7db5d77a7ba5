"""Text becomes values by the contract, never by a guess: what a cell cannot mean with certainty is named and refused."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.errors import BrokenContract
from configs.section import ColumnType
from tasks.ingestion import cells, intake
from tasks.ingestion.cells import Notation


def column(wanted: ColumnType, *texts: str, **notation: Any) -> "pd.Series[Any]":
    frame = pd.DataFrame({"x": pd.Series(list(texts), dtype="str")})
    return cells.read(frame, {"x": wanted}, Notation(**notation))["x"]


def refusal(wanted: ColumnType, *texts: str, **notation: Any) -> str:
    with pytest.raises(BrokenContract) as caught:
        column(wanted, *texts, **notation)
    return str(caught.value)


@pytest.mark.parametrize(
    ("wanted", "text", "value", "kind"),
    [
        ("category", "00501", "00501", "str"),
        ("category", "NA", "NA", "str"),
        ("category", " a ", " a ", "str"),
        ("integer", "-7", -7, "int64"),
        ("integer", "+7", 7, "int64"),
        ("integer", "9007199254740993", 2**53 + 1, "int64"),
        ("integer", "7.0", 7.0, "float64"),
        ("number", "0.5", 0.5, "float64"),
        ("number", ".5", 0.5, "float64"),
        ("number", "5", 5, "int64"),
        ("number", "-1e-3", -0.001, "float64"),
        ("number", "-inf", float("-inf"), "float64"),
        ("boolean", "TRUE", True, "boolean"),
        ("boolean", "False", False, "boolean"),
        ("timestamp", "2013-01-31T23:59:00Z", pd.Timestamp("2013-01-31 23:59", tz="UTC"), "datetime64[us, UTC]"),
        ("timestamp", "2013-01-31 23:59+02:00", pd.Timestamp("2013-01-31 21:59", tz="UTC"), "datetime64[us, UTC]"),
        ("timestamp", "9999-12-31T00:00:00Z", datetime(9999, 12, 31, tzinfo=UTC), "datetime64[us, UTC]"),
    ],
)
def test_a_cell_is_what_its_column_says(wanted: ColumnType, text: str, value: object, kind: str):
    found = column(wanted, text)

    assert found.iloc[0] == value
    assert str(found.dtype) == kind


@pytest.mark.parametrize(
    ("wanted", "text", "words"),
    [
        ("integer", "00501", "begins with 0, which would be lost"),
        ("number", "1,500", "has signs between its figures"),
        ("number", "1.234,5", "has signs between its figures"),
        ("number", "NA", "is text; if it means a missing value, name it in ingestion.source.missing"),
        ("number", " ", "is blank; if that means a missing value"),
        ("number", " 5", "has a blank around it"),
        ("integer", "1_000", "is text"),
        ("number", "0x10", "is text"),
        ("number", "٣", "is text"),
        ("boolean", "1", "is neither; for another pair of values use a category or an integer"),
        ("boolean", "yes", "is neither"),
        ("timestamp", "2013-01-31 12:00", "has no time zone; write it in UTC"),
        ("timestamp", "2013-01-31", "has no time zone"),
        ("timestamp", "31.01.2013", "is not written as 2013-01-31T23:59:00Z"),
        ("timestamp", "2013-02-30T00:00:00Z", "is no time that there is"),
        ("timestamp", "0001-01-01T00:00:00+02:00", "is no time that there is"),
    ],
)
def test_what_a_cell_cannot_mean_with_certainty_is_refused(wanted: ColumnType, text: str, words: str):
    good = {"integer": "1", "number": "1", "boolean": "true", "timestamp": "2013-01-01T00:00Z"}[wanted]

    said = refusal(wanted, good, text, good, text)

    assert f"but {text!r} in row 2 {words}" in said
    assert said.endswith("2 such cells in all.")


def test_only_the_cells_that_are_named_mean_missing():
    plain = column("number", "", "1.5")
    named = column("integer", "NULL", "3", "", missing=("", "NULL"))

    assert plain.isna().tolist() == [True, False]
    assert named.isna().tolist() == [True, False, True]
    assert str(named.dtype) == "Int64"
    assert column("category", "NULL", "a").isna().tolist() == [False, False]
    assert "'' in row 1 is blank" in refusal("number", "", missing=("NA",))


@pytest.mark.parametrize("wanted", ["integer", "number", "category", "boolean", "timestamp"])
def test_a_column_without_a_value_has_the_type_of_its_column(wanted: ColumnType):
    found = column(wanted, "", "")

    assert found.isna().all()
    held = {"integer": "Int64", "number": "float64", "category": "str", "boolean": "boolean"}
    assert str(found.dtype) == held.get(wanted, "datetime64[us, UTC]")


def test_a_decimal_comma_is_the_decimal_sign_only_where_it_is_said():
    assert column("number", "1,5", "-3", decimal=",").tolist() == [1.5, -3.0]
    assert "the decimal sign of this source is ','" in refusal("number", "1.5", decimal=",")


def test_a_number_that_64_bits_do_not_hold_is_left_to_the_contract():
    found = column("integer", "1", str(2**63))

    assert found.tolist() == [1.0, 2.0**63]


def test_every_column_that_is_wrong_is_named_and_many_are_counted():
    frame = pd.DataFrame({f"c{place}": pd.Series(["x", "y"], dtype="str") for place in range(8)})

    with pytest.raises(BrokenContract) as caught:
        cells.read(frame, dict.fromkeys(frame.columns, "number"), Notation())

    assert str(caught.value).count("must be a number") == 5
    assert str(caught.value).endswith("3 more columns have such cells.")
    assert caught.value.rows == 2


def test_columns_that_the_contract_does_not_have_stay_text():
    frame = pd.DataFrame({"x": ["1", "2"], "note": ["007", ""]}, dtype="str")

    found = cells.read(frame, {"x": "integer"}, Notation())

    assert found["note"].tolist()[0] == "007"
    assert found["note"].isna().tolist() == [False, True]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_a_whole_number_is_the_same_written_down_and_read_back(numbers: list[int]):
    assert column("integer", *map(str, numbers)).tolist() == numbers


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_a_number_is_the_same_row_written_down_and_read_back(numbers: list[float]):
    found = pd.DataFrame({"x": column("number", *map(repr, numbers))})

    assert (intake.hash_rows(found) == intake.hash_rows(pd.DataFrame({"x": numbers}))).all()
