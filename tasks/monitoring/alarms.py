"""Alarms: what of a look at a batch asks for a turn.

Add here what opens a question. What a trigger leads to is decided in `course`; that alarms are recorded before they are
announced is done by the rind.
"""

from dataclasses import dataclass

from tasks.domain.turns import Drift, Health, HealthState


@dataclass(frozen=True)
class Alarm:
    """A finding that asks for a look."""

    kind: str
    """drift or performance."""
    key: str
    evidence: str
    event: str
    """Name of the Prefect event that announces it."""


def raised(batch: str, drift: Drift | None, health: Health) -> list[Alarm]:
    """What was found on a batch that opens a question: drift of the inputs, a live model that is not well."""
    found = []
    if drift is not None and drift.drifted:
        found.append(Alarm("drift", f"drift:{batch}", drift.reasons[0], "incumbent.drift.detected"))
    if health.state is HealthState.UNWELL:
        found.append(Alarm("performance", f"performance:{batch}", health.reasons[0], "incumbent.performance.degraded"))
    return found
