"""Decision tables: is a probe trained, and how does a turn end? To be read aloud."""

from datetime import UTC, datetime

import pytest

from tasks.coordination import course
from tasks.domain.pools import Asked
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import Outcome, RetrainingDecision, Verdict, VerdictKind
from tasks.training.windows import Opening
from tests.sizes import size

#   champion?  rows to judge on (positive)   rows to train on (positive)   probe?   main reason (500 rows are needed)
DECISIONS = [
    (True, (24_931, 5_900), (20_661, 4_900), True, "a probe shows whether retraining pays"),
    (False, (6_321, 1_500), (20_661, 4_900), True, "there is no champion yet"),
    (True, (500, 1), (500, 499), True, "a probe shows whether retraining pays"),
    (True, (499, 120), (20_661, 4_900), False, "pooled: 499 of 500 rows"),
    (False, (0, 0), (20_661, 4_900), False, "0 labelled rows to judge on, needs 500"),
    (True, (24_931, 5_900), (212, 50), False, "212 labelled rows to train on, needs 500"),
    (True, (24_931, 0), (20_661, 4_900), False, "pooled: 24,931 rows, all negative"),
    (True, (24_931, 24_931), (20_661, 4_900), False, "pooled: 24,931 rows, all positive"),
    (False, (24_931, 5_900), (20_661, 0), False, "all 20,661 rows to train on are negative"),
]

#   the batch is     verdict                       for the first champion?   the turn ends as
OUTCOMES = [
    (BatchStatus.REFUSED, None, False, Outcome.REFUSED),
    (BatchStatus.HELD, None, False, Outcome.HELD),
    (BatchStatus.ACCEPTED, None, False, Outcome.NOT_JUDGED),
    (BatchStatus.ACCEPTED, VerdictKind.PROMOTE, True, Outcome.FIRST_CHAMPION),
    (BatchStatus.ACCEPTED, VerdictKind.REJECT, True, Outcome.REJECT),
    (BatchStatus.ACCEPTED, VerdictKind.PROMOTE, False, Outcome.PROMOTE),
    (BatchStatus.ACCEPTED, VerdictKind.REJECT, False, Outcome.REJECT),
    (BatchStatus.ACCEPTED, VerdictKind.KEEP_SHADOWING, False, Outcome.KEEP_SHADOWING),
]


#   the batch was refused because   it was decided   the verdict was   the turn tells
NO_PROBE, PROBE = ("0 labelled rows to judge on, needs 500",), ("a probe shows whether retraining pays",)
REASONS = [
    ("'pressure' is text", None, None, ("'pressure' is text",)),
    (None, (False, NO_PROBE), None, NO_PROBE),
    (None, (True, PROBE), ("evidence 0.17, needs 200",), ("evidence 0.17, needs 200",)),
    (None, None, None, ()),
]


@pytest.mark.parametrize(("champion", "judged", "trained", "probe", "reason"), DECISIONS)
def test_every_batch_that_can_be_judged_gets_a_probe(champion, judged, trained, probe, reason):
    decision = course.decide(
        judged=size(*judged, clusters=28),
        learned=size(*trained, clusters=31),
        asked=Asked(500, None if champion else 0.5),
    )

    assert (decision.retrain, decision.reasons[0]) == (probe, reason)


@pytest.mark.parametrize(("status", "kind", "first", "outcome"), OUTCOMES)
def test_a_turn_ends_as_its_batch_and_its_verdict_say(status, kind, first, outcome):
    verdict = None if kind is None else Verdict(kind, ("as it was judged",), first=first)
    batch = Batch("id", "2013-04", status, 10, 10, 0, 0, 0, 5)

    assert course.outcome(verdict, batch) is outcome


MOMENT = datetime(2013, 2, 28, 17, tzinfo=UTC)
OLDER = (
    "judged from 2013-02-28 17:00 UTC on, as the time before was judged already: "
    "1,200 older labelled rows are kept, not judged"
)


@pytest.mark.parametrize(
    ("left", "probe", "reasons"),
    [
        (0, False, ("0 labelled rows to judge on, needs 500", OLDER)),
        (499, False, ("pooled: 499 of 500 rows", OLDER)),
        (500, True, ("a probe shows whether retraining pays", OLDER, "2013-03 landed")),
    ],
)
def test_rows_from_before_the_end_of_what_was_judged_are_told_and_the_others_judged(left, probe, reasons):
    decision = course.decide(
        judged=size(left, left // 4),
        learned=size(20_661, 4_900),
        asked=Asked(500),
        opening=Opening(MOMENT, 1_200),
        triggers=["2013-03 landed"],
    )

    assert (decision.retrain, decision.reasons, decision.older) == (probe, reasons, 1_200)


@pytest.mark.parametrize(("refused", "decided", "judged", "told"), REASONS)
def test_a_turn_tells_the_reasons_of_the_last_thing_that_was_decided(refused, decided, judged, told):
    status = BatchStatus.REFUSED if refused else BatchStatus.ACCEPTED
    batch = Batch("digest", "2013-02", status, 10, 10, 0, 0, 0, 5, reason=refused)
    decision = decided and RetrainingDecision(*decided)
    verdict = judged and Verdict(VerdictKind.REJECT, judged)

    assert course.reasons(batch, decision, verdict) == told
