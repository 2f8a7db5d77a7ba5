"""A model that has seen some hours, weekdays or devices only: what it is worth at the others is told by itself."""

import html
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.ledger import codec
from tasks.domain.observations import Health, HealthState
from tasks.domain.weak_spots import Against
from tests import hours
from tests.command_line import CommandLine
from tests.hours import World


@pytest.fixture(
    scope="module",
    params=[hours.WORLDS[0], *[pytest.param(world, marks=pytest.mark.long) for world in hours.WORLDS[1:]]],
    ids=lambda world: world.name,
)
def world(request: pytest.FixtureRequest) -> World:
    """One of five kinds of data."""
    chosen: World = request.param
    return chosen


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory, world: World) -> str:
    folder = tmp_path_factory.mktemp("pipelines")
    (folder / f"{world.name}.yaml").write_text(world.yaml, encoding="utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def after(furnished_home: Callable[..., Path], served_run: CommandLine, pipelines: str, world: World) -> Path:
    """One month of a few hours (weekdays, devices) was taken in, then one of all of them."""
    folder = furnished_home(f"hours-{world.name}")
    landing = folder / "landing" / world.name
    landing.mkdir(parents=True)
    world.month(0, covered=True).to_parquet(landing / "month-0.parquet", index=False)
    world.month(1, covered=False).to_parquet(landing / "month-1.parquet", index=False)
    ran = served_run(folder, "run", world.name, INCUMBENT_PIPELINES=pipelines)
    assert (ran.returncode, ran.stderr) == (0, "")
    return folder


def test_stretches_without_a_training_row_are_named(world, after, open_home):
    turn = open_home(after).ledger.turns.all(world.name)[-1]
    health = codec.load(Health, turn["health"])

    (spot,) = health.weak

    assert health.state is (HealthState.UNWELL if world.is_lost else HealthState.WATCH)
    assert (spot.columns, spot.against, spot.idle) == ((world.column,), Against.NO_MODEL, (world.column,))
    assert spot.elsewhere == f"{world.column} is {world.good}"
    assert spot.where == f"{world.column} is {world.uncovered}"
    assert (spot.trained, spot.learned) == (0, hours.ROWS)
    assert spot.loss > spot.usual > spot.rest


def test_explain_and_report_say_it(world, after, served_run, pipelines):
    explained = served_run(after, "explain", "month-1", world.name, INCUMBENT_PIPELINES=pipelines)
    page = html.unescape((after / "reports" / f"{world.name}.html").read_text(encoding="utf-8"))

    good, weak = f"It is good where {world.column} is {world.good} (", world.uncovered
    for said in (" ".join(explained.stdout.split()), page):
        assert good in said
        assert f"worse than no model where {world.column} is {weak} (" in said
        assert f"None of its {hours.ROWS:,} training {world.row}s lies there." in said
    assert f"'{world.column}' is delivered and no feature; errors depend on it." in " ".join(explained.stdout.split())
