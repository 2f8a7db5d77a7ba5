"""A number to predict, through the whole loop as a user runs it: ledger, MLflow, page and terminal tell of a number."""

import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tasks.adapters.home import Home
from tasks.adapters.mlflow import registry, tracking
from tests import homes
from tests.command_line import CommandLine

YAML = """
title: How many bicycles will be rented in an hour?
ingestion: {times: {event: at}}
validation:
  key: [at]
  columns:
    at: {type: timestamp}
    rentals: {type: integer, nullable: true, min: 0, unit: rentals}
    hour: {type: integer, min: 0, max: 23}
    warm: {type: number}
    sky: {type: category}
training:
  problem: regression
  label: rentals
  features: [hour, warm, sky]
  min_rows: 100
  candidates:
    - {family: hist_gradient_boosting, max_iter: 40, min_samples_leaf: 10}
    - {family: linear_regression}
evaluation: {slices: [{column: sky}], min_slice_rows: 50}
reporting: {row: [hour, hours], outcome: rentals}
"""
WEEKS = ("2024-03-04", "2024-03-25", "2024-04-15")


def hours(first: str, level: float, warmth: float = 4) -> pd.DataFrame:
    """Three weeks of hours; rentals follow hour, sky and warmth, which matters as much as `warmth` says."""
    source = np.random.default_rng(int(level))
    at = pd.date_range(first, periods=21 * 24, freq="h", tz="UTC").as_unit("us")
    warm, sky = source.normal(10, 4, len(at)), source.choice(["clear", "rain"], len(at))
    mean = level * (1 + np.sin((at.hour - 8) / 24 * 2 * np.pi)) + warmth * warm - 30 * (sky == "rain")
    rentals = np.clip(mean + source.normal(0, 8, len(at)), 0, None).round()
    label = pd.Series(pd.array(rentals, dtype="Int64")).mask(np.arange(len(at)) % 50 == 7)
    return pd.DataFrame({"at": at, "rentals": label, "hour": at.hour, "warm": warm, "sky": pd.Series(sky, dtype="str")})


pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def rented(
    furnished_home: Callable[..., Path], served_run: CommandLine, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path, list[dict[str, object]]]:
    """A home in which three deliveries had their turns, its pipelines, and what was printed."""
    folder, pipelines = furnished_home("rented"), tmp_path_factory.mktemp("pipelines")
    (pipelines / "bicycles.yaml").write_text(YAML, encoding="utf-8")
    landing = folder / "landing" / "bicycles"
    landing.mkdir()
    for first, level, warmth in zip(WEEKS, (100, 101, 102), (4, 4, 12), strict=True):
        hours(first, level, warmth).to_parquet(landing / f"{first}.parquet", index=False)
    ran = served_run(folder, "run", "bicycles", "--json", INCUMBENT_PIPELINES=str(pipelines))
    assert ran.returncode == 0, ran.stderr
    return folder, pipelines, [json.loads(line) for line in ran.stdout.splitlines()]


def test_the_first_model_beats_the_mean_and_a_better_one_takes_over_on_evidence(
    rented: tuple[Path, Path, list[dict[str, object]]],
) -> None:
    _, _, turns = rented

    assert turns[0]["verdict"] == "first_champion"
    assert re.fullmatch(r"v1 beats no model by \d{2}\.\d\d in RMSE; its refit v2 is live", str(turns[0]["reason"]))
    assert {"champion_squared_error", "challenger_squared_error"} <= turns[-1].keys()
    assert "champion_log_loss" not in turns[-1]
    assert turns[-1]["champion_squared_error"] > 1000  # type: ignore[operator]


def test_what_was_done_is_true_from_the_bytes_up(
    rented: tuple[Path, Path, list[dict[str, object]]], served_run: CommandLine
) -> None:
    folder, pipelines, _ = rented

    checked = served_run(folder, "verify", "bicycles", INCUMBENT_PIPELINES=str(pipelines))
    status = served_run(folder, "status", "bicycles", INCUMBENT_PIPELINES=str(pipelines))

    assert (checked.returncode, checked.stderr) == (0, ""), checked.stdout
    assert "RMSE" in status.stdout
    assert "log loss" not in status.stdout


