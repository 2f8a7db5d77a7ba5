"""Rules about rows: silent on a true record, and one sentence for each way in which it is not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.domain.records import RuleFinding, Snapshot
from tasks.lineage.verify import balance as lineage
from tests.reporting import pieces

BATCH = pieces.batch(1, "january", 1000, 10, 5, False, 0.25)
RULE = RuleFinding("age", "max", "at most 45; years", 2)
SNAPSHOT = Snapshot("s", ("a",), None, datetime(2013, 2, 1, tzinfo=UTC), 90, 20, 7, 3)


# ── I2 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_batch_whose_rows_are_all_there_is_in_order():
    assert lineage.rows_add_up(BATCH, BATCH) == []


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-3, 3))
def test_landed_rows_are_the_sum_of_their_parts(accepted: int, quarantined: int, duplicates: int, off: int):
    landed = accepted + quarantined + duplicates + off
    batch = replace(BATCH, landed=landed, accepted=accepted, quarantined=quarantined, duplicates=duplicates)

    found = lineage.rows_add_up(batch, batch)

    assert [finding.invariant for finding in found] == (["I2"] if off else [])


@pytest.mark.parametrize("name", ["landed", "accepted", "quarantined", "duplicates", "unlabelled", "positives"])
def test_each_count_is_compared_with_the_stored_rows(name: str):
    stored = replace(BATCH, **{name: getattr(BATCH, name) + 1234})

    (finding,) = lineage.rows_add_up(BATCH, stored)

    assert finding.text.startswith("batch january (")
    assert finding.text.endswith(f"{getattr(BATCH, name):,} {name} recorded, {getattr(BATCH, name) + 1234:,} stored")


def test_the_time_of_the_events_is_compared_as_well():
    stored = replace(BATCH, last_event=None)

    (finding,) = lineage.rows_add_up(BATCH, stored)

    assert finding.text.endswith("2013-01-30 00:00:00+00:00 last event recorded, None stored")


def test_of_a_refused_batch_only_the_sum_can_be_checked():
    refused = pieces.batch(3, "broken", 900, 900, 0, True, 0)

    assert lineage.rows_add_up(refused, None) == []
    assert len(lineage.rows_add_up(replace(refused, quarantined=899), None)) == 1


def test_what_was_delivered_or_dealt_with_must_be_recorded():
    delivered = {"a" * 64: ["january", "again"], "b" * 64: ["february"]}
    done = {"a" * 64: 1, "b" * 64: 2, "c" * 64: 3}

    found = lineage.all_recorded(delivered, done, ["b" * 64])

    assert [finding.text for finding in found] == [
        "delivery january, again (aaaaaaaaaaaa): no batch of this content is recorded",
        "turn 3 is done, but its batch is not recorded",
    ]
    assert lineage.all_recorded(delivered, done, delivered.keys() | done.keys()) == []


def test_a_delivery_has_as_many_rows_as_its_batch():
    rows = {"january": ("a", BATCH.landed), "again": ("a", 7), "unknown": ("z", 7)}

    found = lineage.deliveries_agree(rows, {"a": BATCH})

    assert [finding.text for finding in found] == ["delivery again: 7 rows counted, its batch has 1,000"]


def test_a_row_is_accepted_once():
    assert lineage.each_once(0) == []
    assert [finding.invariant for finding in lineage.each_once(3)] == ["I2"]


# ── I6 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_snapshot_selects_only_files_of_accepted_batches():
    known, stranger = "a" * 64, "f" * 64

    found = lineage.known_files([known, stranger, stranger], [known], "snapshot 1")

    assert [(one.invariant, one.text) for one in found] == [
        ("I6", "snapshot 1 selects file ffffffffffff, which no accepted batch lists")
    ]
    assert lineage.known_files([known], [known, stranger], "snapshot 1") == []


# ── I9 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("missing", "strange", "found"), [(0, 0, 0), (1, 1, 1), (0, 2, 1), (3, 0, 1)])
def test_what_was_delivered_is_what_is_stored(missing: int, strange: int, found: int):
    assert len(lineage.nothing_changed(BATCH, missing, strange)) == found


def test_each_quarantined_row_says_why_and_each_rule_is_counted():
    batch = replace(BATCH, findings=(RULE, replace(RULE, column="key", rule="key", message="one row for each", rows=1)))
    told = ["age: at most 45; years", "age: at most 45; years; key: one row for each"]

    right = lineage.reasons_given(batch, told)
    wrong = lineage.reasons_given(batch, [*told, "", "key: one row for each"])

    assert right == []
    assert [finding.text.partition(": ")[2] for finding in wrong] == [
        "1 row is quarantined without a reason",
        "rows kept out by 'key' key: 1 recorded, 2 stored",
    ]


def test_a_refused_batch_says_why():
    refused = pieces.batch(3, "broken", 900, 900, 0, True, 0)

    assert lineage.reasons_given(replace(refused, reason="no rows"), None) == []
    assert [finding.invariant for finding in lineage.reasons_given(replace(refused, reason=None), None)] == ["I9"]


@pytest.mark.parametrize("name", ["rows", "positives", "excluded_unlabelled", "excluded_unknown"])
def test_what_a_selection_left_out_is_told(name: str):
    selected = replace(SNAPSHOT, **{name: 1})

    (finding,) = lineage.exclusions_told("snapshot 1", SNAPSHOT, selected)

    assert finding.text.endswith(f"{name.replace('_', ' ')} recorded, 1 selected")
    assert lineage.exclusions_told("snapshot 1", SNAPSHOT, SNAPSHOT) == []
