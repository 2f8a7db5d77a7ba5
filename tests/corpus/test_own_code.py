"""The corpus of own code that does what it must not: each stops its own turn with exactly its sentence.

The command is asked about one of each family; all others are tried on the same rows in this process.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from configs import loader
from configs.errors import InvalidSettings
from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tasks.training import preparation
from tasks.training.steps import trial
from tests import homes
from tests.command_line import CommandLine, Completed
from tests.corpus import own_code
from tests.corpus.own_code import OwnCode
from tests.features import stepped
from tests.features.stepped import PIPELINE

FEWEST = 35
BY_COMMAND = ("raises", "exits", "hangs", "changes a column", "more rows", "the number of the row")


def said(case: OwnCode, folder: Path) -> str:
    line = case.line.replace("{file}", str(folder / f"{PIPELINE}.py"))
    return f"Pipeline {PIPELINE}: the feature step basket {line}.{own_code.WAITS}"


def write(case: OwnCode, folder: Path) -> None:
    stepped.write(folder, stepped.YAML.replace(stepped.STEPS, case.steps), case.code)


def test_there_are_as_many_as_were_promised_and_each_has_its_name() -> None:
    names = Counter(case.name for case in own_code.CASES)

    assert len(names) >= FEWEST
    assert max(names.values()) == 1
    assert set(BY_COMMAND) <= names.keys()


@pytest.mark.parametrize("case", own_code.CASES, ids=lambda case: case.name)
def test_own_code_is_told_by_its_sentence_with_file_and_line(
    case: OwnCode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(case, tmp_path)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path))
    settings, rows = loader.load(PIPELINE), stepped.week(7)
    columns = settings.validation.columns
    prepared = preparation.prepare(preparation.complete(rows, columns), settings.inputs, columns)

    with pytest.raises(InvalidSettings) as problem:
        trial.examine(prepared, settings, PIPELINE)

    assert str(problem.value) == said(case, tmp_path)


@pytest.fixture(scope="module")
def live(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """A home with a champion, in which a third week waits; and the folder of its pipeline."""
    home, pipelines = furnished_home("own-code"), tmp_path_factory.mktemp("pipelines")
    stepped.write(pipelines)
    for number in (1, 2):
        stepped.deliver(home, number)
    ran = served_run(home, "run", PIPELINE, "--quiet", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    stepped.deliver(home, 3)
    return home, pipelines


@pytest.fixture(scope="module")
def runs(live: tuple[Path, Path], served_run: CommandLine) -> dict[str, tuple[Completed, list[Batch], int]]:
    """What came of a run for each; they share a home, as none changes anything in it."""
    home, pipelines = live
    homes.forget_place(home)
    found = {}
    for case in own_code.CASES:
        if case.name in BY_COMMAND:
            write(case, pipelines)
            ran = served_run(home, "run", PIPELINE, "--json", INCUMBENT_PIPELINES=str(pipelines))
            opened = Home(home)
            promoted = opened.ledger.promotions.all(PIPELINE)
            found[case.name] = ran, opened.ledger.batches.all(PIPELINE), promoted[-1].version
            opened.close()
    return found


@pytest.mark.parametrize("name", BY_COMMAND)
def test_a_run_ends_with_the_sentence_and_changes_nothing(
    name: str, runs: dict[str, tuple[Completed, list[Batch], int]], live: tuple[Path, Path]
) -> None:
    case = next(one for one in own_code.CASES if one.name == name)

    ran, batches, champion = runs[name]

    assert ran.returncode == InvalidSettings.exit_code, ran.stdout + ran.stderr
    assert said(case, live[1]) in ran.stderr
    assert "Traceback" not in ran.stderr + ran.stdout
    assert all(json.loads(line) for line in ran.stdout.splitlines())
    assert ([batch.name for batch in batches], champion) == (["week-1", "week-2"], 2)


def test_once_the_code_is_right_the_batch_is_taken_in(
    runs: dict[str, tuple[Completed, list[Batch], int]], live: tuple[Path, Path], served_run: CommandLine
) -> None:
    home, pipelines = live
    assert runs
    stepped.write(pipelines)

    ran = served_run(home, "run", PIPELINE, INCUMBENT_PIPELINES=str(pipelines))

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "week-3" in ran.stdout
    assert "336 accepted" in ran.stdout