def test_mlflow_has_runs_of_a_regressor_that_answers_with_numbers(
    rented: tuple[Path, Path, list[dict[str, object]]],
    open_home: Callable[[Path], Home],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import mlflow

    folder, pipelines, _ = rented
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(pipelines))
    home = open_home(folder)
    client = tracking.open_client(home.tracking)
    aliases = registry.aliases(home.tracking, "bicycles")
    live, judged = (client.get_model_version("bicycles", str(aliases[one])) for one in ("champion", "challenger"))
    run = client.get_run(judged.run_id)
    asked = hours("2024-05-06", 150)[["hour", "warm", "sky"]].astype({"hour": "float64", "sky": object}).head(5)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # mlflow's, about its own type hints
        loaded = [mlflow.pyfunc.load_model(f"{version.source}") for version in (live, judged)]
    plots = {file.path for file in client.list_artifacts(run.info.run_id, "plots")}

    assert [model.predict(asked).shape for model in loaded] == [(5,), (5,)]
    assert {"squared_error", "rmse", "mae", "r2", "bias", "mean_label"} <= run.data.metrics.keys()
    assert {"gain", "rmse_gain"} <= run.data.metrics.keys()
    assert not {"log_loss", "positive_share"} & run.data.metrics.keys()
    for name in ("score.json", "snapshot.json", "slices.csv"):
        text = Path(client.download_artifacts(run.info.run_id, name)).read_text(encoding="utf-8")
        assert not re.search("log.?loss|positives|AUC", text), name
    assert plots == {"plots/answers.png", "plots/errors.png", "plots/calibration.png", "plots/importance.png"}


def test_the_page_speaks_of_a_number_everywhere(
    rented: tuple[Path, Path, list[dict[str, object]]],
) -> None:
    folder, _, _ = rented
    page = (folder / "reports" / "bicycles.html").read_text(encoding="utf-8")

    told = re.sub(r"<(style|script)\b.*?</\1>", "", page, flags=re.DOTALL)

    assert "rentals for the average hour; it was" in told
    assert "RMSE per turn, lower is better" in told
    assert "The mean answer was" in told
    assert "RMSE" in told
    for word in ("og loss", "AUC", "Brier", "points between", "were rentals", "share of", "nan", "inf "):
        assert word not in told, word


@pytest.mark.long
def test_replayed_as_it_is_the_same_models_are_live_and_a_backtest_decides_as_a_replay(
    rented: tuple[Path, Path, list[dict[str, object]]], served_run: CommandLine, tmp_path: Path
) -> None:
    folder, pipelines, _ = rented
    home = homes.copy(folder, tmp_path / "home")
    rule = "promotion.false_promotion_every=100000000"
    before = {path: path.read_bytes() for path in home.rglob("*.skops")}

    def run(*arguments: str) -> list[dict[str, Any]]:
        ran = served_run(home, *arguments, "--json", INCUMBENT_PIPELINES=str(pipelines))
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    (same,) = run("experiment", "bicycles", "same")
    ledger = (home / "ledger.db").read_bytes()
    (other,) = run("experiment", "bicycles", "slow", "--set", rule)
    first, second = (run("backtest", "bicycles", "--set", rule) for _ in range(2))

    assert (same["answer"], same["fits"], same["left"]) == ("the same models", 0, 0)
    was, now, never, _, asked = first
    assert (was["models"], second) == (now["models"], first)
    slow = [json.loads(path.read_text()) for path in sorted((home / "experiments/bicycles/slow/batches").iterdir())]
    assert asked["models"] == [one["model"] for one in slow[1:]] == never["models"]
    assert other["answer"] == "the same models", "nothing has followed the promotion in the last batch"
    assert "gain over never" in (home / "reports" / "bicycles-backtest.html").read_text().lower()
    assert (home / "ledger.db").read_bytes() == ledger
    assert {path: path.read_bytes() for path in before} == before
