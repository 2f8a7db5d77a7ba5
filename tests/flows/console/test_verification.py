"""`verify` on the command line: what it says, what it writes for machines, and its exit codes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import run
from tasks.adapters import home as homes
from tasks.adapters.home import Home

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(
    lived_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[Path, Say]:
    """A copy of a home that has lived, and a way to give commands to it."""
    folder = shutil.copytree(lived_home, tmp_path / "home", ignore=shutil.ignore_patterns("prefect"))
    monkeypatch.setenv("INCUMBENT_HOME", str(folder))

    def give(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with homes.use(Home(folder)):
            code = run.main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return folder, give


def test_what_can_be_repaired_is_named_and_repaired(say: tuple[Path, Say]) -> None:
    folder, give = say
    (folder / "reports" / "flights.html").unlink()

    before, repaired, after = give("verify"), give("verify", "--repair"), give("verify", "--repair", "--json")

    assert (before[0], repaired[0], after[0]) == (11, 0, 0)
    assert before[1].startswith("I6  the report is gone")
    assert "can be restored: " in before[1].splitlines()[-1] and before[1].rstrip().endswith("verify flights --repair")
    assert repaired[1].splitlines()[0] == "restored: the report (flights.html)."
    assert repaired[1].splitlines()[-1].endswith("; nothing found to differ from the ledger.")
    assert [json.loads(line) for line in after[1].splitlines()] == [
        {"pipeline": "flights", "restored": [], "lost": []},
        {"pipeline": "flights", "batches": 3, "models": 5, "findings": 0},
    ]


def test_models_are_made_again_one_line_each(say: tuple[Path, Say]) -> None:
    _, give = say

    code, out, _ = give("verify", "--retrain", "--json")

    told = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["retrained"] for line in told[:-1]] == ["same"] * 5
    assert told[-1] == {"pipeline": "flights", "batches": 3, "models": 5, "findings": 0}


def test_nothing_is_repaired_while_somebody_works(say: tuple[Path, Say]) -> None:
    folder, give = say
    other = Home(folder)

    with other.ledger.lease.held("flights"):
        code, _, err = give("verify", "--repair")

    other.close()
    assert code == 9
    assert "works on 'flights'" in err
