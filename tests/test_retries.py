"""Doors that touch files of the user, the store or the reports are tried again; all that they do can be done twice."""

from typing import Any

import pytest

from tasks.ingestion import tasks as ingestion
from tasks.reporting import tasks as reporting
from tasks.validation import tasks as validation


@pytest.mark.parametrize(
    "door",
    [
        ingestion.list_waiting,
        ingestion.read_batch,
        validation.check_batch,
        validation.set_aside,
        reporting.write_report,
    ],
    ids=lambda door: str(door.fn.__name__),
)
def test_a_door_that_touches_the_world_is_tried_three_times(door: Any) -> None:
    assert (door.retries, door.retry_delay_seconds) == (2, [1.0, 5.0])
