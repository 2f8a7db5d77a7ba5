"""What of a turn people have to know by themselves: what stands now, and what is over.

Add here what else deserves a word. That it is told once, and once more when it is over, belongs to `steps.alerting`.
"""

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from tasks.domain import wording
from tasks.domain.alert_kinds import AlertKind
from tasks.domain.observations import HealthState
from tasks.domain.records import Batch
from tasks.domain.turns import Outcome, Turn, Verdict

_LONGER = 2.0
"""Times the longest gap so far from which nothing having arrived is news."""
_GAPS = (4, 12)
"""Fewest gaps that say what is usual, and how many are looked at."""


def of_turn(turn: Turn, outcome: Outcome) -> Mapping[AlertKind, str | None]:
    """What a turn says of each kind: a sentence where it stands, None where it does not; nothing where it was not seen.

    Args:
        turn: What was found in it.
        outcome: How it ends.
    """
    found: dict[AlertKind, str | None] = {AlertKind.SILENT: None}
    if outcome in (Outcome.HELD, Outcome.REFUSED):
        kind, until = _DOORS[outcome]
        found[kind] = f"{turn.batch.name} is {outcome.value}, {until}: {turn.batch.reason}"
        return found
    if turn.health is not None and turn.health.state is not HealthState.NOT_JUDGED:
        unwell = turn.health.state is HealthState.UNWELL
        found[AlertKind.UNWELL] = f"{_live(turn)} is not well: {turn.health.reasons[0]}" if unwell else None
    if turn.drift is not None:
        moved = turn.drift.drifted
        found[AlertKind.DRIFT] = f"{turn.batch.name} has drifted: {turn.drift.reasons[0]}" if moved else None
    if turn.verdict is not None and not turn.verdict.first:
        found[AlertKind.VETOED] = _kept_off(turn, turn.verdict)
    return found


_DOORS = {
    Outcome.HELD: (AlertKind.HELD, "until it is admitted or kept out"),
    Outcome.REFUSED: (AlertKind.REFUSED, "until it is delivered again or admitted"),
}


def _live(turn: Turn) -> str:
    return f"v{turn.champion_version}" if turn.champion_version else "The live model"


def _kept_off(turn: Turn, verdict: Verdict) -> str | None:
    """The word on a challenger that has the evidence and is kept off by guards."""
    objects, state = [guard for guard in verdict.guards if guard.objects], turn.evidence
    if not objects or state is None or state.value < state.needed:
        return None
    challenger = f"v{turn.probe_version}" if turn.probe_version else "A challenger"
    standing = f"evidence {wording.evidence(state.value)} ≥ {wording.number(state.needed)}"
    return f"{challenger} has the {standing}, and guard '{objects[0].name}' keeps it off: {objects[0].text}"


def silence(batches: Sequence[Batch], arrived: Sequence[datetime], now: datetime) -> str | None:
    """That nothing has arrived for more than twice as long as ever; None where it is not so, or not known.

    What was delivered at once is as far apart as its events are.

    Args:
        batches: Those that came so far, in order.
        arrived: When each turn began, in order.
        now: What time it is.
    """
    ends = sorted(batch.last_event for batch in batches if batch.last_event is not None)
    gaps = [_gaps(times) for times in (ends, sorted(arrived))]
    if min(map(len, gaps)) < _GAPS[0]:
        return None
    usual, quiet = max(max(each) for each in gaps), now - max(arrived)
    if quiet <= _LONGER * usual:
        return None
    return f"nothing has arrived for {_days(quiet)}; until now the longest wait was {_days(usual)}"


def _gaps(times: Sequence[datetime]) -> list[timedelta]:
    return [later - earlier for earlier, later in itertools.pairwise(times)][-_GAPS[1] :]


def _days(span: timedelta) -> str:
    hours = span.total_seconds() / 3600
    number, noun = (round(hours / 24), "day") if hours >= 48 else (round(hours), "hour")
    return f"{wording.count(number)} {noun}{'' if number == 1 else 's'}"
