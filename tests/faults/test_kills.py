"""A run that is killed (`kill -9`) and run again ends as one that was left alone (I3), and leaves nobody behind.

So does one that is started four times at once; what else may interrupt it is in `test_interruptions`.
"""

import signal
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from configs.errors import Unreachable
from tests.command_line import CommandLine
from tests.faults import canonical, points
from tests.faults.test_interruptions import assert_one_worked, four_at_once
from tests.faults.worlds import REFUSED, World

MAKING = (*points.OF_THE_MAKING, "file-written:1", "file-written:2", "commit-ahead:1")
"""Where a run is killed that makes the databases."""
SECOND_TURN = [
    point if point in points.ALWAYS else pytest.param(point, marks=pytest.mark.long) for point in points.EVERYWHERE
]


def test_the_undisturbed_run_promotes_refuses_and_counts(undisturbed: dict[str, Any]) -> None:
    ledger = undisturbed["ledger"]

    outcomes = [row.split('"outcome": "')[1].split('"')[0] for row in ledger["turns"]]

    assert sorted(outcomes) == ["first_champion", "promote", "refused"]
    assert len(ledger["promotions"]) == 2
    assert sum('"duplicate": 1' in row for row in ledger["deliveries"]) == 1
    assert len(undisturbed["mlflow"]["runs"]) == 5, "two families in each turn, and a refit"


def test_a_promotion_that_was_won_is_rolled_back(
    shared_world: World, undisturbed: dict[str, Any], served_run: CommandLine
) -> None:
    assert undisturbed
    shared_world.restore(shared_world.after)

    code, out, err = shared_world.run_warm(served_run, "rollback", "flights", "--reason", "complaints", "--by", "anna")

    with closing(sqlite3.connect(shared_world.home / "ledger.db")) as ledger:
        live = ledger.execute("select version, turn from promotions order by sequence").fetchall()
    assert (code, err) == (0, "")
    assert "v1 is live again in place of v3" in out
    assert live == [(1, 1), (3, 2), (1, None)]
    assert [row for row in canonical.dump(shared_world.home)["mlflow"]["registry"]["aliases"] if "champion" in row] == [
        '{"alias": "champion", "version": 1}'
    ]


@pytest.mark.long
def test_of_four_runs_at_once_one_does_the_turns_and_all_end_well(world: World, undisturbed: dict[str, Any]) -> None:
    ended = four_at_once(world)

    assert_one_worked(ended)
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
def test_killed_again_and_again(world: World, undisturbed: dict[str, Any]) -> None:
    for failpoint in ("file-written", "promotion-committed", "shown-in-mlflow"):
        world.kill_at(failpoint)
    orphans = world.left()

    code, _, err = world.run()

    assert orphans == []
    assert (code in (0, REFUSED), err) == (True, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.parametrize("failpoint", SECOND_TURN)
def test_killed_anywhere_in_the_second_turn(
    failpoint: str, world: World, undisturbed: dict[str, Any], served_run: CommandLine
) -> None:
    world.kill_at(failpoint)
    orphans = world.left()

    code, _, err = world.run_warm(served_run)

    assert orphans == []
    assert (code in (0, REFUSED), err) == (True, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []


@pytest.mark.long
@pytest.mark.parametrize("failpoint", points.OF_A_FIRST_TURN)
def test_killed_anywhere_in_the_first_turn(
    failpoint: str, world: World, undisturbed_from_the_start: dict[str, Any]
) -> None:
    world.restart()
    world.kill_at(failpoint)
    orphans = world.left()

    code, _, err = world.run()

    assert orphans == []
    assert (code in (0, REFUSED), err) == (True, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed_from_the_start) == []


@pytest.mark.long
@pytest.mark.parametrize("failpoint", MAKING)
def test_killed_while_its_databases_are_made(
    failpoint: str, world: World, undisturbed_from_the_start: dict[str, Any]
) -> None:
    world.empty()
    killed, _, told = world.run(INCUMBENT_FAILPOINT=failpoint)
    orphans = world.left()

    code, _, err = world.run()

    # Prefect's database is made by its API: that process is killed then, and the run says so.
    lost = killed == Unreachable.exit_code and told.startswith("The local Prefect API ended while it started")
    assert killed == -signal.SIGKILL or lost, told
    assert orphans == []
    assert (code, err) == (REFUSED, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed_from_the_start) == []


@pytest.mark.long
@pytest.mark.parametrize("failpoint", points.GIVEN_UP)
def test_killed_while_a_turn_is_given_up(failpoint: str, world: World, given_up: dict[str, Any]) -> None:
    world.exhaust()
    world.kill_at(failpoint)
    orphans = world.left()

    code, _, err = world.run()

    assert orphans == []
    assert (code, err) == (REFUSED, "")
    assert canonical.differences(canonical.dump(world.home), given_up) == []
    assert ["given up after 4 attempts" in row for row in given_up["ledger"]["alerts"]] == [True]


@pytest.mark.long
@pytest.mark.parametrize("failpoint", points.OF_THE_HELPER)
def test_a_helper_that_is_killed_each_time_at_the_same_step_ends_the_run_in_words(
    failpoint: str, world: World, undisturbed: dict[str, Any]
) -> None:
    code, _, told = world.run(INCUMBENT_FAILPOINT=f"{failpoint}:alone")
    orphans = world.left()

    again, _, err = world.run()

    assert orphans == []
    # A step that is committed by the time is not done again: the next helper goes on behind it.
    assert code in (0, 1, REFUSED) and (code != 1 or told.startswith("The process that shows turn "))
    assert "Traceback" not in told
    assert (again in (0, REFUSED), err) == (True, "")
    assert canonical.differences(canonical.dump(world.home), undisturbed) == []
