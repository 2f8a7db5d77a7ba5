"""The tests' own hands leave nothing behind where something goes wrong."""

import subprocess
import tempfile
from pathlib import Path

import pytest

from tests import fixtures_postgres
from tests.faults import worlds
from tests.faults.worlds import World


def test_a_run_that_takes_too_long_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path / "home", tmp_path / "before", tmp_path / "pipelines")
    monkeypatch.setattr(worlds, "LONGEST", 0.01)

    with pytest.raises(subprocess.TimeoutExpired):
        world.run("status")

    assert world.processes() == {}


@pytest.mark.skipif(fixtures_postgres.skip_reason() is not None, reason=str(fixtures_postgres.skip_reason()))
def test_nothing_is_left_of_a_cluster_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(fixtures_postgres, "_binary", lambda _: Path("/bin/false"))

    with pytest.raises(AssertionError):
        fixtures_postgres.make_cluster()

    assert list(tmp_path.iterdir()) == []
