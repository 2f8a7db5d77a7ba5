"""A pipeline whose features are looked up, through the loop as a user runs it: killed, verified, made again, rolled back."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.command_line import CommandLine
from tests.faults import points

START = pd.Timestamp("2024-01-01", tz="UTC")
SHOPS, CUSTOMERS, ROWS, DAYS = list("abcdefgh"), 60, 600, 20
YAML = """
title: Does it come back?
ingestion:
  times: {event: at}
validation:
  key: [id]
  columns:
    id: {type: integer}
    at: {type: timestamp}
    shop: {type: category}
    customer: {type: integer}
    weight: {type: number}
    mood: {type: number, nullable: true}
    returned_before: {type: number, nullable: true}
    back: {type: boolean}
features:
  steps:
    - {use: calm, of: [mood, weight], gives: {calm: {}, light: {type: boolean}}}
  tables:
    moods: {source: {kind: csv}, key: {store: shop}, time: since, columns: {mood: mood}, at_most: 3 days}
  past:
    - {column: returned_before, key: [customer], take: mean, of: back, over: 60 days}
training:
  label: back
  features: [weight, mood, returned_before]
  candidates: [{family: logistic_regression}]
"""
OWN = '''
"""Features of orders."""

import pandas as pd


def calm(rows):
    return pd.DataFrame({"calm": -rows["mood"].abs(), "light": rows["weight"] < 10})
'''


def moods() -> pd.DataFrame:
    """How each shop is from each day on."""
    days = pd.date_range(START - pd.Timedelta(days=2), periods=4 * DAYS, freq="D")
    frame = pd.MultiIndex.from_product([SHOPS, days], names=["store", "since"]).to_frame(index=False)
    return frame.assign(mood=np.random.default_rng(9).normal(size=len(frame)))


def orders(number: int, table: pd.DataFrame) -> pd.DataFrame:
    """Orders of some weeks: a bad mood of the shop and a customer who sends things back make returns."""
    source = np.random.default_rng(number)
    at = (
        START
        + pd.Timedelta(days=DAYS * number)
        + pd.to_timedelta(np.sort(source.integers(0, DAYS * 1440, ROWS)), "min")
    )
    frame = pd.DataFrame({"id": np.arange(ROWS) + number * ROWS, "at": at.as_unit("us")})
    frame = frame.assign(shop=source.choice(SHOPS, ROWS), customer=source.integers(0, CUSTOMERS, ROWS))
    there = table.set_index(["store", "since"])["mood"]
    mood = there[list(zip(frame["shop"], frame["at"].dt.floor("D"), strict=True))].to_numpy()
    likely = 1 / (1 + np.exp(-(1.2 * mood + 1.5 * (frame["customer"] < CUSTOMERS / 3) - 0.5)))
    return frame.assign(weight=source.uniform(1, 50, ROWS), back=source.random(ROWS) < likely)


@pytest.fixture(scope="module")
def killed(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Callable[..., tuple[int, str, str]], list[dict[str, object]]]:
    """Commands on a home in which three batches were taken in, after a kill between the table's lines and the ledger."""
    folder, pipelines, table = furnished_home("orders"), tmp_path_factory.mktemp("pipelines"), moods()
    (pipelines / "orders.yaml").write_text(YAML, encoding="utf-8")
    (pipelines / "orders.py").write_text(OWN, encoding="utf-8")
    landing, lines = folder / "landing" / "orders", folder / "landing" / "orders.table.moods"
    landing.mkdir()
    lines.mkdir()
    for number in range(3):
        orders(number, table).to_parquet(landing / f"{number}.parquet", index=False)
        part = table[table["since"].dt.month == number + 1]
        part.to_csv(lines / f"{number}.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")

    def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
        ended = served_run(folder, *arguments, INCUMBENT_PIPELINES=str(pipelines), **variables)
        return ended.returncode, ended.stdout, ended.stderr

    for failpoint in points.OF_TABLES:
        code, out, _ = run("run", "orders", INCUMBENT_FAILPOINT=failpoint)
        assert code < 0 and "accepted" not in out
    code, out, err = run("run", "orders", "--json")
    assert code == 0, err
    return run, [json.loads(line) for line in out.splitlines()]


def test_the_kill_leaves_each_line_once(killed: tuple) -> None:
    run, turns = killed

    code, out, _ = run("sql", "orders", "select name, taken from tables order by number", "--json")

    rows = [json.loads(line) for line in out.splitlines()]
    month = moods()["since"].dt.month
    assert code == 0 and [row["name"] for row in rows] == ["0", "1", "2"]
    assert [row["taken"] for row in rows] == [int((month == number).sum()) for number in (1, 2, 3)]
    assert [turn["accepted"] for turn in turns] == [ROWS] * 3 and turns[0]["verdict"] == "first_champion"


def test_models_learn_from_what_was_looked_up(killed: tuple) -> None:
    code, out, _ = killed[0]("features", "orders", "--json")

    matters = {one["name"]: one["matters"] for one in map(json.loads, out.splitlines())}
    assert code == 0 and matters["mood"] == max(matters.values()) and matters["returned_before"] > 0.005


def test_all_of_it_is_true_and_made_again(killed: tuple) -> None:
    run, _ = killed

    code, out, err = run("verify", "orders", "--retrain")
    assert code == 0, out + err
    code, out, _ = run("reproduce", "orders", "v1")
    assert code == 0 and "says the same" in out


def test_its_file_is_scored_as_its_rows_were_judged(killed: tuple, tmp_path: Path) -> None:
    run, _ = killed
    rows = orders(2, moods())
    rows.drop(columns="back").to_csv(tmp_path / "orders.csv", index=False, date_format="%Y-%m-%dT%H:%M:%SZ")

    code, _, err = run("score", "orders", "--in", str(tmp_path / "orders.csv"), "--out", str(tmp_path / "out.parquet"))

    assert code == 0, err
    answers = pd.read_parquet(tmp_path / "out.parquet")["probability"]
    there = moods().set_index(["store", "since"])["mood"]
    mood = there[list(zip(rows["shop"], rows["at"].dt.floor("D"), strict=True))].to_numpy()
    assert np.corrcoef(answers, mood)[0, 1] > 0.9
