"""The rules of `verify`: silent on a true record, and one sentence for each way in which it is not."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core import lineage
from tasks.core.turns import Promotion, Verdict, VerdictKind
from tests.core.reporting import pieces

BATCH = pieces.batch(1, "january", 1000, 10, 5, False, 0.25)
WON, LOST, WAITS = (
    Verdict(kind, ("why",)) for kind in (VerdictKind.PROMOTE, VerdictKind.REJECT, VerdictKind.KEEP_SHADOWING)
)


def promotion(sequence: int, version: int, previous: int | None) -> Promotion:
    moment = datetime(2013, 1, sequence, tzinfo=UTC)
    return Promotion(sequence, version, f"m{version}", previous, sequence, 1, moment, "evidence rule", "better")


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


# ── I1 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
HISTORY = [promotion(1, 1, None), promotion(2, 4, 1), promotion(3, 2, 4)]


def test_a_linear_history_is_in_order():
    assert [lineage.is_linear(HISTORY[:length]) for length in range(4)] == [[], [], [], []]


@pytest.mark.parametrize(
    ("history", "text"),
    [
        ([HISTORY[0], HISTORY[2]], "promotion 3 replaces v4, but v1 was live"),
        ([HISTORY[0], replace(HISTORY[1], sequence=5)], "promotion 5 replaces v1, but v1 was live"),
        ([HISTORY[1]], "promotion 2 replaces v1, but no version was live"),
        ([HISTORY[0], promotion(2, 4, None)], "promotion 2 replaces no version, but v1 was live"),
    ],
    ids=["one is gone", "a number is left out", "the first is gone", "one replaces nobody"],
)
def test_a_gap_or_a_fork_in_the_history_is_found(history: list[Promotion], text: str):
    assert [finding.text for finding in lineage.is_linear(history)] == [text]


@pytest.mark.parametrize(
    ("verdict", "text"),
    [
        (("m1", WON), None),
        (None, "v1 was promoted in turn 1, which has no verdict"),
        (("m1", LOST), "v1 was promoted in turn 1, whose verdict is reject"),
        (("m1", WAITS), "v1 was promoted in turn 1, whose verdict is keep_shadowing"),
        (("m2", WON), "v1 is not the model that was judged in turn 1"),
    ],
)
def test_only_the_winner_of_a_comparison_is_live(verdict: tuple[str, Verdict] | None, text: str | None):
    found = lineage.passed_gate(HISTORY[0], verdict)

    assert [finding.text for finding in found] == ([text] if text else [])


# ── I6 ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_snapshot_selects_only_files_of_accepted_batches():
    known, stranger = "a" * 64, "f" * 64

    found = lineage.known_files([known, stranger, stranger], [known], "snapshot 1")

    assert [(one.invariant, one.text) for one in found] == [
        ("I6", "snapshot 1 selects file ffffffffffff, which no accepted batch lists")
    ]
    assert lineage.known_files([known], [known, stranger], "snapshot 1") == []
