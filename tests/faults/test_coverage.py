"""The sweep covers every step: no name is forgotten, and nothing becomes lasting where nobody has tried to die."""

import re
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from configs.environment import CHECKOUT
from tasks.adapters import failpoints
from tests.faults import points
from tests.faults.test_kills import MAKING
from tests.faults.test_kills_elsewhere import SCENARIOS
from tests.faults.worlds import World
from tests.scoring.test_sealing import KILLS

REACHED = re.compile(r'failpoints\.reach\("([a-z-]+)"\)')


def in_the_code() -> list[str]:
    paths = (path for part in ("deployments", "flows", "tasks") for path in (CHECKOUT / part).rglob("*.py"))
    return [name for path in paths for name in REACHED.findall(path.read_text())]


def by_thread(log: Path) -> list[list[str]]:
    """What each thread came by, in order; heartbeats are no step of a turn."""
    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    steps = [(who, what) for who, what in lines if "heartbeat" not in who and what not in points.ANYWHERE]
    ordered = sorted(steps, key=lambda step: step[0])
    return [[what for _, what in of_one] for _, of_one in groupby(ordered, key=lambda step: step[0])]


def test_the_table_of_failpoints_is_what_is_in_the_code() -> None:
    found = in_the_code()

    assert {*found} == failpoints.NAMES.keys()


def test_the_sweep_leaves_no_failpoint_out() -> None:
    swept = {
        *points.EVERYWHERE,
        *points.FIRST_TURN_ONLY,
        *points.GIVEN_UP,
        *MAKING,
        *SCENARIOS,
        *KILLS,
        *points.OF_LATE_LABELS,
        *points.OF_TABLES,
        *points.OF_EXPERIMENTS,
        *points.OF_CORRECTIONS,
    }

    assert {name.partition(":")[0] for name in swept} == failpoints.NAMES.keys()
    assert {*points.OF_THE_LOG} < {*KILLS}
    assert SCENARIOS.keys() == {*points.OF_OTHER_COMMANDS}
    assert {*points.ALWAYS} < {*points.EVERYWHERE}
    assert {*points.OF_A_FIRST_TURN, *points.SECOND_TURN_ONLY} == {*points.OF_A_TURN, *points.FIRST_TURN_ONLY}
    assert {*points.OF_THE_HELPER} < {*points.OF_A_TURN}


@pytest.mark.long
def test_a_run_comes_by_every_failpoint_of_a_turn(shared_world: World, undisturbed: dict[str, Any]) -> None:
    assert undisturbed

    reached = {line.split(" ", 1)[1] for line in shared_world.log.read_text().splitlines()}

    assert {name for name in reached if not name.startswith("=")} == {*points.OF_A_TURN, *points.ANYWHERE}


@pytest.mark.long
def test_between_two_lasting_steps_there_is_a_failpoint(shared_world: World, undisturbed: dict[str, Any]) -> None:
    assert undisturbed

    threads = by_thread(shared_world.log)
    gaps = [pair for steps in threads for pair in pairwise(steps) if all(step.startswith("=") for step in pair)]

    assert sum(step.startswith("=") for steps in threads for step in steps) > 40
    assert gaps == []


@pytest.mark.long
def test_the_same_in_a_run_from_the_start(shared_world: World, undisturbed_from_the_start: dict[str, Any]) -> None:
    assert undisturbed_from_the_start

    threads = by_thread(shared_world.log_from_the_start)
    gaps = [pair for steps in threads for pair in pairwise(steps) if all(step.startswith("=") for step in pair)]

    assert gaps == []
