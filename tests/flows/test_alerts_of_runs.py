"""What stands for longer than a turn is told by real runs: a source that fell silent, and a guard that vetoes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tasks.domain.alert_kinds import AlertKind
from tests import users
from tests.command_line import CommandLine

pytestmark = pytest.mark.long

WEAK = users.YAML.replace("max_iter: 20", "max_iter: 2") + "promotion: {guards: {max_calibration_error: 0.5}}\n"
STRONG = users.YAML + "promotion: {false_promotion_every: 20, guards: {max_bundle_mb: 200}}\n"
TOO_LARGE = STRONG.replace("max_bundle_mb: 200", "max_bundle_mb: 0.001")


@pytest.fixture
def pipelines(tmp_path: Path) -> Path:
    folder = tmp_path / "pipelines"
    folder.mkdir()
    return folder


@pytest.fixture
def run_weeks(new_home: Callable[..., Path], served_run: CommandLine, pipelines: Path) -> Callable[[str, range], Path]:
    """Takes weeks in, under the settings of then: `run_weeks(yaml, range(3))`; gives the home."""
    home = new_home()
    (landing := home / "landing" / "users").mkdir()

    def run(settings: str, numbers: range) -> Path:
        (pipelines / "users.yaml").write_text(settings, encoding="utf-8")
        for number in numbers:
            users.week(number).to_parquet(landing / f"week-{number}.parquet", index=False)
        ran = served_run(home, "run", "users", INCUMBENT_PIPELINES=str(pipelines))
        assert (ran.returncode, ran.stderr) == (0, ""), ran.stdout
        return home

    return run


def let_pass(home: Path, span: timedelta) -> None:
    """All that was taken in came so much earlier."""
    with closing(sqlite3.connect(home / "ledger.db")) as ledger, ledger:
        for number, started in ledger.execute("select number, started from turns").fetchall():
            earlier = (datetime.fromisoformat(started) - span).isoformat()
            ledger.execute("update turns set started = ? where number = ?", (earlier, number))


def test_a_source_that_falls_silent_is_told_once(
    run_weeks: Callable[[str, range], Path], flows_run: CommandLine, pipelines: Path, open_home: Callable
) -> None:
    home = run_weeks(users.YAML, range(6))
    soon = flows_run(home, "poll", "users", INCUMBENT_PIPELINES=str(pipelines))
    before = open_home(home).ledger.inbox.standing("users", [AlertKind.SILENT])

    let_pass(home, timedelta(days=15))
    looks = [flows_run(home, "poll", "users", INCUMBENT_PIPELINES=str(pipelines)) for _ in range(2)]
    (standing,) = open_home(home).ledger.inbox.standing("users", [AlertKind.SILENT])
    status = flows_run(home, "status", "users", INCUMBENT_PIPELINES=str(pipelines))

    assert (before, soon.returncode, [look.returncode for look in looks]) == ([], 0, [0, 0])
    assert standing.text == "users, nothing has arrived for 15 days; until now the longest wait was 7 days"
    assert f"alert: {standing.text}" in " ".join(status.stdout.split())

    run_weeks(users.YAML, range(6, 7))

    assert open_home(home).ledger.inbox.standing("users", [AlertKind.SILENT]) == []


def test_a_vetoed_challenger_is_told_once(run_weeks: Callable[[str, range], Path], open_home: Callable) -> None:
    """The first model is a weak one; those after it are better by far, and larger than the settings allow."""
    run_weeks(WEAK, range(2))
    home = run_weeks(TOO_LARGE, range(2, 7))

    ledger = open_home(home).ledger
    outcomes = [row["outcome"] for row in ledger.turns.all("users")]
    (standing,) = ledger.inbox.standing("users", [AlertKind.VETOED])
    live = ledger.promotions.champion("users").version

    assert "promote" not in outcomes
    assert "has the evidence " in standing.text
    assert "≥ 20, and guard 'bundle' keeps it off: " in standing.text

    run_weeks(STRONG, range(7, 12))

    ledger = open_home(home).ledger
    assert ledger.inbox.standing("users", [AlertKind.VETOED]) == []
    assert ledger.promotions.champion("users").version > live
