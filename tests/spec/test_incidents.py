"""What people are told by themselves at the end of a turn, and when nothing arrives. To be read aloud."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasks.domain.alert_kinds import AlertKind
from tasks.domain.observations import Drift, Health, HealthState
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import Evidence, Guard, Outcome, Turn, TurnState, Verdict, VerdictKind
from tasks.monitoring import incidents

AT = datetime(2026, 3, 1, tzinfo=UTC)
MAY = Batch("may", "2013-05", BatchStatus.ACCEPTED, 10, 10, 0, 0, 0, 5, reason="'fee': 44 % lie far outside")
TURN = Turn(7, MAY, TurnState.OPEN, AT, champion_version=4, probe_version=9)
CHURN = Guard("churn", True, "31 % of answers change sides")

#   health   drifted   evidence (needs 200)   a guard objects   stands   is over
STANDING = [
    ("well", False, 3.0, False, (), ("silent", "unwell", "drift", "vetoed")),
    ("watch", False, 3.0, True, (), ("silent", "unwell", "drift", "vetoed")),
    ("not_well", False, 3.0, False, ("unwell",), ("silent", "drift", "vetoed")),
    ("well", True, 3.0, False, ("drift",), ("silent", "unwell", "vetoed")),
    ("well", False, 400.0, True, ("vetoed",), ("silent", "unwell", "drift")),
    ("well", False, 400.0, False, (), ("silent", "unwell", "drift", "vetoed")),
    ("not_judged", None, None, False, (), ("silent",)),
    ("not_well", True, 200.0, True, ("unwell", "drift", "vetoed"), ("silent",)),
]

#   the batch came as   told
DOORS = [
    (Outcome.HELD, "2013-05 is held, until it is admitted or kept out: 'fee': 44 % lie far outside"),
    (Outcome.REFUSED, "2013-05 is refused, until it is delivered again or admitted: 'fee': 44 % lie far outside"),
]

#   hours between batches as they came   hours between their events   hours of silence   told
SILENCE = [
    ((24, 24, 26, 24, 24), (24, 24, 24, 24, 24), 52, None),
    ((24, 24, 26, 24, 24), (24, 24, 24, 24, 24), 53, "nothing has arrived for 2 days; until now the longest wait was 26 hours"),
    ((0, 0, 0, 0, 0), (720, 720, 720, 720, 720), 1_400, None),
    ((0, 0, 0, 0, 0), (720, 720, 720, 720, 720), 1_500, "nothing has arrived for 62 days; until now the longest wait was 30 days"),
    ((24, 24, 24), (24, 24, 24), 5_000, None),
]  # fmt: skip


def turn(health: str, drifted: bool | None, value: float | None, objects: bool) -> Turn:
    """A turn in which this was found."""
    sums = Evidence("may", "c", "p", 1.0, (1.0,), (5,), 0.1, (1.0,), value, 200.0) if value is not None else None
    return replace(
        TURN,
        health=Health(HealthState(health), ("log loss 0.9, 0.6 at its gate",)),
        drift=None if drifted is None else Drift("may", "s", (), drifted, ("3 of 4 columns moved",)),
        evidence=sums,
        verdict=sums and Verdict(VerdictKind.REJECT, ("why",), (replace(CHURN, objects=objects),)),
    )


@pytest.mark.parametrize(("health", "drifted", "value", "objects", "stands", "over"), STANDING)
def test_a_turn_says_what_stands_and_what_is_over(health, drifted, value, objects, stands, over):
    found = incidents.of_turn(turn(health, drifted, value, objects), Outcome.REJECT)

    assert tuple(kind for kind, text in found.items() if text) == stands
    assert tuple(kind for kind, text in found.items() if text is None) == over


@pytest.mark.parametrize(("outcome", "told"), DOORS)
def test_of_a_batch_that_is_kept_at_the_door_nothing_else_is_said(outcome, told):
    found = incidents.of_turn(turn("not_well", True, 400.0, True), outcome)

    assert found == {AlertKind.SILENT: None, AlertKind(outcome.value): told}


def test_each_says_what_was_seen():
    found = incidents.of_turn(turn("not_well", True, 400.0, True), Outcome.REJECT)

    assert [text for text in found.values() if text] == [
        "v4 is not well: log loss 0.9, 0.6 at its gate",
        "2013-05 has drifted: 3 of 4 columns moved",
        "v9 has the evidence 400 ≥ 200, and guard 'churn' keeps it off: 31 % of answers change sides",
    ]


def test_a_first_champion_has_nobody_to_be_kept_off_by():
    first = replace(turn("well", False, 400.0, True), verdict=Verdict(VerdictKind.REJECT, ("why",), (CHURN,), True))

    assert AlertKind.VETOED not in incidents.of_turn(first, Outcome.REJECT)


@pytest.mark.parametrize(("came", "events", "quiet", "told"), SILENCE)
def test_nothing_arrives_for_longer_than_ever(came, events, quiet, told):
    arrived, ended = [AT], [AT - timedelta(days=400)]
    for wait, span in zip(came, events, strict=True):
        arrived.append(arrived[-1] + timedelta(hours=wait))
        ended.append(ended[-1] + timedelta(hours=span))
    batches = [replace(MAY, id=str(place), last_event=at) for place, at in enumerate(ended)]

    assert incidents.silence(batches, arrived, arrived[-1] + timedelta(hours=quiet)) == told
