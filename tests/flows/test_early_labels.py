"""Loans that fail do so early: what is known soon is not like the rest, and the turn says so."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.command_line import CommandLine

YAML = """
title: Will the loan fail?
ingestion: {times: {event: granted, label: ended}}
validation:
  key: [granted, customer]
  columns:
    granted: {type: timestamp}
    ended: {type: timestamp, nullable: true}
    customer: {type: integer, min: 0}
    income: {type: number}
    failed: {type: boolean, nullable: true}
training:
  label: failed
  features: [income]
  min_rows: 100
  candidates: [{family: logistic_regression}]
"""
DAYS, PER_DAY = 120, 12
NOTE = (
    r"abels that are known within \d+ days are \d+\s?% positive, later ones 0\s?%; \d+ are not known yet: "
    r"set training\.mature_after"
)


def loans() -> pd.DataFrame:
    """Four months; a loan that fails does so after five days, the others are paid back after twenty."""
    source, number = np.random.default_rng(3), np.arange(DAYS * PER_DAY)
    granted = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(number * 24 // PER_DAY, unit="h")
    income = source.normal(30, 8, len(number))
    failed = source.random(len(number)) < 1 / (1 + np.exp((income - 24) / 3))
    ended = granted + pd.to_timedelta(np.where(failed, 5, 20), unit="D")
    return pd.DataFrame(
        {
            "granted": granted.as_unit("us"),
            "ended": ended.as_unit("us"),
            "customer": number,
            "income": income,
            "failed": pd.array(failed, dtype="boolean"),
        }
    )


@dataclass(frozen=True)
class Lent:
    """A home to which a first batch has come, and a day after it."""

    home: Path
    turns: list[dict[str, object]]
    """What was printed of them."""
    story: str
    """Of the second one."""


@pytest.fixture(scope="module")
def lent(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> Lent:
    folder, pipelines = furnished_home("lent"), tmp_path_factory.mktemp("pipelines")
    (pipelines / "loans.yaml").write_text(YAML, encoding="utf-8")
    landing, rows = folder / "landing" / "loans", loans()
    landing.mkdir()
    last_day = rows["granted"] >= rows["granted"].max().normalize()
    rows[~last_day].to_parquet(landing / "spring.parquet", index=False)
    rows[last_day].to_parquet(landing / "the last day.parquet", index=False)
    ran = served_run(folder, "run", "loans", "--json", INCUMBENT_PIPELINES=str(pipelines))
    asked = served_run(folder, "explain", "2", "loans", INCUMBENT_PIPELINES=str(pipelines))
    assert (ran.returncode, asked.returncode) == (0, 0), ran.stderr + asked.stderr
    return Lent(folder, [json.loads(line) for line in ran.stdout.splitlines()], " ".join(asked.stdout.split()))


def test_the_report_says_that_early_labels_are_not_like_later_ones(lent: Lent) -> None:
    page = (lent.home / "reports" / "loans.html").read_text()

    assert lent.turns[0]["verdict"] == "first_champion"
    assert re.search(NOTE, page)


def test_a_turn_that_only_waits_says_so_as_well(lent: Lent) -> None:
    assert str(lent.turns[1]["reason"]).startswith("pooled: 12 of 100 rows")
    assert re.search(NOTE, lent.story)
