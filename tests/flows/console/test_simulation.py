"""`simulate`, and the loop's answer: data faults are held and named, the champion stays, later batches go on."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows import run
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.domain.observations import HealthState
from tasks.domain.records import BatchStatus
from tasks.domain.turns import Outcome
from tasks.lineage.steps import verification
from tests.command_line import CommandLine

FAULTS = ("unit", "silent", "renamed", "one_class")
COLUMNS = ("distance: every value is about 1.6", "aircraft_age: missing", "carrier: ", "late: all ")


@pytest.fixture
def home(lived_home: Path, tmp_path: Path) -> Path:
    """A copy of a home that has lived, without the bad and the doubled file."""
    folder = shutil.copytree(lived_home, tmp_path / "home")
    for name in ("broken", "again"):
        (folder / "landing" / "flights" / f"{name}.parquet").unlink()
    return folder


@pytest.mark.long
def test_data_faults_are_held_and_named_and_a_good_batch_after_them_is_taken_in(
    home: Path, months: Callable[[str], Path], served_run: CommandLine, open_home: Callable[[Path], Home]
) -> None:
    said = [json.loads(served_run(home, "simulate", fault, "flights", "--json").stdout) for fault in FAULTS]
    shutil.copyfile(months("2013-12"), home / "landing" / "flights" / "2013-12.parquet")

    taken = served_run(home, "ingest")

    looked = open_home(home)
    batches = {batch.name: batch for batch in looked.ledger.batches.all("flights")}
    held = [batches[one["batch"]] for one in said]
    assert taken.returncode == 3, taken.stderr
    assert {batch.status for batch in held} == {BatchStatus.HELD}
    assert all((batch.reason or "").startswith(text) for batch, text in zip(held, COLUMNS, strict=True))
    assert [line.split(":")[0] for line in taken.stdout.splitlines()] == [*(one["batch"] for one in said), "2013-12"]
    assert batches["2013-12"].status is BatchStatus.ACCEPTED
    assert looked.ledger.promotions.all("flights")[-1].version == 2
    assert list(verification.verify(looked, "flights")) == []


def test_it_says_what_was_written_what_to_expect_and_what_to_type(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INCUMBENT_HOME", str(home))

    with homes.use(Home(home)):
        code = run.main(["simulate", "concept"])

    lines = capsys.readouterr().out.splitlines()
    written = sorted(path.stem for path in (home / "landing" / "flights").glob("*-simulated-*"))
    assert code == 0
    assert lines[0].endswith("a damaged copy of 2013-02:")
    assert [line.split(":")[0].strip() for line in lines[1:4]] == written
    assert [name.partition("-simulated-")[2] for name in written] == ["concept-1", "concept-2", "concept-3"]
    assert lines[4] == "late is mostly high where visib is high."
    assert lines[5].startswith("Expected answer: the first batch is taken in, and the live model is one to watch")
    assert lines[-1].startswith("Next: ") and lines[-1].endswith("-m flows.run run")


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (
            ["simulate", "kilometres"],
            2,
            "Unknown fault 'kilometres'. Known: unit, silent, renamed, one_class, concept.",
        ),
        (["simulate", "unit", "--column", "carrier"], 2, "'carrier' is not a feature that is a positive number."),
        (["simulate", "unit", "nyc"], 4, "Unknown pipeline 'nyc'."),
    ],
)
def test_a_mistake_is_one_paragraph(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    text: str,
) -> None:
    monkeypatch.setenv("INCUMBENT_HOME", str(home))

    with homes.use(Home(home)):
        ended = run.main(arguments)

    told = capsys.readouterr()
    assert (ended, told.out) == (code, "")
    assert told.err.startswith(text) and told.err.count("\n") == 1


def test_with_no_data_at_all_it_tells_to_prepare_some(tmp_path: Path, served_run: CommandLine) -> None:
    ran = served_run(tmp_path, "simulate", "unit")

    assert ran.returncode == 7
    assert ran.stderr.startswith("There is nothing to simulate from: ")
    assert ran.stderr.rstrip().endswith("-m flows.run prepare.")


@pytest.mark.long
def test_a_turned_concept_is_noticed_and_brings_a_promotion_that_pays(
    year: Path, furnished_home: Callable[..., Path], served_run: CommandLine
) -> None:
    home = furnished_home("concept", *(year / f"2013-{month:02d}.parquet" for month in range(1, 6)))
    simulated = served_run(home, "simulate", "concept")

    ran = served_run(home, "--json")

    assert (simulated.returncode, ran.returncode) == (0, 0), ran.stderr
    turned = [json.loads(line) for line in ran.stdout.splitlines()][-3:]
    assert turned[0]["health"] in (HealthState.WATCH, HealthState.UNWELL)
    assert turned[0]["verdict"] == Outcome.REJECT
    (promoted,) = [turn for turn in turned[1:] if turn["verdict"] == Outcome.PROMOTE][:1]
    assert promoted["gain"] > 0.05
