"""Rows that were delivered are corrected, and the settings say `replace`: later models learn the corrected ones."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests import shop
from tests.command_line import CommandLine

YAML = shop.YAML.replace("  key: [at, shop]\n", "  key: [at, shop]\n  corrections: replace\n")
CORRECTED = 60


@pytest.fixture(scope="module")
def corrected(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Callable[..., str], list[dict[str, object]]]:
    """Asks a home in which a champion learned from rows of which some were corrected since; and its turns."""
    home, pipelines = furnished_home("corrected-rows"), tmp_path_factory.mktemp("pipelines")
    shop.write_pipeline(pipelines, text=YAML)
    landing = home / "landing" / "shop"
    landing.mkdir()
    turns: list[dict[str, object]] = []

    def ask(*arguments: str) -> str:
        ran = served_run(home, *arguments, INCUMBENT_PIPELINES=str(pipelines))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return ran.stdout

    weeks = pd.concat([shop.week(1), shop.week(2)], ignore_index=True)
    weeks.to_parquet(landing / "a.parquet", index=False)
    turns += map(json.loads, ask("run", "shop", "--json").splitlines())
    weeks[:CORRECTED].assign(items=9).to_parquet(landing / "b.parquet", index=False)
    shop.week(3).to_parquet(landing / "c.parquet", index=False)
    turns += map(json.loads, ask("run", "shop", "--json").splitlines())
    return ask, turns


Corrected = tuple[Callable[..., str], list[dict[str, object]]]


def test_they_are_taken_in_and_those_before_are_set_aside(corrected: Corrected) -> None:
    ask, turns = corrected
    asked = "select name, accepted, quarantined from batches order by name"

    rows = [json.loads(line) for line in ask("sql", asked, "shop", "--json").splitlines()]

    assert turns[0]["verdict"] == "first_champion"
    assert [tuple(row.values()) for row in rows] == [
        ("a", 672 - CORRECTED, CORRECTED),
        ("b", CORRECTED, 0),
        ("c", 336, 0),
    ]
    assert "60 rows take the place of what was accepted before" in " ".join(ask("explain", "b", "shop").split())


def test_later_models_learn_the_corrected_ones(corrected: Corrected) -> None:
    ask, _ = corrected
    (learned,) = ask("sql", "select count(*) as n from data('v3') where items = 9", "shop", "--json").splitlines()
    (before,) = ask("sql", "select count(*) as n from data('v1') where items = 9", "shop", "--json").splitlines()

    assert (json.loads(before)["n"], json.loads(learned)["n"]) == (0, CORRECTED)


def test_earlier_ones_are_made_again_from_what_they_had(corrected: Corrected) -> None:
    ask, _ = corrected

    assert "says the same" in ask("reproduce", "v1", "shop")
    assert "nothing found to differ from the ledger" in ask("verify", "shop", "--retrain")


def test_what_changed_between_two_models_is_told(corrected: Corrected) -> None:
    ask, _ = corrected

    assert f"{CORRECTED} changed" in ask("diff", "v2", "v3", "shop")
