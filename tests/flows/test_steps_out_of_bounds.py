"""What a function of a user makes lies beyond its bounds: the batch is held until somebody decides, and taken in then."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tests import homes
from tests.command_line import CommandLine
from tests.features import stepped
from tests.features.stepped import PIPELINE

pytestmark = pytest.mark.long

HELD, ODD = 3, 5
WHY = f"'size', made by basket, is beyond its bounds (least 0, most 60) in {ODD} of 336 rows, as 120"
DECIDED = ("--reason", "a big order", "--by", "anna")


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pipelines")
    stepped.write(folder, stepped.YAML.replace("max: 1000}", "max: 60}"))
    return str(folder)


@pytest.fixture(scope="module")
def held(furnished_home: Callable[..., Path], served_run: CommandLine, pipelines: str) -> Path:
    """Two good weeks, and one with an order that is too large."""
    home = furnished_home("bounds")
    for number in (1, 2):
        stepped.deliver(home, number)
    week = stepped.week(3)
    week.loc[10 : 9 + ODD, ["price", "items"]] = [30.0, 4]
    stepped.deliver(home, 3, week)
    ran = served_run(home, "run", PIPELINE, INCUMBENT_PIPELINES=pipelines)
    assert ran.returncode == HELD, ran.stdout + ran.stderr
    assert f"batch held: {WHY}; 0 accepted, 336 held" in ran.stdout
    return home


@pytest.fixture
def folder(held: Path, tmp_path: Path, pipelines: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("INCUMBENT_PIPELINES", pipelines)
    yield homes.copy(held, tmp_path / "home")


@pytest.mark.parametrize(("more", "accepted"), [((), 336), (("--sound-rows",), 336 - ODD)])
def test_it_is_admitted_with_or_without_the_rows_that_show_it(
    more: tuple[str, ...],
    accepted: int,
    folder: Path,
    say: Callable[..., tuple[int, str, str]],
    served_run: CommandLine,
    pipelines: str,
) -> None:
    code, out, _ = say("admit", PIPELINE, "week-3", *DECIDED, *more)
    assert (code, f"week-3: {accepted} accepted, {336 - accepted} quarantined" in out) == (0, True), out

    ran = served_run(folder, "run", PIPELINE, INCUMBENT_PIPELINES=pipelines)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{accepted} accepted, {336 - accepted} quarantined" in ran.stdout
    with closing(Home(folder)) as home:
        (batch,) = [one for one in home.ledger.batches.all(PIPELINE) if one.name == "week-3"]
    assert (batch.accepted, [one.text for one in batch.suspects]) == (accepted, [WHY])
    assert say("verify", PIPELINE)[1].endswith("nothing found to differ from the ledger.\n")
