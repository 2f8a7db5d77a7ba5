"""What cannot be read just now is never refused: it waits, is tried again, and is taken in when it is back."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from configs.coordination import CoordinationSettings
from tests.conftest import CommandLine

WAITS = 12
ATTEMPTS = CoordinationSettings().max_attempts


def ask(home: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{home}/ledger.db?mode=ro", uri=True)) as ledger:
        return ledger.execute(query).fetchall()


@pytest.fixture
def killed(new_home: Callable[..., Path], months: Callable[[str], Path], flows_run: CommandLine) -> Path:
    """A home whose first turn was killed between the look and the reading, and whose file is gone since."""
    home = new_home("home", months("2013-01"))
    ran = flows_run(home, "ingest", INCUMBENT_FAILPOINT="triggers-covered")
    assert ran.returncode == -9, ran.stderr
    (home / "landing" / "flights" / "2013-01.parquet").rename(home / "away")
    return home


def test_a_file_that_is_away_after_a_kill_is_taken_in_when_it_is_back(killed: Path, flows_run: CommandLine) -> None:
    away = flows_run(killed)
    (killed / "away").rename(killed / "landing" / "flights" / "2013-01.parquet")
    back = flows_run(killed)
    verified = flows_run(killed, "verify")

    assert (away.returncode, away.stdout.count("refused")) == (WAITS, 0)
    assert "2013-01 cannot be read just now: No such file or directory." in away.stderr
    assert (back.returncode, back.stderr) == (0, "")
    assert ask(killed, "select status, landed from batches") == [("accepted", 6751)]
    assert ask(killed, "select number, outcome, unread from turns") == [(1, "first_champion", None)]
    assert (verified.returncode, verified.stderr) == (0, "")


def test_what_was_given_up_unread_waits_and_has_another_turn(killed: Path, flows_run: CommandLine) -> None:
    codes = [flows_run(killed).returncode for _ in range(ATTEMPTS - 1)]
    given_up = ask(killed, "select state, turn from triggers"), ask(killed, "select key from alerts")
    shutil.copyfile(killed / "away", killed / "landing" / "flights" / "2013-01.parquet")
    back = flows_run(killed)
    again, verified = flows_run(killed), flows_run(killed, "verify")

    assert (codes, given_up) == ([WAITS] * (ATTEMPTS - 1), ([("failed", 1)], [("turn:1",)]))
    assert (back.returncode, back.stderr) == (0, "")
    assert ask(killed, "select number, outcome from turns") == [(1, "failed"), (2, "first_champion")]
    assert ask(killed, "select status, landed from batches") == [("accepted", 6751)]
    assert "nothing" in again.stdout
    assert (verified.returncode, verified.stderr) == (0, "")
