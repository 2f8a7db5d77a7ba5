"""Every command in the README works. `make run` and `make test` are executed by `.ci/run` itself."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from tests.conftest import CommandLine

BY_CI = {"make run", "make test"}


def _commands() -> Iterator[str]:
    blocks = re.findall(r"```bash\n(.*?)```", (CHECKOUT / "README.md").read_text(), flags=re.DOTALL)
    for line in "".join(blocks).splitlines():
        command = line.split("  #")[0].strip()
        if command:
            yield command


COMMANDS = list(_commands())


@pytest.fixture(scope="module")
def used_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that all commands share: what they say depends on what is there, that they work does not."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / "landing" / "flights").mkdir(parents=True)
    return folder


def test_the_two_commands_of_a_newcomer_are_run_by_ci() -> None:
    script = (CHECKOUT / ".ci" / "run").read_text()

    lines = {line.split(" |")[0].strip() for line in script.splitlines()}

    assert set(COMMANDS) >= BY_CI
    assert lines >= BY_CI


@pytest.mark.parametrize("command", [command for command in COMMANDS if command not in BY_CI])
def test_a_command_of_the_readme_works(command: str, used_home: Path) -> None:
    words = [sys.executable if word == ".venv/bin/python" else word for word in shlex.split(command)]

    ran = subprocess.run(
        words,
        cwd=CHECKOUT,
        env={**os.environ, "INCUMBENT_HOME": str(used_home)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout


def test_the_readme_names_no_command_that_is_not_there(flows_run: CommandLine, new_home: Callable[..., Path]) -> None:
    helped = flows_run(new_home(), "--help").stdout

    named = {match for command in COMMANDS for match in re.findall(r"flows\.run (\w+)", command)}

    assert named
    assert all(re.search(rf"^\s+{name}\s", helped, flags=re.MULTILINE) for name in named)
