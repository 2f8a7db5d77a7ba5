"""Commands in this process, on the home that the fixture `folder` of a test module gives."""

from collections.abc import Callable
from pathlib import Path

import pytest

from flows import run
from tasks.adapters import home as homes
from tasks.adapters.home import Home


@pytest.fixture
def say(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Runs a command in this process: gives its code, output and errors."""
    monkeypatch.setenv("INCUMBENT_HOME", str(folder))

    def command(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with homes.use(Home(folder)):
            code = run.main(arguments)
        told = capsys.readouterr()
        return code, told.out, told.err

    return command
