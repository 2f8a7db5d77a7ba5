"""Pools: what is judged together, and what of it is missing in words."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from tasks.domain import pools
from tasks.domain.pools import Asked, Pool
from tasks.domain.records import Batch, BatchStatus
from tasks.training import windows
from tests.sizes import size

DAY = timedelta(days=1)
START = datetime(2013, 1, 1, tzinfo=UTC)


def batch(name: str, first: int | None = None, unlabelled: int = 0) -> Batch:
    begins = None if first is None else START + first * DAY
    return Batch(name, name, BatchStatus.ACCEPTED, 9, 9, 0, 0, unlabelled, 3, first_event=begins, last_event=begins)


A, B, C = batch("a", 0), batch("b", 1), batch("c", 2)
LEARNED = size(900, 300, 30)

#   to judge on                          min_rows   batches   what is missing
CHAMPION = [
    (size(500, 100, 5), 500, 1, []),
    (size(200, 20, 5), None, 1, []),
    (size(200, None, 5), None, 1, []),
    (size(0, 0, 0), 500, 1, ["0 labelled rows to judge on, needs 500"]),
    (size(0, 0, 0), None, 3, ["0 labelled rows to judge on, needs 200"]),
    (size(240, 60, 2), 500, 1, ["pooled: 240 of 500 rows, 2 of 5 clusters"]),
    (size(240, 60, 9), 500, 2, ["pooled: 240 of 500 rows in 2 batches"]),
    (size(199, 60, 9), None, 4, ["pooled: 199 of 200 rows in 4 batches"]),
    (size(1_240, 60, 4), 500, 4, ["pooled: 1,240 rows, 4 of 5 clusters in 4 batches"]),
    (size(1_240, None, 4), None, 4, ["pooled: 1,240 rows, 4 of 5 clusters in 4 batches"]),
    (size(1_240, 19, 9), None, 2, ["pooled: 1,240 rows, 19 of 20 positive in 2 batches"]),
    (size(1_240, 1_239, 9), None, 2, ["pooled: 1,240 rows, 1 of 20 negative in 2 batches"]),
    (size(1_240, 1, 9), 500, 2, []),
    (size(1_240, 0, 9), 500, 2, ["pooled: 1,240 rows, all negative in 2 batches"]),
    (size(1_240, 1_240, 9), None, 1, ["pooled: 1,240 rows, all positive"]),
]

#   to judge on          to learn from        share   batches   what is missing
FIRST = [
    (size(700, 90, 16), size(600, 90, 15), 0.5, 1, None),
    (size(700, 90, 5), size(600, 90, 5), 0.5, 10, None),
    (size(700, 90, 2), size(600, 90, 1), 0.5, 1, "pooled: 3 clusters, a first champion needs 10"),
    (size(700, 90, 1), size(0, 0, 0), 0.5, 1, "pooled: 1 cluster, a first champion needs 10"),
    (size(700, 90, 5), size(600, 90, 4), 0.5, 9, "pooled: 9 clusters in 9 batches, a first champion needs 10"),
    (size(700, 90, 700), size(0, 0, 0), 0.5, 1, "pooled: 700 clusters that cannot be split in time, 5 on either side"),
    (size(700, 90, 3), size(600, 90, 9), 0.75, 2, "pooled: 12 clusters in 2 batches, a first champion needs 17"),
]


@pytest.mark.parametrize(("judged", "min_rows", "batches", "said"), CHAMPION)
def test_what_is_too_short_waits_and_says_what_is_missing(judged, min_rows, batches, said):
    assert pools.obstacles(judged, LEARNED, Asked(min_rows), batches) == said


@pytest.mark.parametrize(("judged", "learned", "share", "batches", "said"), FIRST)
def test_a_first_champion_needs_clusters_on_both_sides(judged, learned, share, batches, said):
    found = pools.obstacles(judged, learned, Asked(first_share=share), batches)

    assert [one.partition(":")[0] + ":" + one.split(":")[1] for one in found[:1]] == ([said] if said else [])


@pytest.mark.parametrize(
    ("learned", "min_rows", "said"),
    [
        (size(212, 50), 500, "212 labelled rows to train on, needs 500"),
        (size(1, 1), None, "1 labelled row to train on, needs 200"),
        (size(900, 0), 500, "all 900 rows to train on are negative"),
        (size(900, 7), None, "7 of 20 positive among 900 rows to train on"),
    ],
)
def test_too_little_to_learn_from_is_told_apart(learned, min_rows, said):
    assert pools.obstacles(size(900, 300, 9), learned, Asked(min_rows)) == [said]


def test_a_batch_alone_is_itself_and_several_are_named_by_all():
    alone, two, other = Pool((A,), None), Pool((A, B), None), Pool((B, A), None)

    assert (alone.id, alone.members) == ("a", ())
    assert two.members == ("a", "b")
    assert len({alone.id, two.id, other.id}) == 3
    assert two.first_event == START


#   where judging begins in each batch (days), the batch of the turn, the pool and its first moment
POOLS = [
    ({A: 0, B: 1, C: 2}, C, ("a", "b", "c"), 0),
    ({C: 2, A: 0, B: 1}, B, ("a", "b", "c"), 0),
    ({A: 3, B: 1}, B, ("b", "a"), 1),
    ({A: None, B: 1}, B, None, None),
    ({A: None, B: None}, B, None, None),
    ({A: 0, B: None}, B, ("a", "b"), 0),
    ({A: 0, B: 1}, None, ("a", "b"), 0),
    ({}, None, None, None),
]


@pytest.mark.parametrize(("begins", "turn", "members", "first"), POOLS)
def test_batches_are_pooled_in_event_order(begins, turn, members, first):
    moments = {one: None if day is None else START + day * DAY for one, day in begins.items()}

    pool = windows.pooled(turn, moments)

    assert (None if pool is None else tuple(one.id for one in pool.batches)) == members
    assert (None if pool is None else pool.moment) == (None if first is None else START + first * DAY)


@pytest.mark.parametrize(
    ("ends", "day"), [((), 0), ((None, 2), 2), ((2, 4), 4), ((4, 2), 4), ((9, None), 9), ((10,), None)]
)
def test_judging_begins_behind_all_that_was_judged_or_learned(ends, day):
    events = np.array([(START + n * DAY).replace(tzinfo=None) for n in range(10)], dtype="datetime64[us]")

    begin = windows.begin(events, *[None if end is None else START + end * DAY for end in ends])

    assert begin == (None if day is None else START + day * DAY)


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("", []),
        ("a", ["batch a is never judged: before that there is too little to learn from"]),
        ("ab", ["2 batches (a, b) are never judged: before that there is too little to learn from"]),
        ("abcde", ["5 batches (a, b, c and 2 more) are never judged: before that there is too little to learn from"]),
    ],
)
def test_what_is_passed_over_is_counted_and_named(names, said):
    assert pools.passed_over(Pool((C,), None, passed=tuple(batch(name) for name in names))) == said
