"""Alarms: what of a look at a batch asks for a turn.

Add here what opens a question. What a trigger leads to is decided in `course`; that alarms are recorded before they are
announced is done by the rind.
"""

from dataclasses import dataclass

from tasks.domain.observations import Drift, Health, HealthState
from tasks.domain.trigger_kinds import TriggerKind


@dataclass(frozen=True)
class Alarm:
    """A finding that asks for a look."""

    kind: TriggerKind
    """Drift or performance."""
    key: str
    evidence: str


def raised(batch: str, drift: Drift | None, health: Health) -> list[Alarm]:
    """What was found on a batch that opens a question: drift of the inputs, a live model that is not well."""
    found = []
    if drift is not None and drift.drifted:
        found.append(_alarm(TriggerKind.DRIFT, batch, drift.reasons[0]))
    if health.state is HealthState.UNWELL:
        found.append(_alarm(TriggerKind.PERFORMANCE, batch, health.reasons[0]))
    return found


def _alarm(kind: TriggerKind, batch: str, evidence: str) -> Alarm:
    return Alarm(kind, f"{kind}:{batch}", evidence)
