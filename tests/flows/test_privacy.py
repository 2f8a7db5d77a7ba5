"""A real turn leaves nothing that others could read, whatever the umask; an older home is closed at the next start."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import homes
from tests.command_line import CommandLine

OpenToOthers = Callable[[Path], list[str]]


def test_after_a_turn_others_can_read_nothing(lived_home: Path, open_to_others: OpenToOthers) -> None:
    assert len(list((lived_home / "store").rglob("*.parquet"))) > 0
    assert open_to_others(lived_home) == []


def test_an_older_home_is_closed_and_that_is_said_once(
    lived_home: Path, tmp_path: Path, served_run: CommandLine, open_to_others: OpenToOthers
) -> None:
    home = homes.copied(lived_home, tmp_path / "home")
    (home / ".closed").unlink()  # versions that left homes open made no such note
    for path in (home, *home.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)

    first = served_run(home, "status")
    closed = open_to_others(home)
    second = served_run(home, "simulate", "unit")

    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Other users of this machine could read the home")
    assert closed == open_to_others(home) == []
    assert (second.returncode, second.stdout.count("Other users")) == (0, 0), second.stderr


@pytest.mark.long
def test_the_databases_and_the_example_are_for_their_user_alone(
    tmp_path: Path, flows_run: CommandLine, open_to_others: OpenToOthers
) -> None:
    prepared = flows_run(tmp_path / "home", "prepare")

    assert prepared.returncode == 0, prepared.stderr
    assert "Other users" not in prepared.stdout
    assert open_to_others(tmp_path / "home") == []
