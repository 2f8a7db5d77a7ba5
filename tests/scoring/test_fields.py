"""Decision table: what a value of a request must be, by the contract of its column; and what is read in one go is read so too."""

import json
import math
from typing import Any

import hypothesis
import hypothesis.strategies as st
import pytest

from configs.validation import ColumnRule
from tasks.scoring import asked, json_bodies
from tasks.scoring.fields import Fields
from tasks.scoring.quick_rows import QuickRows
from tasks.scoring.refusals import Refused

HOUR = ColumnRule(type="integer", min=0, max=23)
RULES = {
    "hour": HOUR,
    "size": ColumnRule(type="number", nullable=True, min=-5, unit="cm"),
    "any": ColumnRule(type="number", nullable=True),
    "town": ColumnRule(type="category"),
    "kind": ColumnRule(type="category", values=("a", "b"), nullable=True),
    "gift": ColumnRule(type="boolean", nullable=True),
    "odd name": ColumnRule(type="integer", nullable=True),
}
GOOD: dict[str, Any] = {"hour": 3, "size": 1.5, "any": None, "town": "x", "kind": "a", "gift": True, "odd name": 7}

#   column      value           what the model gets
TAKEN: list[tuple[str, Any, object]] = [
    ("hour", 23, 23.0),
    ("hour", 3.0, 3.0),
    ("size", -5, -5.0),
    ("size", None, None),
    ("any", 1e99, 1e99),
    ("town", "", ""),
    ("town", "nobody's", "nobody's"),
    ("kind", None, None),
    ("gift", False, 0.0),
    ("odd name", 2**53 - 1, float(2**53 - 1)),
]

#   column      value           what it must be
WRONG: list[tuple[str, Any, str]] = [
    ("hour", 24, "at most 23"),
    ("hour", -1, "at least 0"),
    ("hour", 3.5, "a whole number"),
    ("hour", True, "a whole number"),
    ("hour", "3", "a whole number"),
    ("hour", None, "not missing"),
    ("hour", [3], "a whole number"),
    ("hour", {"a": 3}, "a whole number"),
    ("size", -5.01, "at least \u22125 cm"),
    ("size", "", "a number"),
    ("any", 1e100, "a finite number below 1e100"),
    ("any", -math.inf, "a finite number below 1e100"),
    ("any", math.nan, "a finite number below 1e100"),
    ("any", 10**400, "a finite number below 1e100"),
    ("any", False, "a number"),
    ("town", 3, "text"),
    ("town", None, "not missing"),
    ("kind", "c", "one of a, b"),
    ("gift", 1, "true or false"),
    ("gift", "true", "true or false"),
    ("odd name", 2.0**53, "a whole number that is stored as one; from 2^53 on a decimal number is not exact"),
]


@pytest.mark.parametrize(("column", "value", "taken"), TAKEN)
def test_a_value_that_keeps_the_contract_is_taken(column, value, taken):
    read = Fields(RULES).row({**GOOD, column: value})

    assert read == [taken if name == column else plain(GOOD[name]) for name in RULES]


@pytest.mark.parametrize(("column", "value", "wanted"), WRONG)
def test_of_another_it_is_said_what_it_must_be(column, value, wanted):
    assert Fields(RULES).row({**GOOD, column: value}) == {column: wanted}


def plain(value: Any) -> Any:
    return float(value) if isinstance(value, int | float) else value


def test_all_fields_that_are_wrong_are_named_and_no_value_is_said_again():
    read = Fields(RULES).row({"hour": 99_123, "town": 5, "kind": "secret", "gift": True})

    assert read == {"hour": "at most 23", "town": "text", "kind": "one of a, b"}


@pytest.mark.parametrize(("refuses", "wrong"), [(False, None), (True, {"more": "no column of the contract"})])
def test_what_the_contract_does_not_have_is_left_out_or_refused(refuses, wrong):
    fields = Fields(RULES, frozenset({"key"}), refuses)

    read = fields.row({**GOOD, "key": 1, "more": 2})

    assert isinstance(read, list) if wrong is None else read == wrong


def test_what_is_looked_up_elsewhere_has_to_be_sent_if_only_as_null() -> None:
    fields = Fields(RULES, looked_up=frozenset({"any", "size"}))
    rows = [{name: value for name, value in GOOD.items() if name != left_out} for left_out in ("any", "kind", "")]
    quick = QuickRows(fields, ("dataframe_records",))
    judged = asked.judged(fields, rows)

    wanted = "sent, or null: it is looked up for rows that are taken in, and not for requests"
    assert judged.wrong == {0: {"any": wanted}} and judged.size == 3
    assert quick.read(json.dumps({"dataframe_records": rows}).encode()) is None


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-30, 30), st.integers(), st.floats(), st.text(max_size=3),
    st.sampled_from(["a", "b", '":', '\\":']), st.lists(st.integers(), max_size=1),
)  # fmt: skip
ROWS = st.lists(
    st.dictionaries(st.sampled_from([*RULES, "key", "more"]), VALUES, max_size=9).map(lambda row: {**GOOD, **row}),
    max_size=3,
)


@hypothesis.given(ROWS, st.booleans(), st.booleans())
@hypothesis.settings(max_examples=300)
def test_what_is_read_in_one_go_is_read_the_strict_way_as_well(rows, refuses, spaced):
    fields = Fields(RULES, frozenset({"key"}), refuses)
    body = json.dumps({"instances": rows}, separators=None if spaced else (",", ":")).encode()

    quick = QuickRows(fields, ("dataframe_records", "instances")).read(body)

    if quick is None:
        return
    strict = asked.judged(fields, json_bodies.parse(body)["instances"])
    assert (quick.size, quick.wrong) == (strict.size, strict.wrong) == (len(rows), {})
    assert [[plain(value) for value in row] for row in quick.rows] == strict.rows
    assert list(quick.others) == list(strict.others)


def test_rows_of_the_usual_form_are_read_in_one_go():
    for rows in ([GOOD], [GOOD, {**GOOD, "kind": None}], [{**GOOD, "key": "k"}]):
        body = json.dumps({"dataframe_records": rows}).encode()

        quick = QuickRows(Fields(RULES, frozenset({"key"})), ("dataframe_records",)).read(body)

        assert quick is not None and quick.size == len(rows)


@pytest.mark.parametrize(
    "body",
    [
        b'{"instances": [{"hour": 3, "hour": 4, "town": "x"}]}',
        b'{"instances": [{"hour": 3, "town": "x", "size": 1, "any": 1, "kind": "a", "gift": true, "gift": true}]}',
        b'{"instances": [], "instances": []}',
    ],
)
def test_a_name_that_is_there_twice_is_never_read_in_one_go(body):
    assert QuickRows(Fields(RULES), ("instances",)).read(body) is None
    with pytest.raises(Refused, match="one name twice"):
        json_bodies.parse(body)
