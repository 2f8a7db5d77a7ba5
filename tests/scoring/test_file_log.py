"""The answers to a file are in the prediction log once, however often the run was cut off or asked for."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.scoring.steps import answers_at_rest, incoming, live_models, score_file
from tests import shop


@pytest.fixture
def rows() -> pd.DataFrame:
    rows = shop.week(9, 250)[["at", "shop", "items", "price", "gift"]]
    rows["items"] = rows["items"].astype("Float64")
    rows.loc[3, "items"] = -1.0
    return rows


@pytest.fixture
def path(rows: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(incoming, "ROWS", 60)
    rows.to_parquet(tmp_path / "rows.parquet", index=False)
    yield tmp_path / "rows.parquet"


def logged(home: Home) -> pd.DataFrame:
    return answers_at_rest.table(home, "shop").to_pandas()


class _Cut(Exception):
    pass


def cut_at(name: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [times]

    def reach(reached: str) -> None:
        left[0] -= reached == name
        if not left[0]:
            raise _Cut

    monkeypatch.setattr(failpoints, "reach", reach)


def test_every_row_is_logged_with_what_its_answer_rests_on(shop_versions: Home, path: Path, rows: pd.DataFrame) -> None:
    done = score_file.score(shop_versions, "shop", str(path), version=1)

    log, answers, live = logged(shop_versions), pd.read_parquet(done.path), live_models.ready(shop_versions, "shop", 1)
    assert log["id"].str.partition("-")[2].astype(int).tolist() == list(range(250))
    assert np.array_equal(log["answer"], answers["probability"], equal_nan=True) and log["answer"].isna().sum() == 1
    assert {*log["version"]} == {1} and {*log["model"]} == {live.model_id} and log["microseconds"].isna().all()
    asked = json.loads(log["inputs"][7])
    assert list(asked) == [*live.fields.names] and pd.isna(log["inputs"][3])
    assert live.compiled.one([*asked.values()]) == pytest.approx(log["answer"][7], abs=1e-12)
    moment, name = json.loads(log["key"][3])
    assert (pd.Timestamp(moment), name) == (rows["at"][3], rows["shop"][3])


@pytest.mark.parametrize(("name", "times"), [("part-scored", 3), ("answers-sealed", 1), ("answers-logged", 1)])
def test_a_run_that_was_cut_off_and_goes_on_logs_each_row_once(
    name: str, times: int, shop_versions: Home, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as dying:
        cut_at(name, times, dying)
        with pytest.raises(_Cut):
            score_file.score(shop_versions, "shop", str(path))

    done = score_file.score(shop_versions, "shop", str(path))

    log = logged(shop_versions)
    assert len(log) == log["id"].nunique() == 250
    assert np.array_equal(log["answer"], pd.read_parquet(done.path)["probability"], equal_nan=True)
    assert [one.answered for one in shop_versions.ledger.predictions.sealed("shop")] == [60, 60, 60, 60, 10]
    score_file.score(shop_versions, "shop", str(path))
    assert len(logged(shop_versions)) == 250


@pytest.mark.parametrize(
    ("log", "kept"),
    [
        ("{inputs: none}", set()),
        ("{inputs: digest, columns: {price: none}}", {"shop", "items"}),
        ("{columns: {price: digest}}", {"shop", "items", "price"}),
        ("{columns: {price: digest, shop: none}}", {"items", "price"}),
        ("{enabled: false}", None),
    ],
)
def test_what_is_to_be_hidden_is_hidden(
    log: str, kept: set[str] | None, shop_versions: Home, path: Path, tmp_path: Path
) -> None:
    shop.write_pipeline(tmp_path / "pipelines", text=f"{shop.YAML}scoring: {{log: {log}}}\n")

    score_file.score(shop_versions, "shop", str(path))

    lines = logged(shop_versions)
    assert len(lines) == (0 if kept is None else 250)
    assert {json.loads(key)[1] is None for key in lines["key"]} <= {"shop: none" in log}
    for text in lines["inputs"].drop(index=[3], errors="ignore"):
        inputs = json.loads(text) if isinstance(text, str) else {}
        assert {*inputs} == kept
        assert [name for name, value in inputs.items() if str(value).startswith("digest:")] == [
            name for name in inputs if "digest" in log and (name == "price" or "inputs" in log)
        ]
