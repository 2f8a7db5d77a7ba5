"""`--adopt`: a home that was copied says so, takes its ledger over, and has its own files in MLflow from then on."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from flows import run
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.adapters.mlflow import relocation
from tasks.adapters.mlflow.relocation import relocate

Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Say:
    """Runs a command in this process, on a home: gives code, output and errors."""

    def command(folder: Path, *arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("INCUMBENT_HOME", str(folder))
        capsys.readouterr()
        with homes.use(Home(folder)):
            code = run.main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


@pytest.fixture
def copy(lived_home: Path, tmp_path: Path, say: Say) -> Path:
    """A copy of a home that knows where it is, and is still there."""
    original = shutil.copytree(lived_home, tmp_path / "original", ignore=shutil.ignore_patterns("prefect"))
    assert say(original, "status")[0] == 0
    return Path(shutil.copytree(original, tmp_path / "copy"))


def places(folder: Path) -> set[str]:
    """Where MLflow looks for files of a home, up to the folder of artifacts; its empty database came from elsewhere."""
    with closing(sqlite3.connect(folder / "mlflow" / "mlflow.db")) as database:
        found = [
            str(place)
            for table, column in relocation._PLACES
            for (place,) in database.execute(f"select {column} from {table}")
            if place
        ]
    return {place.partition("/artifacts")[0] for place in found if "/mlflow/artifacts" in place}


@pytest.mark.parametrize("command", ["status", "run", "ingest", "monitor", "history", "verify"])
def test_every_command_refuses_a_copy_and_says_what_to_do(command: str, copy: Path, say: Say) -> None:
    before = (copy / "ledger.db").read_bytes()

    code, out, err = say(copy, command)

    assert (code, out) == (8, "")
    assert err.startswith(f"{copy} is a copy of {copy.with_name('original')}, which is still there.")
    assert "status --adopt" in err
    assert (copy / "ledger.db").read_bytes() == before


def test_a_copy_that_was_adopted_works_and_keeps_off_the_original(copy: Path, say: Say) -> None:
    code, out, _ = say(copy, "status", "--adopt")
    again = say(copy, "status", "--adopt")
    verified = say(copy, "verify")

    assert code == 0
    assert f"{copy} has adopted the ledger" in out
    assert f"MLflow looks for its files in {copy / 'mlflow' / 'artifacts'} now" in out
    assert "belong together already" in again[1] and "MLflow" not in again[1].partition("\n")[0]
    assert places(copy) == {str(copy / "mlflow")}
    assert verified[0] == 0, verified[1]
    assert say(copy.with_name("original"), "status")[0] == 0


def test_machines_get_it_on_the_other_stream(copy: Path, say: Say) -> None:
    code, out, err = say(copy, "status", "--adopt", "--json")

    assert code == 0
    assert all(line.startswith("{") for line in out.splitlines())
    assert "has adopted the ledger" in err


@pytest.mark.parametrize("command", [(), ("status",), ("verify",)])
def test_it_is_in_the_help(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run.main([*command, "--help"])

    assert "--adopt" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["plain", "50% off", "a#b"])
def test_mlflow_finds_its_files_in_a_home_of_any_name(name: str, lived_home: Path, tmp_path: Path) -> None:
    folder = tmp_path / name
    shutil.copytree(lived_home / "mlflow", folder / "mlflow")

    done, again = relocate(folder / "mlflow"), relocate(folder / "mlflow")

    expected = folder / "mlflow" / "artifacts"
    shown = str(expected) if name == "plain" else expected.as_uri()
    assert [one.startswith(f"MLflow looks for its files in {shown} now") for one in done] == [True]
    assert again == []
    assert places(folder) == {shown.partition("/artifacts")[0]}
