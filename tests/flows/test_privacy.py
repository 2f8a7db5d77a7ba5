"""A real turn leaves nothing that others could read, whatever the umask; an older home is closed at the next start."""

from collections.abc import Callable
from pathlib import Path

from tests.conftest import CommandLine
from tests.faults import worlds

OpenToOthers = Callable[[Path], list[str]]


def test_after_a_turn_others_can_read_nothing(
    new_home: Callable[..., Path],
    months: Callable[[str], Path],
    flows_run: CommandLine,
    tmp_path: Path,
    open_to_others: OpenToOthers,
) -> None:
    home, pipelines = new_home("home", months(worlds.FIRST)), tmp_path / "pipelines"
    pipelines.mkdir()
    (pipelines / "flights.yaml").write_text(worlds.settings())
    for path in (home, *home.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)

    first = flows_run(home, INCUMBENT_PIPELINES=str(pipelines))
    after_the_turn = open_to_others(home)
    second = flows_run(home, "simulate", "unit", INCUMBENT_PIPELINES=str(pipelines))

    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Other users of this machine could read the home")
    assert after_the_turn == open_to_others(home) == []
    assert len(list((home / "store").rglob("*.parquet"))) > 0
    assert (second.returncode, second.stdout.count("Other users")) == (0, 0), second.stderr


def test_the_databases_and_the_example_are_for_their_user_alone(
    tmp_path: Path, flows_run: CommandLine, open_to_others: OpenToOthers
) -> None:
    prepared = flows_run(tmp_path / "home", "prepare")

    assert prepared.returncode == 0, prepared.stderr
    assert "Other users" not in prepared.stdout
    assert open_to_others(tmp_path / "home") == []
