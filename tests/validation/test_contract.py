"""The contract: every row is accepted unchanged or set aside with its reasons; a broken batch is refused."""

import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pandera.errors import SchemaErrors

from configs.environment import CHECKOUT
from configs.errors import BrokenContract
from configs.validation import ColumnRule, ValidationSettings
from tasks.ingestion import intake
from tasks.validation import contract
from tasks.validation.contract import Checked

NOON = pd.Timestamp("2013-01-01 12:00", tz="UTC")
RULES = {
    "at": ColumnRule(type="timestamp"),
    "shop": ColumnRule(type="category", values=("a", "b"), reason="closed since"),
    "items": ColumnRule(type="integer", min=1, max=2**53, unit="pieces"),
    "price": ColumnRule(type="number", nullable=True, min=0, max=50.5, unit="EUR", reason="price per pallet"),
    "sold": ColumnRule(type="boolean", nullable=True),
}


def demands(*, key: tuple[str, ...] = (), most: float = 0.5, **changed: ColumnRule) -> ValidationSettings:
    return ValidationSettings(columns={**RULES, **changed}, key=key, max_quarantined=most)


def rows(count: int = 10, **changed: Any) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "at": NOON + pd.to_timedelta(np.arange(count), unit="h"),
            "shop": ["a", "b"] * (count // 2),
            "items": np.arange(1, count + 1),
            "price": np.linspace(0, 50.5, count),
            "sold": pd.Series([True, None] * (count // 2), dtype="boolean"),
        }
    )
    return frame.assign(**changed)


def check(frame: pd.DataFrame, settings: ValidationSettings | None = None) -> Checked:
    return contract.check(frame, settings or demands(), "sold")


def refusal(frame: pd.DataFrame, settings: ValidationSettings | None = None) -> str:
    with pytest.raises(BrokenContract) as caught:
        check(frame, settings)
    return str(caught.value)


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_rows_that_keep_the_contract_are_accepted_as_they_are():
    frame = rows(note=[["x"]] * 10)

    checked = check(frame)

    pd.testing.assert_frame_equal(checked.accepted, frame)
    assert checked.quarantined.empty
    assert checked.findings == ()


@pytest.mark.parametrize(
    ("column", "value", "rule", "message", "example"),
    [
        ("price", 50.6, "max", "at most 50.5 EUR (price per pallet)", "50.6"),
        ("price", -0.1, "min", "at least 0 EUR (price per pallet)", "-0.1"),
        ("items", 0, "min", "at least 1 pieces", "0"),
        ("items", 2**53 + 1, "max", "at most 9,007,199,254,740,992 pieces", str(2**53 + 1)),
        ("shop", "c", "values", "one of a, b (closed since)", "c"),
    ],
)
def test_a_row_that_breaks_a_rule_is_set_aside_with_the_reason(
    column: str, value: object, rule: str, message: str, example: str
):
    frame = rows()
    frame.loc[3, column] = value

    checked = check(frame)

    (finding,) = checked.findings
    assert (finding.column, finding.rule, finding.rows, finding.examples) == (column, rule, 1, (example,))
    assert finding.message == message
    assert checked.quarantined["_reasons"].tolist() == [f"{column}: {finding.message}"]
    assert checked.quarantined[column].tolist() == [value]
    assert len(checked.accepted) == 9


@pytest.mark.parametrize("value", [np.inf, -np.inf])
def test_infinity_is_not_a_number_that_a_range_lets_pass(value: float):
    checked = check(rows(price=[1.0] * 9 + [value]), demands(price=ColumnRule(type="number")))

    assert [(finding.rule, finding.message) for finding in checked.findings] == [
        ("finite", "a finite number below 1e100")
    ]


def test_a_missing_value_is_set_aside_only_where_the_contract_wants_one():
    frame = rows()
    frame.loc[2, ["shop", "price"]] = None

    checked = check(frame)

    assert [(finding.column, finding.rule, finding.examples) for finding in checked.findings] == [
        ("shop", "missing", ())
    ]
    assert checked.accepted["price"].isna().sum() == 0


def test_whole_numbers_stored_with_missing_ones_are_fine_and_halves_are_not():
    rule = ColumnRule(type="integer", nullable=True)

    checked = check(rows(items=[1.0, np.nan, 2.5, 3, 4, 5, 6, 7, 8, 2.0**60]), demands(items=rule))

    assert [(finding.rule, finding.examples) for finding in checked.findings] == [
        ("whole", ("2.5",)),
        ("exact", ("1.152921505e+18",)),
    ]


def test_whole_numbers_beyond_two_to_the_53_are_compared_exactly():
    rule = ColumnRule(type="integer", min=0.5, max=2.0**60)

    checked = check(rows(items=[0, 1, 2, 3, 4, 5, 6, 7, 2**60, 2**60 + 1]), demands(items=rule))

    assert checked.quarantined["items"].tolist() == [0, 2**60 + 1]


def test_a_bound_itself_is_allowed():
    checked = check(rows(price=[0.0, 50.5] * 5, items=[1] * 10))

    assert len(checked.accepted) == 10


def test_a_row_that_breaks_two_rules_counts_in_both_and_is_set_aside_once():
    frame = rows()
    frame.loc[4, ["shop", "price"]] = ["z", 99.0]

    checked = check(frame)

    assert [finding.rows for finding in checked.findings] == [1, 1]
    assert checked.quarantined["_reasons"].tolist() == [
        "shop: one of a, b (closed since); price: at most 50.5 EUR (price per pallet)"
    ]


def test_examples_are_different_and_at_most_three():
    checked = check(rows(price=[60.0, 60.0, 61.0, 62.0, 63.0, 1, 2, 3, 4, 5]))

    assert checked.findings[0].rows == 5
    assert checked.findings[0].examples == ("60", "61", "62")


def test_a_long_list_of_values_is_cut_in_the_message():
    allowed = tuple("abcdefghijkl")

    checked = check(rows(shop=["a"] * 9 + ["z"]), demands(shop=ColumnRule(type="category", values=allowed)))

    assert checked.findings[0].message == "one of a, b, c, d, e, f, g, h and 4 more"


def test_two_different_rows_with_one_key_are_both_set_aside():
    frame = rows(
        at=[NOON] * 3 + list(NOON + pd.to_timedelta(np.arange(1, 8), unit="h")), shop=["a", "b", "a"] + ["a"] * 7
    )

    checked = check(frame, demands(key=("at", "shop")))

    (finding,) = checked.findings
    assert (finding.column, finding.rule, finding.rows) == ("at, shop", "key", 2)
    assert finding.examples == ("2013-01-01 12:00:00 UTC a",)
    assert checked.quarantined["items"].tolist() == [1, 3]


def test_findings_come_in_the_order_of_the_contract_and_the_key_last():
    frame = rows(at=[NOON] * 2 + list(NOON + pd.to_timedelta(np.arange(1, 9), unit="h")))
    frame.loc[9, ["price", "items"]] = [99.0, 0]

    checked = check(frame, demands(key=("at",)))

    assert [finding.column for finding in checked.findings] == ["items", "price", "at"]


def test_the_index_of_a_frame_does_not_matter():
    frame = rows(price=[99.0] + [1.0] * 9).set_index(pd.Index([0] * 10))

    checked = check(frame)

    assert checked.quarantined["items"].tolist() == [1]
    assert len(checked.accepted) == 9


# ── batches ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_too_many_bad_rows_refuse_the_batch_and_the_worst_rule_comes_first():
    frame = rows(price=[99.0, 98.0] + [1.0] * 8)
    frame.loc[9, "shop"] = "z"

    text = refusal(frame, demands(most=0.2))

    assert text == (
        "3 of 10 rows break the contract, at most 2 (20\u202f%) may: "
        "'price' must be at most 50.5 EUR (price per pallet) (2 rows, e.g. 99); "
        "'shop' must be one of a, b (closed since) (1 row, e.g. z)."
    )


@pytest.mark.parametrize(("bad", "count", "most"), [(29, 100, 0.29), (5, 100, 0.05), (0, 100, 0.0), (7, 100, 0.07)])
def test_exactly_the_tolerable_share_is_tolerated(bad: int, count: int, most: float):
    checked = check(rows(count, price=[99.0] * bad + [1.0] * (count - bad)), demands(most=most))

    assert len(checked.quarantined) == bad


def test_a_batch_of_which_no_row_is_left_is_refused_even_if_all_may_be_bad():
    text = refusal(rows(price=[99.0] * 10), demands(most=1.0))

    assert text.startswith("10 of 10 rows break the contract: 'price' must be")


def test_an_empty_frame_does_not_pass():
    assert refusal(rows().head(0)) == "There are no rows."


def test_the_form_is_judged_before_the_values():
    assert refusal(rows().drop(columns="sold")) == "Column 'sold' (the label) is missing."
    assert "text is never converted" in refusal(rows(price=["1.5"] * 10))


def test_the_contract_is_a_schema_of_pandera_that_never_converts():
    schema = contract.schema(demands(key=("at", "shop")))

    assert list(schema.columns) == list(RULES)
    assert schema.unique == ["at", "shop"]
    assert not any(column.coerce for column in schema.columns.values())


def test_the_contract_is_asked_without_the_half_second_that_pandera_needs():
    code = """
import sys
import pandas as pd
from configs.validation import ColumnRule, ValidationSettings
from tasks.validation import contract
rules = {"a": ColumnRule(type="integer", max=1), "b": ColumnRule(type="integer")}
demands = ValidationSettings(columns=rules, max_quarantined=1)
checked = contract.check(pd.DataFrame({"a": [1, 2], "b": 1}), demands, "b")
print(len(checked.quarantined), "pandera" in sys.modules)
"""

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env={}, capture_output=True, text=True, check=True
    )

    assert done.stdout == "1 False\n"


