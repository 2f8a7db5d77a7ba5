"""Runs that are stopped, two at once, one that was paused for too long, and helpers that die: all end in words."""

import os
import re
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from tests.faults import canonical
from tests.faults.worlds import LONGEST, REFUSED, World

STOPPED = "\nStopped. What was committed stays; the same command goes on from there.\n"
HOLDER = "select substr(holder, 9, instr(substr(holder, 9), ' ') - 1) from leases where holder is not null"
"""Number of the process that holds the lease."""
TWO_TURNS = "select number from turns where number = 2"
TWO_CHAMPIONS = "select sequence from promotions where sequence = 2"
WORKS = r"process \d+ on .* works on 'flights'\. Wait for it to end, .*\n"
OVERTAKEN = r"This process was paused for so long that another one has taken over 'flights' .*\n"


def four_at_once(world: World) -> list[tuple[int, str]]:
    """Exit code and errors of four runs that begin together."""
    four = [world.start() for _ in range(4)]
    told = [process.communicate(timeout=LONGEST)[1] for process in four]
    return [(process.returncode, words) for process, words in zip(four, told, strict=True)]


def assert_one_worked(ended: list[tuple[int, str]]) -> None:
    """The others were told who works, or found nothing left to do."""
    codes = [code for code, _ in ended]
    assert codes.count(REFUSED) == 1 and {*codes} <= {REFUSED, 9, 0}, ended
    for code, words in ended:
        assert re.fullmatch(WORKS if code == 9 else "", words)


@pytest.mark.long
def test_a_run_that_is_stopped_says_so_and_the_next_one_completes_it(world: World, undisturbed: dict[str, Any]) -> None:
    first = world.start()
    world.wait_until("select number from turns where number = 2")
    os.killpg(first.pid, signal.SIGINT)  # as the terminal does: everybody hears Ctrl-C
    told = first.communicate(timeout=LONGEST)[1]
    second = world.start()
    world.wait_until(HOLDER)
    second.terminate()
    told_again = second.communicate(timeout=LONGEST)[1]

    code, _, err = world.run()

    assert (first.returncode, told) == (130, STOPPED)
    assert (second.returncode, told_again) == (143, STOPPED)
    assert (code, err) == (REFUSED, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
def test_of_two_runs_at_once_one_works_and_the_other_is_told_who(world: World, undisturbed: dict[str, Any]) -> None:
    both = {process.pid: process for process in (world.start(), world.start())}
    working = both.pop(int(world.wait_until(HOLDER)))
    (other,) = both.values()

    with _paused(world, working.pid):
        told = other.communicate(timeout=LONGEST)[1]
    err = working.communicate(timeout=LONGEST)[1]

    assert other.returncode == 9
    assert re.fullmatch(rf"process {working.pid} on .* works on 'flights'\. Wait for it to end, .*\n", told)
    assert (working.returncode, err) == (REFUSED, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
def test_of_four_first_runs_at_once_one_makes_everything_and_all_end_well(
    world: World, undisturbed_from_the_start: dict[str, Any]
) -> None:
    world.empty()

    ended = four_at_once(world)

    assert_one_worked(ended)
    assert canonical.differences(canonical.dump(world.home), undisturbed_from_the_start) == []


@pytest.mark.long
@pytest.mark.parametrize("moment", [HOLDER, TWO_TURNS, TWO_CHAMPIONS], ids=["begun", "in a turn", "showing"])
def test_a_run_that_was_stopped_until_its_lease_ran_out_writes_nothing_more(
    moment: str, world: World, undisturbed: dict[str, Any]
) -> None:
    stopped = world.start()
    world.wait_until(moment)

    with _paused(world, stopped.pid, everybody=True):  # as Ctrl-Z does: its helper as well
        code, _, err = world.run_when_free()
        before = canonical.dump(world.home)
    told = stopped.communicate(timeout=LONGEST)[1]

    assert (code, err) == (REFUSED, "")
    assert stopped.returncode == 9 or moment == HOLDER, "it may not have looked yet what waits, and finds nothing then"
    assert re.fullmatch(OVERTAKEN if stopped.returncode else "", told)
    assert canonical.differences(before, undisturbed) == []
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
def test_a_run_that_was_paused_for_too_long_changes_nothing_any_more(world: World, undisturbed: dict[str, Any]) -> None:
    paused = world.start()
    world.wait_until(TWO_TURNS)

    with _paused(world, paused.pid, "update leases set expires = '2000-01-01T00:00:00.000000+00:00'"):
        code, _, err = world.run()
    told = paused.communicate(timeout=LONGEST)[1]

    assert (code, err) == (REFUSED, "")
    assert paused.returncode == 9
    assert re.fullmatch(r"This process was paused for so long that another one has taken over 'flights' .*\n", told)
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
def test_a_helper_that_is_killed_is_replaced(world: World, undisturbed: dict[str, Any]) -> None:
    run = world.start()
    world.wait_until("select number from turns where number = 2")

    helpers = world.processes("flows.run").keys() - {run.pid}
    for helper in helpers:
        os.kill(helper, signal.SIGKILL)
    err = run.communicate(timeout=LONGEST)[1]

    assert len(helpers) == 1
    assert (run.returncode, err) == (REFUSED, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
def test_a_run_whose_prefect_api_dies_says_so_soon(world: World, undisturbed: dict[str, Any]) -> None:
    run = world.start()
    world.wait_until("select number from turns where number = 2")

    for api in world.processes("local_api_server"):
        os.kill(api, signal.SIGKILL)
    told = run.communicate(timeout=LONGEST)[1]
    code, _, err = world.run()

    assert run.returncode == 10
    assert re.fullmatch(r"The local Prefect API \S+ answered at first and then no more .*\n", told)
    assert (code, err) == (REFUSED, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@contextmanager
def _paused(world: World, process: int, statement: str = "select 1", *, everybody: bool = False) -> Iterator[None]:
    """Pause a process (or all of its group) while the block runs, at a moment when it is not writing to the ledger."""
    send = os.killpg if everybody else os.kill
    with closing(sqlite3.connect(world.home / "ledger.db", isolation_level=None, timeout=20)) as ledger:
        ledger.execute("begin immediate")
        send(process, signal.SIGSTOP)
        ledger.execute(statement)
        ledger.execute("commit")
    try:
        yield
    finally:
        send(process, signal.SIGCONT)
