"""The command that is printed is one that works when it is typed where it was printed."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from flows.console import program


@pytest.fixture
def python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An interpreter in a folder of its own, as a venv has it, which is this one and not the first on the PATH."""
    made = tmp_path / "my venv" / "bin" / "python"
    made.parent.mkdir(parents=True)
    made.symlink_to(sys.executable)
    monkeypatch.setattr(sys, "executable", str(made))
    monkeypatch.setenv("PATH", str(tmp_path))
    return made


def test_below_the_working_directory_its_path_is_short(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(python.parents[1])

    assert program.command("status") == "bin/python -m flows.run status"
    assert program.command() == "bin/python -m flows.run"


def test_elsewhere_its_path_is_whole_and_quoted(python: Path) -> None:
    assert program.command("status nyc") == f"'{python}' -m flows.run status nyc"


def test_in_an_activated_environment_it_is_python(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{python.parent}:/usr/bin")

    assert program.command("status") == "python -m flows.run status"


def test_the_same_file_in_another_environment_is_another_python(python: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = python.parents[2] / "other" / "python"
    other.parent.mkdir()
    other.symlink_to(sys.executable)
    monkeypatch.setenv("PATH", str(other.parent))

    assert program.command("status") == f"'{python}' -m flows.run status"


def test_what_a_command_advises_can_be_typed(tmp_path: Path) -> None:
    variables = {**os.environ, "INCUMBENT_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    arguments = {"cwd": CHECKOUT, "env": variables, "capture_output": True, "text": True, "check": False}
    missing = subprocess.run([sys.executable, "-m", "flows.run"], **arguments)  # type: ignore[call-overload]

    advised = missing.stderr.split("The example data: ")[1].strip().removesuffix(".")
    helped = subprocess.run(["bash", "-c", f"{advised} --help"], **arguments)  # type: ignore[call-overload]

    assert missing.returncode == 7
    assert shlex.split(advised)[1:] == ["-m", "flows.run", "prepare"]
    assert helped.stdout.startswith(f"usage: {advised} ")
