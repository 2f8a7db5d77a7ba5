"""Rules about triggers: each ends once, none is lost, nothing is trained twice."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.domain.turns import Outcome, Trigger, TriggerState
from tasks.lineage.verify import causes
from tests.reporting import worlds

NOW = datetime(2013, 1, 1, tzinfo=UTC)
COVERED = Trigger(1, "new_data", "january landed", NOW, 1, "batch:a")
SKIPPED = replace(COVERED, turn=None, state=TriggerState.SKIPPED, reason="cooldown")
FAILED = replace(COVERED, turn=2, state=TriggerState.FAILED, reason="given up")
OPEN = replace(COVERED, turn=None, state=TriggerState.OPEN)
ENDS = {1: Outcome.REJECT, 2: Outcome.FAILED, 3: None}


@pytest.mark.parametrize(
    ("trigger", "ended", "wrong"),
    [
        (COVERED, NOW, None),
        (replace(COVERED, turn=3), NOW, None),
        (SKIPPED, NOW, None),
        (FAILED, NOW, None),
        (OPEN, None, None),
        (OPEN, NOW, "is open, but has ended"),
        (replace(OPEN, turn=1), None, "is open, but has ended"),
        (COVERED, None, "is covered, but has no end"),
        (replace(COVERED, turn=None), NOW, "is covered by turn None, which does not exist"),
        (replace(COVERED, turn=2), NOW, "is covered by turn 2, which was given up"),
        (replace(SKIPPED, reason=None), NOW, "was skipped without a reason"),
        (replace(SKIPPED, turn=1), NOW, "was skipped, and covered by a turn as well"),
        (replace(FAILED, turn=1), NOW, "has failed, but turn 1 has not"),
        (replace(FAILED, reason=""), NOW, "has failed without a reason"),
    ],
)
def test_a_trigger_ends_in_exactly_one_way(trigger: Trigger, ended: datetime | None, wrong: str | None):
    found = causes.triggers_end([trigger], {1: ended}, ENDS)

    assert [finding.text.partition(") ")[2] for finding in found] == ([wrong] if wrong else [])


def test_a_turn_without_a_trigger_has_lost_the_one_that_asked_for_it():
    found = causes.turns_were_asked_for([COVERED, SKIPPED], {1: "a", 2: "b", 3: "a"})

    assert [finding.text for finding in found] == ["turn 2 has no trigger: the one that asked for it is lost"]


def test_the_same_training_is_done_once():
    model = worlds.year().models[0][1]
    others = [replace(model, id="other family", family="x"), replace(model, id="other settings", settings_hash="x")]

    fine, twice = causes.trained_once([model, *others]), causes.trained_once([model, replace(model, id="again")])

    assert fine == []
    assert [finding.invariant for finding in twice] == ["I4"]
