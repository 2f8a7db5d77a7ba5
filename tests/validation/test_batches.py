"""What becomes of a delivery: each row is accepted, quarantined or a duplicate, and nothing accepted changes."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from configs.errors import BrokenContract, IncumbentError
from configs.ingestion import IngestionSettings, Times
from configs.settings import PipelineSettings
from configs.training import TrainingSettings
from configs.validation import ColumnRule, ValidationSettings
from tasks.domain.records import Batch, BatchStatus
from tasks.ingestion import intake
from tasks.training.estimators.linear import LogisticRegressionCandidate
from tasks.validation import batches
from tasks.validation.batches import ASIDE, SortedOut

START = pd.Timestamp("2013-01-01", tz="UTC")


def pipeline(*key: str, most: float = 1.0) -> PipelineSettings:
    rules = {
        "at": ColumnRule(type="timestamp"),
        "shop": ColumnRule(type="category"),
        "items": ColumnRule(type="integer", nullable=True, max=100),
        "sold": ColumnRule(type="boolean", nullable=True),
    }
    return PipelineSettings(
        title="Will it be sold?",
        ingestion=IngestionSettings(times=Times(event="at")),
        validation=ValidationSettings(columns=rules, key=key, max_quarantined=most),
        training=TrainingSettings(
            label="sold",
            features=("shop", "items"),
            candidates=(LogisticRegressionCandidate(family="logistic_regression"),),
        ),
    )


KEYED, LOOSE, FREE = pipeline("at", "shop"), pipeline("shop"), pipeline()


def rows(*hours: int, shop: str = "a", items: Any = 5, sold: Any = True, **more: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "at": START + pd.to_timedelta(np.array(hours, dtype="int64"), unit="h"),
            "shop": pd.Series([shop] * len(hours), dtype="str"),
            "items": pd.array([items] * len(hours), dtype="Int64"),
            "sold": pd.array([sold] * len(hours), dtype="boolean"),
            **more,
        }
    )


FRESH = rows(5000, shop="z")
"""A row that nothing is wrong with: a batch without any is refused."""


def told(found: SortedOut) -> tuple[int, int, int]:
    """Accepted, quarantined, duplicates."""
    kinds = found.aside[ASIDE].value_counts()
    return len(found.accepted), int(kinds.get("quarantined", 0)), int(kinds.get("duplicate", 0))


def recorded(frame: pd.DataFrame, settings: PipelineSettings = FREE) -> Batch:
    return batches.accept("id", "monday", batches.sort_out(frame, [], settings), settings, len(frame))


# ── rows that came before ─────────────────────────────────────────────────────────────────────────────────────────
def test_new_rows_are_accepted_as_they_came():
    frame = rows(1, 2, 3)

    found = batches.sort_out(frame, [rows(7, 8)], KEYED)

    pd.testing.assert_frame_equal(found.accepted, frame)
    assert told(found) == (3, 0, 0)


@pytest.mark.parametrize("settings", [KEYED, LOOSE, FREE], ids=["key with time", "key without time", "no key"])
def test_rows_that_were_accepted_before_are_duplicates_and_no_fault(settings: PipelineSettings):
    frame = rows(2)

    found = batches.sort_out(frame, [rows(1), rows(2)], settings)

    assert told(found) == (0, 0, 1)
    assert found.aside["_reasons"].tolist() == ["the same row was delivered before"]
    assert found.findings == ()


def test_of_a_batch_that_overlaps_an_earlier_one_only_the_rest_is_new():
    earlier, frame = rows(1, 2, 3), rows(2, 3, 4, 5)

    found = batches.sort_out(frame, [earlier], KEYED)

    assert told(found) == (2, 0, 2)
    assert found.accepted["at"].tolist() == rows(4, 5)["at"].tolist()


def test_a_row_with_the_key_of_an_accepted_one_and_other_content_is_quarantined_with_the_reason():
    frame = pd.concat([rows(2, items=7), rows(3)], ignore_index=True)

    found = batches.sort_out(frame, [rows(1, 2)], KEYED)

    (finding,) = found.findings
    assert told(found) == (1, 1, 0)
    assert (finding.column, finding.rule, finding.rows) == ("at, shop", "taken", 1)
    assert finding.examples == ("2013-01-01 02:00:00 UTC a",)
    assert found.aside["_reasons"].tolist() == [
        "at, shop: new (a row with this key and other content was accepted before)"
    ]
    assert found.aside["items"].tolist() == [7]


def test_a_label_that_is_delivered_later_does_not_slip_in_as_a_second_row():
    frame = pd.concat([rows(1, sold=False), FRESH], ignore_index=True)

    found = batches.sort_out(frame, [rows(1, sold=None)], KEYED)

    assert told(found) == (1, 1, 0)


def test_a_key_is_taken_also_when_the_time_of_the_row_was_corrected():
    frame = pd.concat([rows(900), FRESH], ignore_index=True)

    found = batches.sort_out(frame, [rows(1)], LOOSE)

    assert told(found) == (1, 1, 0)


def test_without_a_key_two_rows_of_other_content_are_two_rows():
    found = batches.sort_out(rows(2, items=7), [rows(2)], FREE)

    assert told(found) == (1, 0, 0)


def test_a_row_that_gained_a_column_is_not_the_same_row():
    frame = pd.concat([rows(2), FRESH], ignore_index=True).assign(note="x")

    found = batches.sort_out(frame, [rows(2)], KEYED)

    assert told(found) == (1, 1, 0)


def test_earlier_rows_from_before_the_key_had_its_columns_are_no_obstacle():
    found = batches.sort_out(rows(2), [rows(2).drop(columns="shop")], KEYED)

    assert told(found) == (1, 0, 0)


def test_a_row_may_break_a_rule_and_have_a_key_that_is_taken():
    frame = pd.concat([rows(2, items=999), FRESH], ignore_index=True)

    found = batches.sort_out(frame, [rows(2)], KEYED)

    assert {finding.rule for finding in found.findings} == {"max", "taken"}
    assert "; " in found.aside["_reasons"].iloc[0]
    assert told(found) == (1, 1, 0)


def test_a_delivery_that_contradicts_too_much_of_what_is_known_is_refused():
    settings = pipeline("at", "shop", most=0.5)

    with pytest.raises(BrokenContract, match=r"3 of 3 rows break the contract.*'at, shop' must be new"):
        batches.sort_out(rows(1, 2, 3, items=9), [rows(1, 2, 3)], settings)


def test_the_rows_of_an_accepted_batch_are_not_touched():
    earlier, frame = rows(1, 2), rows(2, 3, items=8)
    before = earlier.copy(), frame.copy()

    batches.sort_out(frame, [earlier], KEYED)

    pd.testing.assert_frame_equal(earlier, before[0])
    pd.testing.assert_frame_equal(frame, before[1])


deliveries = st.lists(
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from(["a", "b"]), st.sampled_from([None, 1, 2, 500]), st.booleans()),
        min_size=1,
        max_size=8,
    ),
    min_size=1,
    max_size=4,
)


@settings(deadline=None, max_examples=40)
@given(arrived=deliveries, keyed=st.sampled_from([KEYED, LOOSE, FREE]))
def test_every_row_is_counted_once_and_no_key_is_ever_accepted_twice(arrived: list[Any], keyed: PipelineSettings):
    taken: list[pd.DataFrame] = []
    for values in arrived:
        frame = pd.concat([rows(hour, shop=shop, items=n, sold=sold) for hour, shop, n, sold in values])
        try:
            found = batches.sort_out(frame.reset_index(drop=True), taken, keyed)
        except BrokenContract as fault:
            assert f"{len(frame)} of {len(frame)} rows" in str(fault) or "break the contract" in str(fault)
            continue
        batch = batches.accept("id", "name", found, keyed, len(frame))
        assert len(frame) == batch.landed == batch.accepted + batch.quarantined + batch.duplicates == sum(told(found))
        taken.append(found.accepted)

    accepted = pd.concat([rows(), *taken], ignore_index=True)
    key = list(keyed.validation.key) or list(accepted.columns)
    assert not accepted.duplicated(key).any()


@settings(deadline=None, max_examples=30)
@given(values=st.lists(st.tuples(st.integers(0, 4), st.sampled_from([None, 1, 2])), min_size=1, max_size=8))
def test_a_batch_that_arrives_again_brings_nothing(values: list[tuple[int, int | None]]):
    frame = pd.concat([rows(hour, items=items) for hour, items in values], ignore_index=True)
    first = batches.sort_out(frame, [], FREE)

    again = batches.sort_out(frame, [first.accepted], FREE)

    assert told(first) == (len(set(values)), 0, len(values) - len(set(values)))
    assert told(again) == (0, 0, len(values))


# ── which earlier batches matter ──────────────────────────────────────────────────────────────────────────────────
def batch(first: int, last: int) -> Batch:
    return recorded(rows(first, last)) if first != last else recorded(rows(first))


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [(0, 4, False), (0, 5, True), (6, 6, True), (5, 9, True), (0, 20, True), (9, 20, True), (10, 20, False)],
)
def test_batches_matter_where_they_overlap_in_time_ends_included(first: int, last: int, overlaps: bool):
    earlier = batch(first, last)

    assert batches.related(rows(5, 9), KEYED, [earlier]) == ([earlier] if overlaps else [])
    assert batches.related(rows(5, 9), FREE, [earlier]) == ([earlier] if overlaps else [])


def test_every_batch_matters_to_a_key_that_does_not_fix_the_time():
    earlier = [batch(0, 1), batch(100, 101)]

    assert batches.related(rows(5, 9), LOOSE, earlier) == earlier


def test_a_batch_without_accepted_rows_matters_to_nobody():
    empty = batches.accept("id", "again", batches.sort_out(rows(5), [rows(5)], KEYED), KEYED, 1)

    assert batches.related(rows(5), KEYED, [empty]) == []


# ── the record ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_record_of_an_accepted_batch_counts_what_is_in_it():
    parts = [rows(1, 2, sold=True), rows(3, sold=False, items=None), rows(4, 5, sold=None), rows(6, items=101), rows(1)]

    found = recorded(pd.concat(parts, ignore_index=True))

    assert (found.landed, found.accepted, found.quarantined, found.duplicates) == (7, 5, 1, 1)
    assert (found.positives, found.unlabelled, found.missing) == (2, 2, (("items", 1),))
    assert (found.first_event, found.last_event) == (rows(1, 5)["at"][0], rows(1, 5)["at"][1])
    assert [finding.rule for finding in found.findings] == ["max"]
    assert (found.status, found.reason) == (BatchStatus.ACCEPTED, None)


def test_a_batch_in_which_nothing_is_new_has_no_time_and_no_labels():
    found = batches.accept("id", "again", batches.sort_out(rows(1, 2), [rows(1, 2)], KEYED), KEYED, 2)

    assert (found.landed, found.accepted, found.quarantined, found.duplicates) == (2, 0, 0, 2)
    assert (found.first_event, found.last_event, found.has_labels) == (None, None, False)
    assert found.status is BatchStatus.ACCEPTED


@pytest.mark.parametrize("off", [-1, 1])
def test_a_row_that_is_lost_or_there_twice_ends_the_turn_and_is_never_recorded(off: int):
    found = batches.sort_out(rows(1, 2, 3), [rows(3)], KEYED)

    with pytest.raises(IncumbentError, match=r"rows of the batch monday were read, but 2 accepted and 1 set aside"):
        batches.accept("id", "monday", found, KEYED, landed=3 + off)


def test_a_refused_batch_is_set_aside_whole():
    found = intake.refuse("id", "broken", 12, "Column 'items' is missing.")

    assert (found.landed, found.accepted, found.quarantined, found.duplicates) == (12, 0, 12, 0)
    assert (found.status, found.reason) == (BatchStatus.REFUSED, "Column 'items' is missing.")
