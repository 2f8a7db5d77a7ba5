"""One world for all tests of faults, and how it ends when nobody disturbs it."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.faults import canonical, worlds
from tests.faults.worlds import REFUSED, World


@pytest.fixture(scope="session")
def shared_world(
    tmp_path_factory: pytest.TempPathFactory,
    months: Callable[[str], Path],
    prefect_template: Path,
    mlflow_template: Path,
    served_run: CommandLine,
) -> World:
    return worlds.make(tmp_path_factory.mktemp("faults"), months, prefect_template, mlflow_template, served_run)


@pytest.fixture(scope="session")
def undisturbed(shared_world: World, served_run: CommandLine) -> dict[str, Any]:
    """What is there in the end if nobody disturbs the run."""
    shared_world.restore()
    ended = _finish(shared_world, served_run, shared_world.log)
    shutil.copytree(shared_world.home, shared_world.after)
    return ended


@pytest.fixture(scope="session")
def undisturbed_from_the_start(shared_world: World, served_run: CommandLine) -> dict[str, Any]:
    """The same if all turns are made by one run."""
    shared_world.restart()
    return _finish(shared_world, served_run, shared_world.log_from_the_start)


@pytest.fixture(scope="session")
def given_up(shared_world: World, served_run: CommandLine) -> dict[str, Any]:
    """What is there in the end if a turn was begun as often as it may be."""
    shared_world.restore()
    shared_world.exhaust()
    return _finish(shared_world, served_run)


@pytest.fixture
def world(shared_world: World) -> Iterator[World]:
    """One turn is done, more is waiting, nobody works on it."""
    shared_world.restore()
    yield shared_world
    assert shared_world.left() == []


def _finish(world: World, command: CommandLine, log: Path | None = None) -> dict[str, Any]:
    code, out, err = world.run_warm(command, **({} if log is None else {"INCUMBENT_FAILPOINT_LOG": str(log)}))
    assert (code, err) == (REFUSED, ""), out + err
    return canonical.dump(world.home)
