"""The tasks of coordination: the inbox, and the course of a turn, from its opening to its end."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from prefect import runtime, task
from prefect.exceptions import TerminationSignal

from configs import environment
from tasks.adapters import failpoints, home
from tasks.adapters.prefect import events, notifications, orchestration, performer
from tasks.coordination import course
from tasks.coordination.course import Agenda
from tasks.coordination.steps import agenda, alerting, crashes
from tasks.domain.alert_kinds import AlertKind
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Snapshot
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Outcome, RetrainingDecision, TurnRef, TurnState, Verdict
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import arrivals
from tasks.ingestion.steps.arrivals import Waiting
from tasks.promotion.steps import refitting
from tasks.training import earliness
from tasks.training.steps import awaited, fitting, handles


# ── the inbox ─────────────────────────────────────────────────────────────────────────────────────────────────────
@task(task_run_name="record-trigger-{kind}", tags=["coordination"])
def record_trigger(pipeline: str, kind: TriggerKind, evidence: str, key: str, force: bool) -> bool:
    """Put a reason to look into the inbox; says whether it was new."""
    hands = home.current()
    sentence = evidence or kind.unexplained
    own = f"{kind}:{runtime.flow_run.id}"  # so that retries of a run are one reason
    new = hands.ledger.inbox.record(pipeline, kind, key or own, sentence, force=force)
    failpoints.reach("trigger-recorded")
    return new


@task(task_run_name="announce-{pipeline}", tags=["coordination"], retries=2, retry_delay_seconds=[1.0, 5.0])
def announce_new(pipeline: str) -> int:
    """Record a trigger for each delivery that no turn knows, then announce it; how many were new.

    As long as something cannot be read, people are owed a word about it, and the folder is looked at each time.
    """
    hands = home.current()
    if not (mark := arrivals.changed(hands, pipeline)):
        return 0
    new, waiting = 0, arrivals.look(hands, pipeline)
    for key, evidence in agenda.unannounced(hands, pipeline, waiting):
        if hands.ledger.inbox.record(pipeline, TriggerKind.NEW_DATA, key, evidence):
            failpoints.reach("arrival-recorded")
            events.emit(TriggerKind.NEW_DATA.event, pipeline, evidence, key)
            new += 1
    for name in sorted(waiting.unreadable):
        hands.ledger.inbox.alert(pipeline, AlertKind.UNREADABLE, name, f"{pipeline}, {name}: {waiting.problem}")
    alerting.end_readable(hands, pipeline, waiting.unreadable)
    if not waiting.unreadable:
        arrivals.remember(hands, pipeline, mark)
    return new


def now() -> datetime:
    """What time it is in this home."""
    return home.current().clock()


@contextmanager
def at_work(pipeline: str) -> Iterator[None]:
    """Hold the right to run turns of a pipeline while the block runs.

    Raises:
        Busy: Somebody else holds it, and lives.
    """
    with home.current().ledger.lease.held(pipeline, runtime.flow_run.id):
        yield


def newest_trigger(pipeline: str) -> int:
    """The last trigger that was recorded so far."""
    return home.current().ledger.inbox.newest(pipeline)


def is_asked_again(pipeline: str, newest: int) -> bool:
    """Whether a trigger is open that was recorded after `newest`."""
    return any(trigger.id > newest for trigger in home.current().ledger.inbox.open(pipeline))


@task(task_run_name="settle-inbox-{pipeline}", tags=["coordination"])
def settle_inbox(pipeline: str, waiting: Waiting, since: datetime, newest: int) -> Agenda:
    """Decide which deliveries have a turn now, and end the triggers up to `newest` that lead to none."""
    hands = home.current()
    found = agenda.plan(hands, pipeline, waiting, since, newest)
    hands.ledger.inbox.cover_late(pipeline, found.covered)
    hands.ledger.inbox.skip(pipeline, found.skips)
    if found.skips:
        arrivals.forget(hands, pipeline)  # a delivery that is gone may come back as it was
    failpoints.reach("inbox-settled")
    return found


@task(task_run_name="close-crashed-{pipeline}", tags=["coordination"], retries=2, retry_delay_seconds=[1.0, 5.0])
def close_crashed(pipeline: str) -> bool:
    """Close the Prefect and MLflow runs of a process that was killed over its work; says whether there was one."""
    return crashes.close(home.current(), pipeline, runtime.flow_run.id)


@task(task_run_name="check-age-{pipeline}", tags=["coordination"])
def check_age(pipeline: str) -> bool:
    """Record a trigger if the champion is older than wanted."""
    hands = home.current()
    champion = hands.ledger.promotions.champion(pipeline)
    limits = hands.settings(pipeline).coordination
    due = champion and course.age_trigger(champion.version, champion.at, hands.clock(), limits)
    return bool(due) and hands.ledger.inbox.record(pipeline, TriggerKind.SCHEDULE, *due)  # type: ignore[misc]


@task(task_run_name="start-what-waits-{pipeline}", tags=["coordination"], retries=2, retry_delay_seconds=[1.0, 5.0])
def start_what_waits(pipeline: str, crashed: bool) -> str | None:
    """Start a run for what no event has started one for; its id, None if nothing waits or somebody is at it."""
    trigger = agenda.overdue(home.current(), pipeline, crashed=crashed)
    if trigger is None:
        return None
    told = {"pipeline": pipeline, "reason": trigger.kind, "evidence": trigger.evidence, "key": trigger.key}
    return orchestration.start(f"continuous-training/{pipeline}", told)


@task(task_run_name="alert-{pipeline}", tags=["coordination"], retries=2, retry_delay_seconds=[1.0, 5.0])
def send_alerts(pipeline: str) -> int:
    """Turn failed automations and a silent source into alerts, and send what people are owed; how many were sent."""
    hands = home.current()
    for event, automation, sentence in orchestration.failed_actions(hands.clock() - agenda.LOOKING_BACK):
        hands.ledger.inbox.alert(notifications.about(automation), AlertKind.AUTOMATION, event, sentence)
    alerting.look_for_silence(hands, pipeline)
    return notifications.send_all(hands, pipeline)


@task(task_run_name="forget-turned-away-{pipeline}", tags=["coordination"], retries=2, retry_delay_seconds=[1.0, 5.0])
def forget_turned_away(pipeline: str) -> int:
    """Remove the runs that met this one, or another look, and did nothing; how many there were."""
    return orchestration.forget_turned_away(pipeline)


# ── the course of a turn ──────────────────────────────────────────────────────────────────────────────────────────
@task(task_run_name="open-turn-{delivery.name}", tags=["coordination"])
def open_turn(pipeline: str, delivery: Delivery, run: str | None = None) -> TurnRef:
    """Open the turn of a delivery, or go on with the one that was cut off; it covers the triggers that are open."""
    ledger = home.current().ledger
    number = ledger.turns.open(pipeline, delivery.digest, delivery.name, run, performer.here())
    failpoints.reach("turn-opened")
    key, evidence = agenda.asked_by(home.current(), pipeline, delivery, number)
    ledger.inbox.record(pipeline, TriggerKind.NEW_DATA, key, evidence, turn=number)
    failpoints.reach("batch-trigger-recorded")
    ledger.inbox.cover(pipeline, number, delivery.digest)
    failpoints.reach("triggers-covered")
    return TurnRef(pipeline, number, delivery.digest, delivery.name)


def begin_step(turn: TurnRef, step: str) -> None:
    """Note that a turn has come to a step."""
    home.current().ledger.turns.begin(turn.pipeline, turn.number, step)
    failpoints.reach("step-begun")


@contextmanager
def stoppable(pipeline: str, delivery: Delivery) -> Iterator[None]:
    """A turn that a person or a service stops has not failed: that attempt does not count."""
    try:
        yield
    except (KeyboardInterrupt, TerminationSignal):
        home.current().ledger.turns.uncount(pipeline, delivery.digest)
        raise


def may_try(pipeline: str, delivery: Delivery) -> bool:
    """Whether the turn of a delivery may be begun, or begun again: it has not been begun as often as it may be."""
    hands = home.current()
    row, limit = hands.ledger.turns.of_batch(pipeline, delivery.digest), hands.settings(pipeline).coordination
    return row is None or row["state"] == TurnState.DONE or row["attempts"] < limit.max_attempts


@task(task_run_name="give-up-{delivery.name}", tags=["coordination"])
def give_up(pipeline: str, delivery: Delivery, problem: str, quietly: bool = False) -> int:
    """End a turn that was begun as often as it may be, with an alert unless `quietly`; returns its number.

    A delivery that could not be read goes on to wait: it has another turn when it is there and can be read.
    """
    ledger = home.current().ledger
    row = ledger.turns.of_batch(pipeline, delivery.digest)
    assert row is not None
    why = environment.masked(problem)
    reason = why if quietly else f"given up after {course.attempts(row['attempts'])}: {why}"
    # The turn is closed last: nobody comes back to one that is closed.
    if not quietly:
        alerting.give_up(home.current(), pipeline, delivery.name, row["number"], reason)
        failpoints.reach("alert-owed")
    own = [one.id for one in ledger.inbox.open(pipeline) if course.batch_of(one) == delivery.digest]
    ledger.inbox.cover_late(pipeline, dict.fromkeys(own, row["number"]))
    ledger.inbox.fail(pipeline, row["number"], reason)
    failpoints.reach("triggers-failed")
    ledger.turns.close(pipeline, row["number"], Outcome.FAILED, (reason,))
    failpoints.reach("turn-given-up")
    return int(row["number"])


@task(task_run_name="wait-for-change-{delivery.name}", tags=["coordination"])
def wait_for_change(pipeline: str, delivery: Delivery, problem: str) -> None:
    """Settings, or code of the user, stop a turn: it waits until they are changed, however often it is begun."""
    hands = home.current()
    row = hands.ledger.turns.of_batch(pipeline, delivery.digest)
    assert row is not None
    alerting.give_up(hands, pipeline, delivery.name, row["number"], environment.masked(problem))
    hands.ledger.turns.uncount(pipeline, delivery.digest)


@task(task_run_name="find-open-turn-{pipeline}", tags=["coordination"])
def find_open_turn(pipeline: str) -> tuple[TurnRef, Batch] | None:
    """The oldest turn whose batch has been taken in and which is not done."""
    ledger = home.current().ledger
    for row in ledger.turns.unfinished(pipeline):
        if (batch := ledger.batches.passed(pipeline, row["batch"])) is not None:
            return TurnRef(pipeline, row["number"], row["batch"], row["batch_name"]), batch
    return None


@task(task_run_name="decide-{turn.name}", tags=["coordination"])
def decide_retraining(turn: TurnRef, batch: Batch, pool: Pool, snapshot: Snapshot | None) -> RetrainingDecision:
    """Decide whether a probe is trained in this turn, with the reasons."""
    hands = home.current()
    judged, learned = fitting.sizes(hands, turn.pipeline, pool, snapshot)
    decision = course.decide(
        judged=judged,
        learned=learned,
        asked=fitting.asked(hands, turn),
        early=earliness.of(snapshot),
        pool=pool,
        opening=fitting.opening(hands, turn, batch) if batch in pool.batches else None,
        triggers=[one.evidence for one in hands.ledger.inbox.all(turn.pipeline, [turn.number])],
        labels=awaited.told(hands, turn, batch, snapshot),
    )
    hands.ledger.turns.note(turn.pipeline, turn.number, decision=decision)
    failpoints.reach("decision-committed")
    return decision


@task(task_run_name="close-turn-{turn.name}", tags=["coordination"])
def close_turn(turn: TurnRef, batch: Batch, decision: RetrainingDecision | None, verdict: Verdict | None) -> Outcome:
    """Commit how a turn ended, and why."""
    outcome = course.outcome(verdict, batch)
    alerting.end_of_turn(home.current(), turn, batch, outcome)
    reasons = (*course.reasons(batch, decision, verdict), *refitting.told(home.current(), turn))
    home.current().ledger.turns.close(turn.pipeline, turn.number, outcome, reasons)
    failpoints.reach("turn-closed")
    if batch.is_in:
        handles.rows(home.current()).end_turn()
    return outcome
