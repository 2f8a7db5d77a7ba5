"""The form of a batch: each fault is one clear sentence, and nothing is converted to make it fit."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from configs.errors import BrokenContract
from configs.validation import ColumnRule, ValidationSettings
from tasks.ingestion import columns

SETTINGS = ValidationSettings(
    columns={
        "at": ColumnRule(type="timestamp"),
        "shop": ColumnRule(type="category"),
        "items": ColumnRule(type="integer"),
        "price": ColumnRule(type="number", nullable=True),
        "sold": ColumnRule(type="boolean", nullable=True),
    }
)
NOON = pd.Timestamp("2013-01-01 12:00", tz="UTC")
FRAME = pd.DataFrame(
    {"at": [NOON, NOON], "shop": ["a", "b"], "items": [1, 2], "price": [1.5, np.nan], "sold": [True, False]}
)


def refusal(frame: pd.DataFrame) -> str:
    with pytest.raises(BrokenContract) as caught:
        columns.require(frame, SETTINGS, "sold")
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("shop", pd.Series(["a", "b"], dtype="category")),
        ("shop", pd.Series(["a", "b"], dtype=object)),
        ("shop", pd.Series([None, None], dtype="str")),
        ("items", pd.Series([1.0, 2.0])),
        ("items", pd.Series([1, None], dtype="Int64")),
        ("price", pd.Series([1, 2], dtype="uint8")),
        ("price", pd.Series([1, 2], dtype="float32")),
        ("sold", pd.Series([True, None], dtype="boolean")),
        ("at", pd.Series([NOON, NOON]).dt.tz_convert("Asia/Tokyo")),
    ],
)
def test_every_way_to_hold_the_right_kind_of_value_is_taken(name: str, values: "pd.Series"):
    columns.require(FRAME.assign(**{name: values}), SETTINGS)


def test_columns_that_the_contract_does_not_name_may_be_there():
    columns.require(FRAME.assign(note=[["x"], {}]), SETTINGS)


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        (
            "items",
            pd.Series(["1", "2"]),
            "Column 'items' must be a whole number, but holds text (e.g. '1'); text is never converted.",
        ),
        (
            "price",
            pd.Series(["dear", None]),
            "Column 'price' must be a number, but holds text (e.g. 'dear'); text is never converted.",
        ),
        ("price", pd.Series([True, False]), "Column 'price' must be a number, but holds true and false (e.g. 'True')."),
        (
            "price",
            pd.Series([Decimal("1.5"), None], dtype=object),
            "Column 'price' must be a number, but holds decimals of fixed size (e.g. '1.5').",
        ),
        (
            "price",
            pd.Series([1, "x"], dtype=object),
            "Column 'price' must be a number, but holds values of another kind (mixed-integer) (e.g. '1').",
        ),
        ("shop", pd.Series([1, 2]), "Column 'shop' must be text, but holds whole numbers (e.g. '1')."),
        ("shop", pd.Series([1.5, None]), "Column 'shop' must be text, but holds decimal numbers (e.g. '1.5')."),
        ("shop", pd.Series([1, 2], dtype="category"), "Column 'shop' must be text, but holds categories (e.g. '1')."),
        ("shop", pd.Series([b"a", b"b"]), "Column 'shop' must be text, but holds bytes (e.g. \"b'a'\")."),
        (
            "sold",
            pd.Series([1, 0]),
            "Column 'sold' (the label) must be true or false, but holds whole numbers (e.g. '1').",
        ),
        (
            "at",
            pd.Series([NOON, NOON]).dt.tz_localize(None),
            "Column 'at' has times without a time zone; write them in UTC, or name their zone as ingestion.source.timezone.",
        ),
        (
            "at",
            pd.Series([NOON.date(), None], dtype=object),
            "Column 'at' must be a time with its time zone, but holds dates without a time (e.g. '2013-01-01').",
        ),
        (
            "items",
            pd.Series([NOON, NOON]),
            "Column 'items' must be a whole number, but holds times (e.g. '2013-01-01 12:00:00 UTC').",
        ),
        ("price", pd.Series([None, None], dtype=object), "Column 'price' must be a number, but holds nothing."),
    ],
)
def test_a_wrong_type_is_one_sentence_with_an_example(name: str, values: "pd.Series", sentence: str):
    assert refusal(FRAME.assign(**{name: values})) == sentence


def test_missing_and_doubled_columns_are_all_named():
    frame = pd.concat([FRAME.drop(columns=["at", "sold"]), FRAME[["price"]]], axis=1)

    assert refusal(frame) == (
        "Column 'price' is there 2 times. Column 'at' is missing. Column 'sold' (the label) is missing."
    )


@pytest.mark.parametrize("name", ["_reasons", "_aside"])
def test_a_column_with_a_name_of_our_own_is_refused(name: str):
    assert refusal(FRAME.assign(**{name: 1})) == f"Column {name!r} has a name that Incumbent needs itself."


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (30.02, "30.02"),
        (57, "57"),
        (1e300, "1e+300"),
        (NOON, "2013-01-01 12:00:00 UTC"),
        ("x" * 99, "x" * 39 + "…"),
    ],
)
def test_an_example_is_short_enough_for_a_sentence(value: object, text: str):
    assert columns.example(value) == text