# ── properties ────────────────────────────────────────────────────────────────────────────────────────────────────
ANY_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "at": st.sampled_from([NOON, NOON + pd.Timedelta(hours=1), pd.NaT]),
            "shop": st.sampled_from(["a", "b", "c", "", None]),
            "items": st.none() | st.integers(-2, 3) | st.sampled_from([2**53 + 1, 2**63 - 1, -(2**63)]),
            "price": st.none() | st.floats(width=64) | st.sampled_from([0.0, 50.5, 50.50001]),
            "sold": st.none() | st.booleans(),
            "extra": st.none() | st.text(max_size=2).filter(str.isalnum),
        }
    ),
    max_size=15,
)


def frame_of(drawn: list[dict[str, Any]]) -> pd.DataFrame:
    types = {"shop": "str", "items": "Int64", "price": "float64", "sold": "boolean", "extra": "str"}
    columns = {name: pd.Series([row[name] for row in drawn], dtype=kind) for name, kind in types.items()}
    at = pd.to_datetime(pd.Series([row["at"] for row in drawn], dtype=object), utc=True).dt.as_unit("us")
    return pd.DataFrame({"at": at, **columns})


@given(ANY_ROWS)
@settings(deadline=None, max_examples=50, database=None)
def test_landed_is_accepted_and_quarantined_and_duplicates_and_nothing_is_changed(drawn: list[dict[str, Any]]):
    frame = frame_of(drawn)
    fresh, duplicates = intake.separate(frame, None)

    try:
        checked = check(fresh, demands(key=("at", "shop"), most=1.0))
    except BrokenContract:
        assert fresh.empty or not _good(fresh).any()
        return

    assert len(checked.accepted) + len(checked.quarantined) + len(duplicates) == len(frame)
    pd.testing.assert_frame_equal(checked.accepted, fresh[_good(fresh)].reset_index(drop=True))
    pd.testing.assert_frame_equal(
        checked.quarantined.drop(columns="_reasons"), fresh[~_good(fresh)].reset_index(drop=True)
    )
    assert checked.quarantined["_reasons"].str.len().gt(0).all()
    assert sum(finding.rows for finding in checked.findings) >= len(checked.quarantined)


