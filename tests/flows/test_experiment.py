"""Experiments: what was taken in is replayed under other settings, and nothing of the live pipeline changes."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from configs import loader
from tasks.adapters import files
from tasks.adapters.home import Home
from tasks.adapters.mlflow import experiment_runs, tracking
from tasks.experiments.steps import shelf
from tests import homes
from tests.command_line import CommandLine

REGISTRY = (
    *("registered_models", "registered_model_tags", "registered_model_aliases"),
    *("model_versions", "model_version_tags"),
)
SET = "promotion.false_promotion_every=2"
TREES = "training.candidates.0.max_iter=5"
LESS = "training.features=[hour, weekday, carrier]"
"""With it every model is another one."""
Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def folder(lived_home: Path, tmp_path: Path) -> Path:
    """A home with two months that were judged."""
    return homes.copy(lived_home, tmp_path / "home", "prefect", "landing")


@pytest.fixture
def run(served_run: CommandLine, folder: Path) -> Callable[..., list[dict[str, Any]]]:
    """Runs a command for machines, which must go well: `run("experiment", "flights")`."""

    def command(*arguments: str, code: int = 0, **variables: str) -> list[dict[str, Any]]:
        ran = served_run(folder, *arguments, "--json", **variables)
        assert ran.returncode == code, ran.stdout + ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    return command


@pytest.fixture
def home(folder: Path) -> Iterator[Home]:
    with closing(Home(folder)) as opened:
        yield opened


def of_the_live_pipeline(folder: Path) -> dict[str, Any]:
    """All that may not change: the tables of the ledger, of the registry, and each file of the store."""
    kept = [path for part in ("store", "bundles") for path in sorted((folder / part).rglob("*")) if path.is_file()]
    return {
        "ledger": dump(folder / "ledger.db"),
        "registry": {table: rows(folder / "mlflow" / "mlflow.db", table) for table in REGISTRY},
        "files": {str(path): files.digest(path) for path in kept},
    }


def dump(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as opened:
        return list(opened.iterdump())


def rows(database: Path, table: str) -> list[Any]:
    with closing(sqlite3.connect(database)) as opened:
        return opened.execute(f"select * from {table} order by 1, 2, 3").fetchall()


def test_a_replay_touches_nothing_live_and_is_not_done_twice(folder: Path, run: Any, home: Home) -> None:
    assert home.ledger
    before = of_the_live_pipeline(folder)

    (first,) = run("experiment", "flights", "--set", SET)
    (again,) = run("experiment", "flights", first["experiment"])

    assert of_the_live_pipeline(folder) == before
    assert (first["experiment"], first["batches"], first["left"], first["tried"]) == (
        "false_promotion_every-2",
        2,
        0,
        1,
    )
    assert (first["fits"], first["lent"]) == (0, 5), "two families twice, and the refit of the first champion"
    assert (first["answer"], first["same"], first["compared"]) == ("the same models", 1, 0)
    assert again == first
    client = tracking.open_client(home.tracking)
    assert before["registry"]["model_versions"]
    experiment = client.get_experiment_by_name(experiment_runs.experiment_of("flights"))
    runs = client.search_runs([experiment.experiment_id], "tags.`incumbent.experiment` = 'false_promotion_every-2'")
    parents = [one for one in runs if "mlflow.parentRunId" not in one.data.tags]
    assert (len(runs), len(parents)) == (3, 1), "one for the experiment, and within it one for each batch"
    page = (folder / "reports" / "flights-experiments.html").read_text(encoding="utf-8")
    assert "false_promotion_every-2: the same models were live as in the pipeline" in page


@pytest.mark.long
@pytest.mark.parametrize("point", ["batch-replayed", "model-committed:2", "bundle-published", "verdict-committed"])
def test_killed_anywhere_it_goes_on_and_comes_to_the_same(
    point: str, folder: Path, run: Any, served_run: CommandLine, home: Home
) -> None:
    assert home.ledger
    before = of_the_live_pipeline(folder)

    killed = served_run(folder, "experiment", "flights", "killed", "--set", LESS, INCUMBENT_FAILPOINT=point)
    (resumed,) = run("experiment", "flights", "killed")
    (undisturbed,) = run("experiment", "flights", "undisturbed", "--set", LESS)

    assert killed.returncode == -9
    about_work = {"experiment", "seconds", "fits", "lent", "tried", "needed", "low", "high"}
    told = [{name: one[name] for name in one if name not in about_work} for one in (resumed, undisturbed)]
    assert told[0] == told[1]
    assert (resumed["compared"], resumed["left"]) == (1, 0)
    assert (undisturbed["fits"], undisturbed["lent"]) == (0, 5), "those of the other experiment are not fitted again"
    assert of_the_live_pipeline(folder) == before


@pytest.mark.long
def test_it_begins_with_a_batch_or_a_version_and_with_who_was_live_then(run: Any, home: Home) -> None:
    (later,) = run("experiment", "flights", "later", "--set", TREES, "--from", "2013-02")
    (of_version,) = run("experiment", "flights", "of-version", "--set", TREES, "--from", "v2")

    live = home.ledger.promotions.before("flights", 2)[-1].model
    (only,) = shelf.replayed(home, shelf.find(home, "flights", "later"))
    assert (later["batches"], later["same"], only.model, only.live_version) == (1, 1, live, 2)
    assert {**of_version, "experiment": "", "from": "", "seconds": 0, "fits": 0, "lent": 0} == {
        **later, "experiment": "", "from": "", "seconds": 0, "fits": 0, "lent": 0, "tried": 2, "needed": 400
    }  # fmt: skip


@pytest.mark.long
def test_what_comes_later_is_replayed_by_the_same_experiment(
    folder: Path, run: Any, served_run: CommandLine, months: Callable[[str], Path], home: Home
) -> None:
    (before,) = run("experiment", "flights", "steady", "--set", LESS)
    landing = folder / "landing" / "flights"
    landing.mkdir(parents=True)
    (landing / "2013-03.parquet").write_bytes(months("2013-03").read_bytes())
    assert served_run(folder, "--quiet").returncode == 0

    (after,) = run("experiment", "flights", "steady")

    assert (before["batches"], after["batches"], after["compared"]) == (2, 3, 2)
    assert (before["fits"], after["fits"], after["lent"]) == (5, 7, 0), "two families more"


@pytest.mark.long
def test_two_at_once_on_one_experiment_are_told_so(folder: Path, run: Any, home: Home) -> None:
    from tasks.adapters import experiment_home

    run("experiment", "flights", "one", "--set", TREES)
    settings = loader.load_changed("flights", [loader.override(TREES)])
    (folder / "experiments" / "flights" / "one" / "batches" / "000002.json").unlink()
    below = experiment_home.open_below(home, "flights", "one", settings)

    with closing(below), below.ledger.lease.held("flights", None):
        run("experiment", "flights", "one", code=9)


@pytest.mark.long
def test_adopting_writes_what_was_tried_and_the_next_turn_goes_by_it(
    folder: Path, run: Any, served_run: CommandLine, tmp_path: Path, lived_pipelines: Path
) -> None:
    own = tmp_path / "pipelines"
    own.mkdir()
    text = (lived_pipelines / "flights.yaml").read_text(encoding="utf-8")
    (own / "flights.yaml").write_text(text, encoding="utf-8")
    variables = {"INCUMBENT_PIPELINES": str(own)}
    run("experiment", "flights", "small", "--set", TREES, **variables)

    asked = served_run(folder, "adopt", "flights", "small", **variables)
    (written,) = run("adopt", "flights", "small", "--yes", **variables)
    again = served_run(folder, "adopt", "flights", "small", "--yes", **variables)

    assert (asked.returncode, "add --yes" in asked.stderr) == (2, True)
    assert (written["written"], written["as_tried"]) == (True, True)
    assert (own / "flights.yaml").read_text(encoding="utf-8") == text.replace("max_iter: 20,", "max_iter: 5,")
    assert (again.returncode, "says already" in again.stderr) == (2, True)
