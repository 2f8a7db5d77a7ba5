"""What is no step of every turn is killed as well: a look by `poll`, an admission, a repair, a file that is away.

Each scenario is played twice, once undisturbed and once killed and done again; both end alike.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tasks.adapters.home import Home
from tests.faults import canonical
from tests.faults.worlds import BROKEN, REFUSED, SECOND, World
from tests.lineage import damages

WAITS = 12
"""Exit code of a run in which a batch could not be read."""


@dataclass(frozen=True)
class Scenario:
    """What is so before, which command is killed, and how it ends undisturbed."""

    prepare: Callable[[World], None]
    command: tuple[str, ...]
    code: int = 0
    mend: Callable[[World], None] = lambda world: None
    """What is put right after the command, and before the run that finishes."""


def nothing(world: World) -> None:
    """As after the first turn."""


def finish(world: World) -> None:
    """All that waited is done; one batch was refused."""
    code, _, err = world.run()
    assert (code, err) == (REFUSED, "")


def take_away(world: World) -> None:
    """A month goes away between the look and the reading."""
    world.kill_at("triggers-covered")
    delivery(world).rename(world.home / "away")


def put_back(world: World) -> None:
    (world.home / "away").rename(delivery(world))


def delivery(world: World) -> Path:
    return world.home / "landing" / "flights" / f"{SECOND}.parquet"


@contextmanager
def opened(world: World) -> Iterator[Home]:
    with closing(Home(world.home)) as home:
        yield home


def damage_mlflow(world: World) -> None:
    """A file of the champion has other bytes in MLflow."""
    with opened(world) as home:
        damages.flip(damages.logged_folder(home, 1) / "model.skops")


def refuse_unread(world: World) -> None:
    """As versions before this one refused what they could not read."""
    finish(world)
    with opened(world) as home:
        damages.refuse_unread(home)


REPAIR = ("verify", "--repair")
SCORE = ("score", "--in", f"{{home}}/landing/flights/{SECOND}.parquet")
SCENARIOS = {
    "arrival-recorded": Scenario(nothing, ("poll",)),
    "admission-recorded": Scenario(finish, ("admit", BROKEN, "--reason", "it is whole", "--by", "anna"), REFUSED),
    "delivery-unread": Scenario(take_away, (), WAITS, put_back),
    "mlflow-files-restored": Scenario(damage_mlflow, REPAIR),
    "turn-repaired": Scenario(damage_mlflow, REPAIR),
    "refusal-reopened": Scenario(refuse_unread, REPAIR),
    "part-scored": Scenario(nothing, SCORE),
    "answers-logged": Scenario(nothing, SCORE),
    "answers-published": Scenario(nothing, SCORE),
}


def play(world: World, scenario: Scenario, failpoint: str | None) -> dict[str, Any]:
    scenario.prepare(world)
    command = tuple(word.format(home=world.home) for word in scenario.command)
    if failpoint is not None:
        world.kill_at(failpoint, *command)
        assert world.left() == []
    code, out, err = world.run(*command)
    assert code == scenario.code, out + err
    scenario.mend(world)
    code, out, err = world.run()
    assert (code, err) == (REFUSED, ""), out
    return canonical.dump(world.home)


@pytest.mark.long
@pytest.mark.parametrize("failpoint", SCENARIOS)
def test_killed_in_another_command_and_done_again(failpoint: str, world: World) -> None:
    scenario = SCENARIOS[failpoint]
    undisturbed = play(world, scenario, None)
    world.restore()

    disturbed = play(world, scenario, failpoint)

    assert canonical.differences(disturbed, undisturbed) == []
