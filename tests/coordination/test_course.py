"""What a turn does next, beyond the decision tables in tests/spec (test_outcomes.py, test_triggers.py)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configs.coordination import CoordinationSettings
from tasks.coordination import course
from tasks.coordination.course import Past
from tasks.domain.pools import Asked, Pool
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import Outcome, Trigger, TriggerState, Verdict, VerdictKind
from tests.sizes import size

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


def test_the_reasons_of_a_decision_end_with_what_opened_the_question():
    triggers = ("batch 2013-02 landed", "8 of 16 columns moved")

    decision = course.decide(
        judged=size(900, 200),
        learned=size(900, 200),
        asked=Asked(500),
        triggers=triggers,
    )

    assert decision.retrain
    assert decision.reasons[1:] == triggers


@pytest.mark.parametrize("rows", [900, 30])
def test_what_is_never_judged_is_a_reason_of_its_own(rows):
    lost = Batch("a", "2013-01", BatchStatus.ACCEPTED, 9, 9, 0, 0, 0, 3)

    decision = course.decide(
        judged=size(rows, 20),
        learned=size(900, 200),
        asked=Asked(500),
        pool=Pool((), None, passed=(lost,)),
    )

    assert decision.retrain == (rows == 900)
    assert decision.reasons[-1] == "batch 2013-01 is never judged: before that there is too little to learn from"


@given(
    counts=st.lists(st.integers(0, 1000), min_size=4, max_size=4),
    has_champion=st.booleans(),
    min_rows=st.integers(1, 1000),
)
def test_nothing_is_trained_or_judged_on_too_few_rows_or_one_class(counts, has_champion, min_rows):
    labelled, positives, training, training_positives = counts

    decision = course.decide(
        judged=size(labelled, min(positives, labelled), clusters=9),
        learned=size(training, min(training_positives, training), clusters=9),
        asked=Asked(min_rows, None if has_champion else 0.5),
    )

    both = 0 < positives < labelled and 0 < training_positives < training
    assert decision.retrain == (both and labelled >= min_rows and training >= min_rows)
    assert decision.reasons


REFUSED = Batch("id", "2013-04", BatchStatus.REFUSED, 10, 0, 10, 0, 0, 0)


@given(kind=st.sampled_from(VerdictKind), first=st.booleans())
def test_a_refused_batch_is_refused_whatever_else_was_found(kind, first):
    verdict = Verdict(kind, ("evidence 0.17, needs 200",), first=first)

    assert course.outcome(verdict, REFUSED) is Outcome.REFUSED


# ── the inbox ─────────────────────────────────────────────────────────────────────────────────────────────────────
BATCHES = "abcdef"
times = st.integers(0, 72 * 60).map(lambda minutes: NOW - timedelta(minutes=minutes))
pasts = st.lists(st.tuples(st.sampled_from(BATCHES), times, st.booleans()), unique_by=lambda turn: turn[0]).map(
    lambda drawn: [
        Past(number, batch, at - timedelta(minutes=5), at if done else None)
        for number, (batch, at, done) in enumerate(drawn, start=1)
    ]
)
keys = st.sampled_from([*(f"batch:{batch}" for batch in BATCHES), "batch:a:2", "drift:a", "performance:b", "manual:x"])
inboxes = st.lists(st.tuples(keys, times, st.booleans()), unique_by=lambda trigger: trigger[0]).map(
    lambda drawn: [
        Trigger(number, "manual", "seen", at, None, key, TriggerState.OPEN, force=force)
        for number, (key, at, force) in enumerate(drawn, start=1)
    ]
)
limits = st.builds(
    CoordinationSettings,
    cooldown_minutes=st.integers(0, 2000),
    turns_per_day=st.none() | st.integers(1, 4),
    min_new_rows=st.integers(0, 100),
)


@given(
    inbox=inboxes, past=pasts, landed=st.permutations(BATCHES), settings=limits, rows=st.none() | st.integers(0, 200)
)
def test_whatever_the_state_data_is_never_lost_and_no_trigger_ends_twice(inbox, past, landed, settings, rows):
    done, cut_off = {turn.batch for turn in past if turn.finished}, [turn.batch for turn in past if not turn.finished]
    waiting = [*cut_off, *(batch for batch in landed[:3] if batch not in {*done, *cut_off})]

    agenda = course.plan(inbox, waiting, past, settings, now=NOW, rows=rows)

    ended = {*agenda.skips, *agenda.covered}
    assert list(agenda.deliveries) == waiting[: len(agenda.deliveries)]
    assert set(cut_off) <= set(agenda.deliveries)
    assert (agenda.waits is None) == (len(agenda.deliveries) == len(waiting))
    assert len(ended) == len(agenda.skips) + len(agenda.covered)
    assert all(agenda.skips.values())
    for trigger in inbox:
        about = course.batch_of(trigger)
        if about in waiting:
            assert trigger.id not in ended
        elif not agenda.deliveries:
            assert trigger.id in ended
        if trigger.force and trigger.id not in ended and waiting:
            assert list(agenda.deliveries) == waiting


def test_a_turn_that_fails_is_left_alone_for_a_minute_then_twice_as_long_each_time_up_to_an_hour():
    pauses = [course.pause(attempts) for attempts in (0, 1, 2, 3, 6, 7, 8, 1000)]

    assert [pause.total_seconds() / 60 for pause in pauses] == [0, 1, 2, 4, 32, 60, 60, 60]


@pytest.mark.parametrize(
    ("limit", "age", "key"),
    [
        (None, timedelta(days=9999), None),
        (30, timedelta(days=30) - timedelta(seconds=1), None),
        (30, timedelta(days=30), "age:v3:1"),
        (30, timedelta(days=59, hours=23), "age:v3:1"),
        (30, timedelta(days=60), "age:v3:2"),
        (1, timedelta(days=100), "age:v3:100"),
        (30, timedelta(days=-1), None),
    ],
)
def test_a_champion_that_is_too_old_asks_once_for_each_span_of_that_length(limit, age, key):
    settings = CoordinationSettings(max_model_age_days=limit)

    found = course.age_trigger(3, NOW - age, NOW, settings)

    assert (found and found[0]) == key
    if found:
        assert found[1] == f"v3 is {age.days} days old, at most {limit} are wanted"


@pytest.mark.parametrize(
    ("key", "batch"),
    [("batch:abc", "abc"), ("batch:abc:2", "abc"), ("drift:abc", None), ("manual:abc", None), ("", None)],
)
def test_only_a_trigger_about_a_delivery_names_one(key, batch):
    trigger = Trigger(1, "new_data", "seen", NOW, None, key)

    assert course.batch_of(trigger) == batch
