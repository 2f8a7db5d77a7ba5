"""A run that is killed while rows, or labels that were used, are corrected ends as one that was left alone."""

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
YAML = late_labels.YAML.replace("    horizon:", "    corrected: rejudge\n    horizon:").replace(
    "  key: [at, shop]\n  columns", "  key: [at, shop]\n  corrections: replace\n  columns"
)


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, prefect_template: Path, mlflow_template: Path) -> World:
    """A champion was judged; then some of its labels and some rows come once more, and are others."""
    folder = tmp_path_factory.mktemp("corrections")
    world = worlds.furnish(folder, PIPELINE, YAML, prefect_template, mlflow_template)
    for month in (1, 2):
        late_labels.land_rows(world.home, month)
        late_labels.land_labels(world.home, f"returns-{month}", late_labels.labels(month))
    code, out, err = world.run("run", PIPELINE)
    assert code == 0, out + err
    wrong = late_labels.labels(2)[:40]
    late_labels.land_labels(world.home, "returns-2-corrected", wrong.assign(kept=~wrong["kept"]))
    corrected = late_labels.rows(1)[:50].assign(items=9)
    corrected.to_parquet(world.home / "landing" / PIPELINE / "month-01-corrected.parquet", index=False)
    shutil.copytree(world.home, world.before)
    return world


@pytest.fixture(scope="module")
def undisturbed(waiting: World) -> dict[str, Any]:
    """What is there in the end if nobody disturbs the run."""
    waiting.restore()
    code, out, err = waiting.run("run", PIPELINE, INCUMBENT_FAILPOINT_LOG=str(waiting.log))
    assert code == 0, out + err
    return left(waiting)


def left(world: World) -> dict[str, Any]:
    """What is left, but for hashes of keys: who goes on asks the rows as they are by then, and keeps those as well."""
    dump = canonical.dump(world.home, PIPELINE)
    kept = {path: digest for path, digest in dump["store"].items() if not path.startswith("derived/")}
    return {**dump, "store": kept}


@pytest.fixture
def world(waiting: World, undisturbed: dict[str, Any]) -> Iterator[World]:
    waiting.restore()
    yield waiting
    assert waiting.left() == []


@pytest.mark.parametrize(
    "failpoint", [*points.OF_CORRECTIONS, "replacing-committed:2", "labels-settled", "rows-labelled"]
)
def test_killed_while_something_is_corrected(failpoint: str, world: World, undisturbed: dict[str, Any]) -> None:
    world.kill_at(failpoint, "run", PIPELINE)

    code, _, err = world.run("run", PIPELINE)

    assert code == 0, err
    assert canonical.differences(left(world), undisturbed) == []


def test_the_run_comes_by_every_failpoint_of_corrections(world: World) -> None:
    reached = {line.split(" ", 1)[1] for line in world.log.read_text().splitlines()}

    assert {*points.OF_CORRECTIONS} <= reached
