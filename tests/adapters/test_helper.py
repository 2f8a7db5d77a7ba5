"""Backstage: a helper process shows the turns; if it is killed another one takes its place, and it outlives nobody."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing import active_children
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from configs.errors import IncumbentError
from tasks.adapters import helper as backstage
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.domain.records import Model
from tasks.lineage.steps import helper_jobs
from tasks.training.steps import fitting

FIT = fitting.fit_candidate
PARENT = """
import sys
from multiprocessing import active_children
from pathlib import Path
from tasks.adapters import helper as backstage
from tasks.lineage.steps import helper_jobs
if __name__ == "__main__":
    with backstage.open_stage(Path(sys.argv[1]), None, helper_jobs.warm):
        print(active_children()[0].pid, flush=True)
        sys.stdin.read()
"""


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Iterator[Home]:
    """A home whose turns have been shown already: to show them again is quick."""
    shutil.copytree(lived_home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect", "landing"))
    with homes.use(Home(tmp_path / "home")) as home:
        yield home


def shown(home: Home) -> dict[int, str]:
    return home.ledger.turns.projected("flights", "mlflow")


def test_without_a_helper_a_turn_is_shown_here(home: Home) -> None:
    run = backstage.show(helper_jobs.show, "flights", 2)

    assert run == shown(home)[2]
    assert active_children() == []


@pytest.mark.long
def test_a_helper_that_is_killed_is_replaced_and_the_run_hears_of_it(home: Home) -> None:
    with backstage.open_stage(home.folder, None, helper_jobs.warm):
        (helper,) = active_children()
        first = backstage.show(helper_jobs.show, "flights", 1)
        os.kill(helper.pid or 0, signal.SIGKILL)

        with pytest.raises(IncumbentError, match=r"shows turn 2 in MLflow was killed.*What was decided is committed"):
            backstage.show(helper_jobs.show, "flights", 2)
        second = backstage.show(helper_jobs.show, "flights", 2)

        (other,) = active_children()
    other.join(20)
    assert (first, second) == (shown(home)[1], shown(home)[2])
    assert other.pid != helper.pid
    assert other.exitcode == -signal.SIGKILL, "it was ended with the stage"


@pytest.mark.parametrize("fork", [True, pytest.param(False, marks=pytest.mark.long)])
def test_a_model_that_the_helper_fits_is_the_one_that_would_be_fitted_here(
    home: Home, fork: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = home.ledger.models.of_turn("flights", 2)
    monkeypatch.setattr(backstage, "_may_fork", lambda: fork)
    home.close()

    with backstage.open_stage(home.folder, None, helper_jobs.warm):
        backstage.show(helper_jobs.show, "flights", 2)  # when it is warm
        for model in (here, there):
            backstage.begin_fit(model.id, FIT, "flights", model.snapshot, model.family)
        found = [backstage.fitted(model.id, model.settings_hash) for model in (here, there)]

    assert [model and model.bundle for model in found] == [here.bundle, there.bundle]
    assert backstage.fitted(here.id, here.settings_hash) is None, "it was given away"


def test_a_helper_that_is_not_warm_yet_is_not_waited_for(home: Home) -> None:
    model = home.ledger.models.of_turn("flights", 2)[0]
    home.close()

    with backstage.open_stage(home.folder, None, _wait_for_word):
        backstage.begin_fit("not waited for", FIT, "flights", model.snapshot, model.family)
        backstage.begin_fit(model.id, FIT, "flights", model.snapshot, model.family)
        found = backstage.fitted("not waited for", model.settings_hash)
        (home.folder / "word").touch()
        backstage.show(helper_jobs.show, "flights", 2)
        later = backstage.fitted(model.id, model.settings_hash)
        never = backstage.fitted("not waited for", model.settings_hash)

    assert (found, never) == (None, None)
    assert later is not None
    assert later.bundle == model.bundle


def test_a_helper_begins_with_what_somebody_waits_for(home: Home) -> None:
    with backstage.open_stage(home.folder, None, _wait_for_word):
        backstage.begin_fit("a model", _fit_and_note, "flights")
        backstage.begin(_draw_and_note, "flights", 2)
        (home.folder / "word").touch()
        end = time.monotonic() + 20
        while _notes(home).count("\n") < 2 and time.monotonic() < end:
            time.sleep(0.05)

    assert _notes(home) == "fitted\ndrawn\n"


def _notes(home: Home) -> str:
    return (home.folder / "notes").read_text() if (home.folder / "notes").exists() else ""


def _fit_and_note(home: Home, pipeline: str) -> Model:
    with (home.folder / "notes").open("a") as notes:
        notes.write("fitted\n")
    return home.ledger.models.of_turn(pipeline, 2)[0]


def _draw_and_note(home: Home, pipeline: str, number: int) -> None:
    with (home.folder / "notes").open("a") as notes:
        notes.write("drawn\n")


def _wait_for_word(home: Home) -> None:
    while not (home.folder / "word").exists():
        time.sleep(0.05)


def test_a_model_that_the_helper_could_not_fit_is_left_to_who_asked(home: Home) -> None:
    model, lost = home.ledger.models.of_turn("flights", 2)[0], "0" * 64
    gone = replace(model.snapshot, batches=(lost,))
    home.close()

    with backstage.open_stage(home.folder, None, helper_jobs.warm):
        backstage.show(helper_jobs.show, "flights", 2)  # when it is warm
        backstage.begin_fit("lost", FIT, "flights", gone, model.family)
        backstage.begin_fit("other settings", FIT, "flights", model.snapshot, model.family)
        found = [backstage.fitted(name, model.settings_hash) for name in ("lost", "other settings", "never asked")]
        backstage.begin_fit(model.id, FIT, "flights", model.snapshot, model.family)
        active_children()[0].kill()
        found.append(backstage.fitted(model.id, model.settings_hash))

    assert found == [None, None, None, None]


def test_what_cannot_be_shown_is_told_to_who_asked(home: Home) -> None:
    with pytest.raises(KeyError):
        backstage.show(helper_jobs.show, "flights", 99)


def test_the_helper_ends_with_its_parent_however_that_ends(home: Home) -> None:
    script = home.folder / "parent.py"
    script.write_text(PARENT)
    variables = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    command = [sys.executable, str(script), str(home.folder)]
    with subprocess.Popen(command, env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        helper = int(parent.stdout.readline())
        alive = is_at_work(helper)
        parent.kill()

    end = time.monotonic() + 20
    while is_at_work(helper):
        assert time.monotonic() < end, "the helper outlives its parent"
        time.sleep(0.05)
    assert alive


def is_at_work(pid: int) -> bool:
    """Whether there is such a process; one that ended and was not waited for is not at work."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
