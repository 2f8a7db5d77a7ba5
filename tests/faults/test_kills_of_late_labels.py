"""A run that is killed while labels come to rows ends as one that was left alone: each batch is judged once."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import late_labels
from tests.faults import canonical, points, worlds
from tests.faults.worlds import World

pytestmark = pytest.mark.long

PIPELINE = "shop"
ALWAYS = ("labels-settled",)
OTHERS = [name for name in points.OF_LATE_LABELS if name not in ALWAYS]
MORE = ["labels-settled:2", "labels-counted:2", "batch-committed:2", "turn-ingested", "decision-committed:2"]


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, prefect_template: Path, mlflow_template: Path) -> World:
    """Two months of sales wait for their labels, which came in two deliveries, before a third month."""
    folder = tmp_path_factory.mktemp("late-labels")
    world = worlds.furnish(folder, PIPELINE, late_labels.YAML, prefect_template, mlflow_template)
    for month in (1, 2):
        late_labels.land_rows(world.home, month)
    (world.home / "landing" / "returns").mkdir()
    code, out, err = world.run("run", PIPELINE)
    assert code == 0, out + err
    for month in (1, 2, 3):
        late_labels.land_labels(world.home, f"returns-{month}", late_labels.labels(month))
    late_labels.land_rows(world.home, 3)
    shutil.copytree(world.home, world.before)
    return world


@pytest.fixture(scope="module")
def undisturbed(waiting: World) -> dict[str, Any]:
    """What is there in the end if nobody disturbs the run."""
    waiting.restore()
    code, out, err = waiting.run("run", PIPELINE, "--json", INCUMBENT_FAILPOINT_LOG=str(waiting.log))
    assert code == 0, out + err
    verdicts = [json.loads(line)["verdict"] for line in out.splitlines()]
    assert verdicts[:3] == ["not_judged", "first_champion", "not_judged"]
    assert verdicts[3] in ("promote", "keep_shadowing", "reject")
    return canonical.dump(waiting.home, PIPELINE)


@pytest.fixture
def world(waiting: World, undisturbed: dict[str, Any]) -> Iterator[World]:
    waiting.restore()
    yield waiting
    assert waiting.left() == []


@pytest.mark.parametrize(
    "failpoint", [*ALWAYS, *(pytest.param(name, marks=pytest.mark.long) for name in [*OTHERS, *MORE])]
)
def test_killed_while_labels_come(failpoint: str, world: World, undisturbed: dict[str, Any]) -> None:
    world.kill_at(failpoint, "run", PIPELINE)

    code, _, err = world.run("run", PIPELINE)

    assert code == 0, err
    assert canonical.differences(canonical.dump(world.home, PIPELINE), undisturbed) == []


def test_the_run_comes_by_every_failpoint_of_late_labels(world: World) -> None:
    reached = {line.split(" ", 1)[1] for line in world.log.read_text().splitlines()}

    assert {*points.OF_LATE_LABELS} <= reached
