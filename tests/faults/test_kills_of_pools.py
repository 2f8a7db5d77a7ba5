"""A run that is killed while it pools short batches ends as one that was left alone, and judges each of them once."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests import bicycles
from tests.faults import canonical, points, worlds
from tests.faults.worlds import World

pytestmark = pytest.mark.long

PIPELINE = "bicycles"
YAML = bicycles.YAML + "promotion: {false_promotion_every: 2, min_relative_gain: 0.0}\n"
STARTS = pd.date_range("2024-03-04", periods=15, freq="3D", tz="UTC")
DONE, CHANGE = 13, STARTS[6]
"""So many batches are taken in before: six made the first champion, twice three were judged, the last one waits."""
UNMET = {"drift-script-published", "duplicate-counted", "refused-bytes-kept"}
"""Where the two turns do not come by: the script is there by then, nothing is refused, nothing comes twice."""
SWEPT = [name for name in points.EVERYWHERE if name not in UNMET and name not in points.OF_THE_HELPER]
"""How a turn is shown does not know of pools."""


@pytest.fixture(scope="module")
def pooled(tmp_path_factory: pytest.TempPathFactory, prefect_template: Path, mlflow_template: Path) -> World:
    """A batch waits for others, and two more were delivered: one that waits as well, and one on which all are judged."""
    world = worlds.furnish(tmp_path_factory.mktemp("pools"), PIPELINE, YAML, prefect_template, mlflow_template)
    for number, start in enumerate(STARTS, start=1):
        path = world.home / "landing" / PIPELINE / f"{start:%Y-%m-%d}.parquet"
        bicycles.three_days(start, CHANGE).to_parquet(path, index=False)
        if number == DONE:
            code, out, err = world.run("run", PIPELINE)
            assert code == 0, out + err
    shutil.copytree(world.home, world.before)
    return world


@pytest.fixture(scope="module")
def undisturbed(pooled: World) -> dict[str, Any]:
    """What is there in the end if nobody disturbs the run: the pool was judged once, and a model took over."""
    pooled.restore()
    code, out, err = pooled.run("run", PIPELINE, "--json", INCUMBENT_FAILPOINT_LOG=str(pooled.log))
    assert code == 0, out + err
    assert [json.loads(line)["verdict"] for line in out.splitlines()] == ["not_judged", "promote"]
    return canonical.dump(pooled.home, PIPELINE)


@pytest.fixture
def world(pooled: World, undisturbed: dict[str, Any]) -> Iterator[World]:
    pooled.restore()
    yield pooled
    assert pooled.left() == []


@pytest.mark.parametrize("failpoint", SWEPT)
def test_killed_anywhere_while_batches_are_pooled(failpoint: str, world: World, undisturbed: dict[str, Any]) -> None:
    world.kill_at(failpoint, "run", PIPELINE)
    orphans = world.left()

    code, _, err = world.run("run", PIPELINE)

    assert orphans == []
    assert code == 0, err
    assert canonical.differences(canonical.dump(world.home, PIPELINE), undisturbed) == []


def test_the_sweep_over_pools_leaves_no_failpoint_out(world: World) -> None:
    reached = {line.split(" ", 1)[1] for line in world.log.read_text().splitlines()}

    assert {name for name in reached if not name.startswith("=")} == {*points.OF_A_TURN, *points.ANYWHERE} - UNMET
