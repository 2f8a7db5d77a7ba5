"""The loop goes on from a rollback, and a rollback that was killed anywhere ends like one that was not."""

import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry
from tasks.ingestion.steps import arrivals
from tests.command_line import CommandLine
from tests.faults import worlds

pytestmark = pytest.mark.long

WHY = ("--reason", "too many complaints", "--by", "anna")
MOST_COMMITS = 12
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A weak first model, and a second one that takes over."""
    folder = tmp_path_factory.mktemp("pipelines")
    (folder / "flights.yaml").write_text(worlds.settings())
    return folder


@pytest.fixture(scope="module")
def promoted(
    furnished_home: Callable[..., Path], months: Callable[[str], Path], pipelines: Path, served_run: CommandLine
) -> Path:
    """v3 took over from v1 in July; v2, the refit of v1, is left out."""
    folder = furnished_home("promoted", months("2013-06"))
    first = served_run(folder, "--quiet", INCUMBENT_PIPELINES=str(pipelines))
    worlds.forget_refit(folder / "ledger.db")
    shutil.copyfile(months("2013-07"), folder / "landing" / "flights" / "2013-07.parquet")
    second = served_run(folder, "--quiet", INCUMBENT_PIPELINES=str(pipelines))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    return folder


@pytest.fixture
def run(promoted: Path, pipelines: Path, served_run: CommandLine) -> Run:
    """Runs a command on the home, where it is: MLflow remembers its place."""

    def command(*arguments: str, **variables: str) -> tuple[int, str]:
        ran = served_run(promoted, *arguments, INCUMBENT_PIPELINES=str(pipelines), **variables)
        return ran.returncode, ran.stdout + ran.stderr

    return command


@pytest.fixture
def restored(promoted: Path, tmp_path: Path) -> Callable[[], None]:
    kept = shutil.copytree(promoted, tmp_path / "kept")

    def restore() -> None:
        shutil.rmtree(promoted)
        shutil.copytree(kept, promoted)

    return restore


def test_a_rollback_that_is_killed_at_any_commit_ends_the_same_when_it_is_typed_again(
    run: Run, promoted: Path, restored: Callable[[], None], open_home: Callable[[Path], Home]
) -> None:
    killed = 0
    for number in range(1, MOST_COMMITS):
        restored()
        code, _ = run("rollback", "flights", *WHY, INCUMBENT_FAILPOINT=f"commit-ahead:{number}")
        killed += code == -signal.SIGKILL
        again, said = run("rollback", "flights", *WHY) if code else (code, "")

        home = open_home(promoted)
        assert again == 0, said
        assert [made.version for made in home.ledger.promotions.all("flights")] == [1, 3, 1]
        assert list(home.ledger.promotions.held("flights")) == [3]
        assert registry.aliases(home.tracking, "flights")["champion"] == 1
        assert arrivals.look(home, "flights").nothing
        if code == 0:
            break
    restored()
    assert killed >= 3, "the failpoints were not reached"
    assert code == 0, "there was no end of commits"


def test_the_next_turn_compares_with_the_version_that_is_back_and_starts_its_evidence_anew(
    run: Run, promoted: Path, months: Callable[[str], Path], open_home: Callable[[Path], Home]
) -> None:
    code, said = run("rollback", "flights", *WHY)
    assert code == 0, said
    shutil.copyfile(months("2013-09"), promoted / "landing" / "flights" / "2013-09.parquet")

    turned, said = run("--quiet")
    checked, found = run("verify")
    explained, story = run("explain", "v3")

    ledger = open_home(promoted).ledger
    back = ledger.models.versions("flights")[1].id
    evidence = ledger.promotions.evidence("flights")[ledger.turns.get("flights", 3)["batch"]]
    assert (turned, said) == (0, "")
    assert (checked, explained) == (0, 0), found + story
    assert evidence.before == 1.0
    assert (evidence.champion, ledger.turns.get("flights", 3)["champion_version"]) == (back, 1)
    assert "anna went back from v3 to v1: too many complaints." in " ".join(story.split())
