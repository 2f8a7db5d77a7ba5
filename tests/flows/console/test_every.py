"""A command for every pipeline of the folder: one is looked at after the other, and a broken one stops no other."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import shop

CommandLine = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two pipelines whose landing folders are empty, and a file that is none."""
    for name in ("books", "shoes"):
        shop.write_pipeline(tmp_path / "pipelines", name)
        (tmp_path / "home" / "landing" / name).mkdir(parents=True)
    (tmp_path / "pipelines" / "broken.yaml").write_text("no: pipeline")
    return tmp_path


@pytest.mark.parametrize("command", ["run", "poll"])
def test_where_nothing_is_new_each_is_told_and_no_server_is_started(command: str, folder: Path, flows_run: CommandLine):
    ran = flows_run(folder / "home", command, "--all", INCUMBENT_PIPELINES=str(folder / "pipelines"))

    assert ran.returncode == 5, ran.stderr
    assert [line.partition(":")[0] for line in ran.stdout.splitlines() if " wait" in line] == ["books", "shoes"]
    assert "broken: " in ran.stdout
    assert not (folder / "home" / "prefect").exists()


def test_all_and_one_pipeline_are_two_wishes(folder: Path, flows_run: CommandLine):
    ran = flows_run(folder / "home", "poll", "shoes", "--all", INCUMBENT_PIPELINES=str(folder / "pipelines"))

    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "Give --all or the name of one pipeline ('shoes'), not both.\n"
