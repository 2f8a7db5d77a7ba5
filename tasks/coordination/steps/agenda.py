"""What the inbox leads to, asked of the ledger and the landing folder; the rules are in `course`."""

from datetime import datetime, timedelta

from tasks.adapters.home import Home
from tasks.adapters.ledger import codec
from tasks.adapters.prefect import notifications
from tasks.coordination import course
from tasks.coordination.course import Agenda, Past
from tasks.coordination.steps import alerting
from tasks.domain.records import BATCH
from tasks.domain.turns import Trigger, TriggerState
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import arrivals
from tasks.ingestion.steps.arrivals import Waiting

LOOKING_BACK = timedelta(hours=24)
"""How far back the sweep reads what failed on the server; each thing is told once."""
_ON_ITS_WAY = timedelta(seconds=30)
"""So long an announcement may take until somebody works on it; after that the sweep starts a run itself."""


def plan(
    home: Home, pipeline: str, waiting: Waiting, since: datetime | None = None, newest: int | None = None
) -> Agenda:
    """Decide what the open triggers lead to.

    Args:
        home: Ledger, settings and clock.
        pipeline: Its pipeline.
        waiting: What waits in the landing folder.
        since: When this run began.
        newest: Number of the last trigger from before the look: a later one may be about what was not there yet.
    """
    settings, turns = home.settings(pipeline).coordination, past(home, pipeline)
    begun = {turn.batch for turn in turns}
    fresh = [delivery for delivery in waiting.deliveries if delivery.digest not in begun]
    asked = [trigger for trigger in home.ledger.inbox.open(pipeline) if newest is None or trigger.id <= newest]
    if waiting.unreadable:  # a delivery that is not seen may be one that cannot be read just now
        there = begun | {delivery.digest for delivery in waiting.deliveries}
        asked = [trigger for trigger in asked if (course.batch_of(trigger) or "") in there | {""}]
    return course.plan(
        asked,
        [delivery.digest for delivery in waiting.deliveries],
        turns,
        settings,
        now=home.clock(),
        since=since,
        rows=arrivals.count_rows(home, pipeline, fresh) if settings.min_new_rows else None,
    )


def unannounced(home: Home, pipeline: str, waiting: Waiting | None = None) -> list[tuple[str, str]]:
    """Key and evidence for each delivery that no turn and no open trigger knows; one that was gone and is back too.

    Args:
        home: Ledger and landing folder.
        pipeline: Its pipeline.
        waiting: What waits, if somebody has looked already.
    """
    waiting = waiting or arrivals.look(home, pipeline)
    triggers: dict[str | None, list[Trigger]] = {}
    for trigger in home.ledger.inbox.all(pipeline):
        triggers.setdefault(course.batch_of(trigger), []).append(trigger)
    begun = {turn.batch for turn in past(home, pipeline)} - waiting.again
    fresh = []
    for delivery in waiting.deliveries:
        before, key = triggers.get(delivery.digest, []), f"{BATCH}{delivery.digest}"
        if delivery.digest in begun or any(trigger.state is TriggerState.OPEN for trigger in before):
            continue
        again = (f":{len(before) + 1}", " again") if before else ("", "")
        fresh.append((f"{key}{again[0]}", f"{delivery.name} landed{again[1]}"))
    return fresh


def asked_by(home: Home, pipeline: str, delivery: Delivery, turn: int) -> tuple[str, str]:
    """Key and evidence of the trigger that a turn has of itself: its delivery landed, was admitted, or is back."""
    key = f"{BATCH}{delivery.digest}"
    if home.ledger.turns.of_batch(pipeline, delivery.digest, before=turn) is None:
        return key, f"{delivery.name} landed"
    admission = home.ledger.admissions.open(pipeline).get(delivery.digest)
    how = f"was admitted by {admission.by}: {admission.reason}" if admission else "can be read again"
    return f"{key}:turn {turn}", f"{delivery.name} {how}"


def past(home: Home, pipeline: str) -> list[Past]:
    """The turns so far."""
    return [
        Past(row["number"], row["batch"], codec.moment(row["started"]), codec.moment(row["finished"]))  # type: ignore[arg-type]
        for row in home.ledger.turns.all(pipeline)
    ]


def is_idle(home: Home, pipeline: str, waiting: Waiting) -> bool:
    """Whether a sweep would find nothing to do: nothing new, nobody died, nothing is overdue, nobody is to be told."""
    champion, settings = home.ledger.promotions.champion(pipeline), home.settings(pipeline).coordination
    return not (
        home.ledger.lease.dead(pipeline)
        or waiting.unreadable
        or unannounced(home, pipeline, waiting)
        or (champion and course.age_trigger(champion.version, champion.at, home.clock(), settings))
        or overdue(home, pipeline)
        or notifications.owed(home, pipeline)
        or alerting.is_newly_silent(home, pipeline)
    )


def overdue(home: Home, pipeline: str, *, crashed: bool = False) -> Trigger | None:
    """The trigger for which a run has to be started, because nobody works and no announcement has started one.

    That is an open one that is older than announcements take, if it would lead to something; or one of a turn that
    was cut off or failed, when its pause is over.

    Args:
        home: Ledger, settings and clock.
        pipeline: Its pipeline.
        crashed: Whether a process was found dead over its work just now; the first time nothing is waited for.
    """
    holder = home.ledger.lease.holder(pipeline)
    if holder is not None and holder.lives:
        return None
    now = home.clock()
    cut_off = home.ledger.turns.unfinished(pipeline)
    for row in cut_off:
        if codec.moment(row["attempted"] or row["started"]) + course.pause(row["attempts"] - crashed) > now:  # type: ignore[operator]
            return None
    if resumed := home.ledger.inbox.all(pipeline, [row["number"] for row in cut_off]):
        return resumed[0]
    late = [trigger for trigger in home.ledger.inbox.open(pipeline) if now - trigger.at >= _ON_ITS_WAY]
    agenda = plan(home, pipeline, arrivals.look(home, pipeline)) if late else Agenda()
    return late[0] if late and (agenda.deliveries or agenda.skips or agenda.covered) else None
