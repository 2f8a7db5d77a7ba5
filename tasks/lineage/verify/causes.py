"""Triggers and trainings: each trigger ends once and with a reason, and nothing is trained twice (I4).

Add a rule here when it is about why something was done. What a trigger leads to is decided in `coordination`.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from tasks.coordination import course
from tasks.domain.records import Model
from tasks.domain.turns import Outcome, Trigger, TriggerState
from tasks.lineage.verify.findings import Finding


def triggers_end(
    triggers: Iterable[Trigger], ended: Mapping[int, datetime | None], outcomes: Mapping[int, Outcome | None]
) -> list[Finding]:
    """I4: every trigger is open, or ended in exactly one way, which says how.

    Args:
        triggers: All of them.
        ended: When each has ended, by its number.
        outcomes: How each turn ended; None for one that goes on.
    """
    findings = []
    for trigger in triggers:
        wrong = _wrong(trigger, ended.get(trigger.id), outcomes)
        if wrong:
            findings.append(Finding("I4", f"trigger {trigger.id} ({trigger.kind}: {trigger.evidence}) {wrong}"))
    return findings


def turns_were_asked_for(triggers: Sequence[Trigger], done: Mapping[int, str]) -> list[Finding]:
    """I4: no trigger was lost: for each finished turn there is one that it covers, or that is about its batch.

    Args:
        triggers: All of them.
        done: Content of the batch of each finished turn that was not given up.
    """
    covered, about = {trigger.turn for trigger in triggers}, {course.batch_of(trigger) for trigger in triggers}
    lost = [turn for turn, batch in done.items() if turn not in covered and batch not in about]
    return [Finding("I4", f"turn {turn} has no trigger: the one that asked for it is lost") for turn in lost]


def trained_once(models: Iterable[Model]) -> list[Finding]:
    """I4: the same snapshot, settings, family and code give one model."""
    fitted: dict[tuple[str, ...], Model] = {}
    findings = []
    for model in models:
        about = (
            model.snapshot.id,
            model.settings_hash,
            model.family,
            model.lock_hash,
            model.code_version,
            str(model.seed),
        )
        other = fitted.setdefault(about, model)
        if other is not model:
            text = f"models {other.id[:12]} and {model.id[:12]} are the same training: {model.family} on snapshot"
            findings.append(Finding("I4", f"{text} {model.snapshot.id[:12]}"))
    return findings


def _wrong(trigger: Trigger, ended: datetime | None, outcomes: Mapping[int, Outcome | None]) -> str | None:
    """What is wrong with the end of one trigger, if anything."""
    if trigger.state is TriggerState.OPEN:
        closed = ended is not None or trigger.turn is not None
        return "is open, but has ended" if closed else None
    if ended is None:
        return f"is {trigger.state}, but has no end"
    if trigger.state is TriggerState.SKIPPED:
        wrong = "was skipped, and covered by a turn as well" if trigger.turn is not None else None
        return wrong or (None if trigger.reason else "was skipped without a reason")
    if trigger.turn is None or trigger.turn not in outcomes:
        return f"is {trigger.state} by turn {trigger.turn}, which does not exist"
    gave_up = outcomes[trigger.turn] is Outcome.FAILED
    if trigger.state is TriggerState.FAILED:
        giving_up = gave_up or outcomes[trigger.turn] is None  # the turn is closed last
        wrong = None if giving_up else f"has failed, but turn {trigger.turn} has not"
        return wrong or (None if trigger.reason else "has failed without a reason")
    return f"is covered by turn {trigger.turn}, which was given up" if gave_up else None
