"""Batches too short to be judged alone, through the whole loop as a user runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tasks.adapters.home import Home
from tests import bicycles
from tests.command_line import CommandLine

CHANGE = pd.Timestamp("2024-04-01", tz="UTC")
STARTS = pd.date_range("2024-03-04", "2024-05-26", freq="3D", tz="UTC")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def short(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, list[dict[str, object]]]:
    """A home to which three days came at a time, its pipelines, and what was printed."""
    folder, pipelines = furnished_home("short"), tmp_path_factory.mktemp("pipelines")
    (pipelines / "bicycles.yaml").write_text(bicycles.YAML, encoding="utf-8")
    landing = folder / "landing" / "bicycles"
    landing.mkdir()
    for start in STARTS:
        bicycles.three_days(start, CHANGE).to_parquet(landing / f"{start:%Y-%m-%d}.parquet", index=False)
    ran = served_run(folder, "run", "bicycles", "--json", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == 0, ran.stderr
    return folder, pipelines, [json.loads(line) for line in ran.stdout.splitlines()]


def test_what_waits_says_for_what(short: tuple[Path, Path, list[dict[str, object]]]) -> None:
    _, _, turns = short

    reasons = [str(turn["reason"]) for turn in turns]

    assert reasons[0].startswith("pooled: 3 clusters, a first champion needs 10")
    assert "pooled: 144 of 200 rows in 2 batches" in reasons


def test_one_that_is_worse_than_no_model_is_replaced(short: tuple[Path, Path, list[dict[str, object]]]) -> None:
    _, _, turns = short

    verdicts = [turn["verdict"] for turn in turns]

    assert "first_champion" in verdicts
    assert "promote" in verdicts


def test_all_of_it_is_true(
    short: tuple[Path, Path, list[dict[str, object]]], served_run: CommandLine, open_home: Callable[[Path], Home]
) -> None:
    folder, pipelines, _ = short

    checked = served_run(folder, "verify", "bicycles", INCUMBENT_PIPELINES=str(pipelines))

    evidence = open_home(folder).ledger.promotions.evidence("bicycles").values()
    assert checked.returncode == 0, checked.stdout
    assert all(len(one.pool) >= 3 for one in evidence)
    assert len({batch for one in evidence for batch in one.pool}) == sum(len(one.pool) for one in evidence)
    assert any(trigger.kind == "performance" for trigger in open_home(folder).ledger.inbox.all("bicycles"))
