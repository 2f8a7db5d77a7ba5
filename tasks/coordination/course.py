"""What a turn does next and how it ended: rules without a world.

Add a rule here when it decides about the course of a turn. The inbox, the lease and the states of a turn as they are
stored belong to the ledger; whether a challenger is better belongs to promotion.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from configs.coordination import CoordinationSettings
from tasks.domain import pools, wording
from tasks.domain.pools import Asked, Pool, Size
from tasks.domain.records import BATCH, Batch
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Outcome, RetrainingDecision, Trigger, Verdict, VerdictKind
from tasks.training.windows import Opening

_ABOUT_A_BATCH = (BATCH.removesuffix(":"), TriggerKind.DRIFT, TriggerKind.PERFORMANCE)
"""How keys of triggers begin that name the batch whose data they are about."""
_FIRST_PAUSE, _LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)


# ── the inbox ─────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Past:
    """A turn as far as it matters to the next one."""

    number: int
    batch: str
    started: datetime
    finished: datetime | None


@dataclass(frozen=True)
class Agenda:
    """What the holder of the lease does about the inbox."""

    deliveries: tuple[str, ...] = ()
    """Digests of the deliveries whose turns may run now, in order."""
    skips: dict[int, str] = field(default_factory=dict)
    """Triggers that end without a turn, and why."""
    covered: dict[int, int] = field(default_factory=dict)
    """Triggers that a past turn has answered already, and its number."""
    waits: str | None = None
    """Why deliveries wait that could have a turn."""


def plan(
    triggers: Sequence[Trigger],
    waiting: Sequence[str],
    past: Sequence[Past],
    settings: CoordinationSettings,
    *,
    now: datetime,
    since: datetime | None = None,
    rows: int | None = None,
) -> Agenda:
    """Decide what the open triggers lead to: which deliveries have a turn now, and which triggers end without one.

    Data that waits is never lost: if it may not be looked at yet, its triggers stay open; the other ones are skipped.

    Args:
        triggers: The open ones, oldest first.
        waiting: Digests of the deliveries whose turn is not done, in order.
        past: All turns, oldest first.
        settings: Cooldown, budget and the like.
        now: The present moment.
        since: When this run began; its own turns start no cooldown.
        rows: Rows that wait for a turn to begin, if they could be counted.
    """
    done = {turn.batch: turn.number for turn in past if turn.finished}
    covered = {t.id: done[about] for t in triggers if (about := _subject(t)) in done.keys() - set(waiting)}
    left = [t for t in triggers if t.id not in covered]
    gone = {t.id: "its delivery is not in the landing folder any more" for t in left if _is_gone(t, waiting)}
    left = [t for t in left if t.id not in gone]
    if not waiting:
        late, idle = _answered(left, past)
        return Agenda(skips={**gone, **idle}, covered={**covered, **late})
    resumed = [turn.batch for turn in past if not turn.finished]
    forced = any(t.force for t in left)
    allowed, why = (len(waiting), None) if forced else _allowed(waiting, resumed, past, settings, now, since, rows)
    if allowed:
        return Agenda(tuple(waiting[:allowed]), gone, covered, why if allowed < len(waiting) else None)
    refused = {t.id: why or "" for t in left if batch_of(t) is None}
    return Agenda((), {**gone, **refused}, covered, why)


def batch_of(trigger: Trigger) -> str | None:
    """The delivery that a trigger is about, if it is about one."""
    return _subject(trigger) if trigger.key.startswith(BATCH) else None


def pause(attempts: int) -> timedelta:
    """How long a turn that failed is left alone before it is tried again: a minute, then twice as long each time."""
    if attempts <= 0:
        return timedelta(0)
    doubled = min(max(attempts - 1, 0), 6)
    return min(_FIRST_PAUSE * int(2**doubled), _LONGEST_PAUSE)


def attempts(number: int) -> str:
    """`1 attempt`, `4 attempts`."""
    return f"{number} attempt{'' if number == 1 else 's'}"


def age_trigger(version: int, since: datetime, now: datetime, settings: CoordinationSettings) -> tuple[str, str] | None:
    """Key and evidence of the trigger for a champion that is too old; a new one for each further span of that length.

    Args:
        version: The champion.
        since: When it was promoted.
        now: The present moment.
        settings: With the largest age.
    """
    limit = settings.max_model_age_days
    if limit is None or now - since < timedelta(days=limit):
        return None
    days = (now - since).days
    return f"age:v{version}:{days // limit}", f"v{version} is {days} days old, at most {limit} are wanted"


def _subject(trigger: Trigger) -> str:
    """The batch whose data the trigger is about, if any: a delivery, or what was seen in one."""
    kind, _, rest = trigger.key.partition(":")
    return rest.partition(":")[0] if kind in _ABOUT_A_BATCH else ""


def _is_gone(trigger: Trigger, waiting: Sequence[str]) -> bool:
    return batch_of(trigger) is not None and batch_of(trigger) not in waiting


def _answered(triggers: Sequence[Trigger], past: Sequence[Past]) -> tuple[dict[int, int], dict[int, str]]:
    """With nothing waiting: triggers from before the end of the last turn are its own; later ones find nothing new."""
    ended = [turn for turn in past if turn.finished]
    last = ended[-1] if ended else None
    late = {t.id: last.number for t in triggers if last and last.finished and t.at <= last.finished}
    nothing = "no batch waits" + (f"; nothing is new since turn {last.number}" if last else "")
    return late, {t.id: nothing for t in triggers if t.id not in late}


def _allowed(
    waiting: Sequence[str],
    resumed: Sequence[str],
    past: Sequence[Past],
    settings: CoordinationSettings,
    now: datetime,
    since: datetime | None,
    rows: int | None,
) -> tuple[int, str | None]:
    """How many of the deliveries may have a turn now, and why no more; a turn that was cut off always goes on."""
    begun = sum(digest in resumed for digest in waiting)
    ends = [turn.finished for turn in past if turn.finished and (since is None or turn.finished < since)]
    until = max(ends) + timedelta(minutes=settings.cooldown_minutes) if ends else now
    if until > now:
        return begun, f"cooldown until {until:%Y-%m-%d %H:%M} UTC"
    if rows is not None and rows < settings.min_new_rows:
        return begun, f"{wording.count(rows)} new rows wait, at least {wording.count(settings.min_new_rows)} are wanted"
    if settings.turns_per_day is not None:
        today = sum(turn.started.date() == now.date() and turn.finished is not None for turn in past)
        budget = max(settings.turns_per_day - today, begun)
        return min(len(waiting), budget), f"the budget of {settings.turns_per_day} turns a day is used up"
    return len(waiting), None


# ── the course of a turn ──────────────────────────────────────────────────────────────────────────────────────────
def decide(
    *,
    judged: Size,
    learned: Size,
    asked: Asked,
    early: str | None = None,
    pool: Pool | None = None,
    opening: Opening | None = None,
    triggers: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> RetrainingDecision:
    """Decide whether a probe is trained: all that can be judged gets one; what is too short waits for the next batch.

    Args:
        judged: How much there is to judge on.
        learned: How much there is to learn from; its clusters are asked for a first champion only.
        asked: By the settings.
        early: How labels that come early differ from the others, if they do.
        pool: The batches that are judged together; None for one alone.
        opening: From when on they are judged, evidence being taken in event order.
        triggers: Sentences that say what opened the question.
        labels: The same of labels that come later: what became of them, and which batches wait for theirs.
    """
    members, batches = (pool.members, len(pool.batches)) if pool else ((), 1)
    older = opening.older if opening and asked.first_share is None else 0
    notes = [*(pools.passed_over(pool) if pool else ()), *([early] if early else ())]
    left_out = [_left_out(older, opening.moment)] if opening and opening.moment and older else []
    obstacles = pools.obstacles(judged, learned, asked, batches)
    if obstacles:
        lacking = obstacles if judged.rows or not labels else []
        return RetrainingDecision(False, (*lacking, *labels, *left_out, *notes), older, members)
    why = "there is no champion yet" if asked.first_share is not None else "a probe shows whether retraining pays"
    together = [f"{batches} batches are judged as one: {wording.count(judged.rows)} rows"] if members else []
    return RetrainingDecision(True, (why, *together, *labels, *left_out, *notes, *triggers), older, members)


def outcome(verdict: Verdict | None, batch: Batch) -> Outcome:
    """Name how a turn ended; without a verdict nothing was judged."""
    if not batch.is_in:
        return Outcome(batch.status.value)
    if verdict is None:
        return Outcome.NOT_JUDGED
    if verdict.first and verdict.kind is VerdictKind.PROMOTE:
        return Outcome.FIRST_CHAMPION
    return Outcome(verdict.kind.value)


def reasons(batch: Batch, decision: RetrainingDecision | None, verdict: Verdict | None) -> tuple[str, ...]:
    """Why a turn ended as it did, the main reason first: of the batch, the verdict, or the decision not to judge."""
    if batch.reason is not None:
        return (batch.reason,)
    if verdict is not None:
        return verdict.reasons
    return decision.reasons if decision is not None else ()


def _left_out(older: int, moment: datetime) -> str:
    told = f"{wording.count(older)} older labelled {'row is' if older == 1 else 'rows are'} kept, not judged"
    return f"judged from {moment:%Y-%m-%d %H:%M} UTC on, as the time before was judged already: {told}"
