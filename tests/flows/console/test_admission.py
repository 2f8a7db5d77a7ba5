"""`admit` on the command line: a second look at a refused batch, what is said of it, and a kill in its midst."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tests.command_line import CommandLine

REFUSED, MISTAKE = 3, 2
WHY = ("--reason", "it is whole, says its source", "--by", "anna")


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Path:
    """Two months were taken in, and a broken file was refused."""
    return shutil.copytree(lived_home, tmp_path / "home")


def test_a_second_refusal_is_told_beside_the_first(
    home: Path, served_run: CommandLine, open_home: Callable[[Path], Home]
) -> None:
    ran = served_run(home, "admit", "broken", *WHY)
    explained, finished = served_run(home, "explain", "broken"), served_run(home)
    verified = served_run(home, "verify")

    (admission,) = open_home(home).ledger.admissions.all("flights")
    assert (ran.returncode, ran.stderr) == (REFUSED, "")
    assert "flights: broken was refused before: The file is truncated" in ran.stdout
    assert "broken: batch refused: The file is truncated" in ran.stdout
    assert (admission.by, admission.reason, admission.turn) == ("anna", WHY[1], 3)
    assert admission.ended is not None
    assert "Before, in turn 3, it was refused: The file is truncated" in " ".join(explained.stdout.split())
    assert (finished.returncode, finished.stderr) == (REFUSED, "")
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.long
def test_killed_when_it_is_recorded_the_next_run_goes_on_with_it(
    home: Path, served_run: CommandLine, open_home: Callable[[Path], Home]
) -> None:
    killed = served_run(home, "admit", "broken", *WHY, INCUMBENT_FAILPOINT="admission-recorded")
    finished, verified = served_run(home), served_run(home, "verify")

    ledger = open_home(home).ledger
    assert killed.returncode == -9
    assert (finished.returncode, finished.stderr) == (REFUSED, "")
    assert ledger.admissions.open("flights") == {}
    assert [row["outcome"] for row in ledger.turns.all("flights")][2:] == ["refused", "refused"]
    assert (verified.returncode, verified.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("2013-01",), "Batch 2013-01 of flights was accepted: "),
        (("nothing",), "Unknown batch 'nothing' of flights."),
        (("broken", "--reason", " "), "The reason is empty."),
    ],
)
def test_what_cannot_be_admitted_is_said_in_words(
    words: tuple[str, ...], said: str, home: Path, served_run: CommandLine
) -> None:
    ran = served_run(home, "admit", *words, *(WHY if "--reason" not in words else ()))

    assert (ran.returncode, ran.stdout) == (MISTAKE, "")
    assert ran.stderr.startswith(said)
