"""What breaks upstream is held with its column, whatever it is; nothing of it is learned, and sound weeks go on.

A long sweep. `test_held` takes three damages all the way, `tests/monitoring` and `tests/validation` each kind by itself.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tests import incidents
from tests.command_line import CommandLine
from tests.incidents import World

GOOD, HELD = 6, 3
pytestmark = pytest.mark.long


@pytest.fixture(
    scope="module", params=[incidents.SITES, incidents.ORDERS, incidents.MACHINES], ids=lambda world: world.name
)
def world(request: pytest.FixtureRequest) -> World:
    return request.param


@pytest.fixture(scope="module")
def names(world: World) -> dict[str, tuple[str, set[str]]]:
    """Of each damaged week what broke, and the columns of which one must be named."""
    broken = {**world.prepared_otherwise, **{f"{name} (dead)": one for name, one in world.dead_sources.items()}}
    return {f"week-{GOOD + place}": (name, columns) for place, (name, (_, columns)) in enumerate(broken.items())}


@pytest.fixture(scope="module")
def home(
    world: World, furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[dict[str, object]]]:
    """Good weeks, then each damaged one, then another good one; and what was printed."""
    folder, pipelines = furnished_home(f"incidents-{world.name}"), tmp_path_factory.mktemp("pipelines")
    (pipelines / f"{world.name}.yaml").write_text(world.yaml, encoding="utf-8")
    landing = folder / "landing" / world.name
    landing.mkdir()
    damages = [damage for damage, _ in [*world.prepared_otherwise.values(), *world.dead_sources.values()]]
    for number in range(GOOD):
        world.week(number).to_parquet(landing / f"week-{number}.parquet", index=False)
    for place, damage in enumerate(damages):
        world.damaged(GOOD + place, damage).to_parquet(landing / f"week-{GOOD + place}.parquet", index=False)
    last = GOOD + len(damages)
    world.week(last).to_parquet(landing / f"week-{last}.parquet", index=False)
    ran = served_run(folder, "run", world.name, "--json", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == HELD, ran.stdout + ran.stderr
    return folder, [json.loads(line) for line in ran.stdout.splitlines() if '"turn"' in line]


@pytest.fixture
def batches(
    home: tuple[Path, list[dict[str, object]]], world: World, open_home: Callable[[Path], Home]
) -> dict[str, Batch]:
    return {batch.name: batch for batch in open_home(home[0]).ledger.batches.all(world.name)}


def test_every_damage_is_held_and_its_column_named_first(
    batches: dict[str, Batch], names: dict[str, tuple[str, set[str]]]
) -> None:
    let_in = [name for week, (name, _) in names.items() if not batches[week].held]
    named = {
        name: batches[week].suspects[0].column
        for week, (name, columns) in names.items()
        if batches[week].held and batches[week].suspects[0].column not in columns
    }

    assert (let_in, named) == ([], {})


def test_what_is_sound_goes_on_and_nothing_else_was_learned(
    batches: dict[str, Batch], names: dict[str, tuple[str, set[str]]]
) -> None:
    sound = {name for name in batches if name not in names}

    assert {name for name, batch in batches.items() if batch.is_in} == sound
    assert len(sound) == GOOD + 1


def test_people_are_owed_a_word_about_each(
    home: tuple[Path, list[dict[str, object]]],
    world: World,
    names: dict[str, tuple[str, set[str]]],
    open_home: Callable,
) -> None:
    owed = open_home(home[0]).ledger.inbox.unsent(world.name)

    assert [alert.key for alert in owed if alert.key.startswith("held:")] == [
        f"held:{GOOD + place + 1}" for place in range(len(names))
    ]
