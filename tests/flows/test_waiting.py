"""What cannot be read just now is never refused: it waits, is tried again, and is taken in when it is back."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import homes
from tests.command_line import CommandLine
from tests.faults import worlds

WAITS = 12
ATTEMPTS = 3


def ask(home: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{home}/ledger.db?mode=ro", uri=True)) as ledger:
        return ledger.execute(query).fetchall()


@pytest.fixture(scope="module")
def command(served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """Commands on flights that are given up after three attempts."""
    pipelines = tmp_path_factory.mktemp("pipelines")
    settings = yaml.safe_load(worlds.settings()) | {"coordination": {"max_attempts": ATTEMPTS}}
    (pipelines / "flights.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    return lambda home, *arguments, **more: served_run(home, *arguments, INCUMBENT_PIPELINES=str(pipelines), **more)


@pytest.fixture(scope="module")
def cut_off(furnished_home: Callable[..., Path], months: Callable[[str], Path], command: CommandLine) -> Path:
    """A home whose first turn was killed between the look and the reading, and whose file is gone since."""
    home = furnished_home("cut-off", months("2013-01"))
    ran = command(home, "ingest", INCUMBENT_FAILPOINT="triggers-covered")
    assert ran.returncode == -9, ran.stderr
    (home / "landing" / "flights" / "2013-01.parquet").rename(home / "away")
    return home


@pytest.fixture
def killed(cut_off: Path, tmp_path: Path) -> Path:
    """The same for one test alone."""
    return homes.copied(cut_off, tmp_path / "home")


def test_a_file_that_is_away_after_a_kill_is_taken_in_when_it_is_back(killed: Path, command: CommandLine) -> None:
    away = command(killed)
    (killed / "away").rename(killed / "landing" / "flights" / "2013-01.parquet")
    back = command(killed)
    verified = command(killed, "verify")

    assert (away.returncode, away.stdout.count("refused")) == (WAITS, 0)
    assert "2013-01 cannot be read just now: No such file or directory." in away.stderr
    assert (back.returncode, back.stderr) == (0, "")
    assert ask(killed, "select status, landed from batches") == [("accepted", 6751)]
    assert ask(killed, "select number, outcome, unread from turns") == [(1, "first_champion", None)]
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.long
def test_what_was_given_up_unread_waits_and_has_another_turn(killed: Path, command: CommandLine) -> None:
    codes = [command(killed).returncode for _ in range(ATTEMPTS - 1)]
    given_up = ask(killed, "select state, turn from triggers"), ask(killed, "select key from alerts")
    shutil.copyfile(killed / "away", killed / "landing" / "flights" / "2013-01.parquet")
    back = command(killed)
    again = command(killed)

    assert (codes, given_up) == ([WAITS] * (ATTEMPTS - 1), ([("failed", 1)], [("turn:1",)]))
    assert (back.returncode, back.stderr) == (0, "")
    assert ask(killed, "select number, outcome from turns") == [(1, "failed"), (2, "first_champion")]
    assert ask(killed, "select status, landed from batches") == [("accepted", 6751)]
    assert "nothing" in again.stdout