@given(ANY_ROWS, st.sampled_from(["price", "items"]), st.sampled_from(["Int64", "float64"]))
@example(
    [{"at": NOON, "shop": "a", "items": 1, "price": 1.0, "sold": True, "extra": "a"}]
    + 2 * [{"at": pd.NaT, "shop": None, "items": 1, "price": 1.0, "sold": True, "extra": "a"}],
    "price",
    "Int64",
)
@settings(deadline=None, max_examples=50, database=None)
def test_pandera_finds_the_same_rows_for_the_same_reasons(drawn: list[dict[str, Any]], label: str, kind: str):
    frame = frame_of(drawn).astype({"items": kind})
    contracted = demands(key=("at", "shop"), most=1.0)
    try:
        contract.schema(contracted, label).validate(frame, lazy=True)
        cases = pd.DataFrame({"column": [], "check": [], "index": []})
    except SchemaErrors as err:
        cases = err.failure_cases
    named = {"not_nullable": "missing", "multiple_fields_uniqueness": "key"}
    of_pandera: dict[tuple[str, str], set[int]] = {}
    for case in cases.itertuples(index=False):
        rule = named.get(case.check, case.check)
        of_pandera.setdefault(("at, shop" if rule == "key" else case.column, rule), set()).add(int(case.index))
    # Pandera lists the values that are not unique: rows whose key is missing as a whole have none, and are not listed.
    keyless = np.flatnonzero(frame[["at", "shop"]].isna().all(axis=1))
    if len(keyless) > 1:
        of_pandera.setdefault(("at, shop", "key"), set()).update(map(int, keyless))

    try:
        checked = contract.check(frame, contracted, label)
    except BrokenContract:
        assert set().union(*of_pandera.values()) == set(range(len(frame)))
        return

    assert {(finding.column, finding.rule): finding.rows for finding in checked.findings} == {
        rule: len(places) for rule, places in of_pandera.items()
    }
    bad = sorted(set().union(*of_pandera.values()))
    pd.testing.assert_frame_equal(
        checked.quarantined.drop(columns="_reasons"), frame.iloc[bad].reset_index(drop=True), check_dtype=False
    )


def _good(frame: pd.DataFrame) -> "pd.Series":
    """The contract once more, row by row, in plain Python."""
    keys = [
        tuple(row) for row in frame[["at", "shop"]].astype(object).where(frame[["at", "shop"]].notna(), None).to_numpy()
    ]
    good = [
        pd.notna(row.at)
        and row.shop in ("a", "b")
        and pd.notna(row.items)
        and 1 <= int(row.items) <= 2**53
        and (pd.isna(row.price) or 0 <= row.price <= 50.5)
        and keys.count(key) == 1
        for row, key in zip(frame.itertuples(index=False), keys, strict=True)
    ]
    return pd.Series(good, dtype=bool, index=frame.index)
