"""Alarms: drift and a model that is not well open a question, each under a key of its own."""

import pytest

from tasks.domain.observations import Drift, Health, HealthState
from tasks.monitoring import alarms


@pytest.mark.parametrize(
    ("drifted", "state", "kinds"),
    [
        (False, HealthState.WELL, []),
        (True, HealthState.WATCH, ["drift"]),
        (False, HealthState.UNWELL, ["performance"]),
        (True, HealthState.UNWELL, ["drift", "performance"]),
        (None, HealthState.NOT_JUDGED, []),
        (None, HealthState.UNWELL, ["performance"]),
    ],
)
def test_drift_and_a_model_that_is_not_well_open_a_question(drifted, state, kinds):
    drift = None if drifted is None else Drift("june", "snapshot", (), drifted, ("5 of 16 columns moved", "more"))

    found = alarms.raised("june", drift, Health(state, ("worse than no model", "more")))

    assert [alarm.kind for alarm in found] == kinds
    told = {
        "drift": ("drift:june", "5 of 16 columns moved", "incumbent.drift.detected"),
        "performance": ("performance:june", "worse than no model", "incumbent.performance.degraded"),
    }
    assert [(alarm.key, alarm.evidence, alarm.kind.event) for alarm in found] == [told[kind] for kind in kinds]
