"""What each input adds to an answer: exact where terms are summed; told with each row of a file."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tasks.adapters.home import Home
from tasks.problems import prediction
from tasks.scoring import contributions
from tasks.scoring.steps import live_models, score_file
from tasks.training import preparation
from tests import shop

FEATURES = ("shop", "items", "price")


@pytest.fixture
def rows() -> pd.DataFrame:
    frame = shop.week(9, 60)[["at", "shop", "items", "price", "gift"]]
    return frame.assign(items=frame["items"].where(frame.index != 3, -1))


def of_version(home: Home, number: int) -> pd.DataFrame:
    model = home.ledger.models.versions("shop")[number]
    return contributions.usual(home.bundles.golden(model.golden)[0])


@pytest.mark.parametrize("version", [1, 2])
def test_it_is_the_change_of_the_log_odds_with_usual_values_in_its_place(
    version: int, shop_versions: Home, rows: pd.DataFrame
) -> None:
    """Once more, with the fitted Pipeline, row by row."""
    live, usual = live_models.ready(shop_versions, "shop", version), of_version(shop_versions, version)
    fitted = shop_versions.bundles.load(live.model.bundle, live.model.golden)
    prepared = preparation.prepare(rows, FEATURES, shop_versions.settings("shop").validation.columns)

    def log_odds(frame: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        answers = prediction.predict(fitted, frame)
        return np.log(answers / (1 - answers))

    found = contributions.measure(live.compiled, prepared, usual, is_probability=True)

    assert found.shape == (60, 3)
    for place, name in enumerate(FEATURES):
        with_usual = [log_odds(prepared.assign(**{name: usual[name].iloc[one]})) for one in range(len(usual))]
        assert np.abs(found[:, place] - (log_odds(prepared) - np.mean(with_usual, axis=0))).max() < 1e-8


def test_the_terms_of_a_sum_add_up_to_what_is_beyond_the_usual(shop_versions: Home, rows: pd.DataFrame) -> None:
    live, usual = live_models.ready(shop_versions, "shop", 2), of_version(shop_versions, 2)
    assert live.model.family == "logistic_regression"
    prepared = preparation.prepare(rows, FEATURES, shop_versions.settings("shop").validation.columns)

    found = contributions.measure(live.compiled, prepared, usual, is_probability=True).sum(axis=1)

    def log_odds(frame: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        answers = live.compiled.many([frame[name].to_numpy() for name in FEATURES])
        return np.log(answers / (1 - answers))

    assert np.abs(found - (log_odds(prepared) - log_odds(usual).mean())).max() < 1e-8


def test_the_largest_are_told_first_and_nothing_of_who_adds_nothing() -> None:
    added = np.array([[0.1, -0.5, 0.00001, 0.2], [0.0, 0.0, 0.0, 0.0]])

    assert contributions.largest(added, list("abcd")) == [{"b": -0.5, "d": 0.2, "a": 0.1}, {}]


def test_rows_of_a_file_say_what_added_most_and_rows_without_an_answer_nothing(
    shop_versions: Home, rows: pd.DataFrame, tmp_path: Path
) -> None:
    path = tmp_path / "rows.parquet"
    rows.to_parquet(path, index=False)

    plain = pd.read_parquet(score_file.score(shop_versions, "shop", str(path), tmp_path / "plain.parquet").path)
    told = pd.read_parquet(
        score_file.score(shop_versions, "shop", str(path), tmp_path / "told.parquet", explain=True).path
    )

    assert "contributions" not in plain
    assert np.array_equal(plain["probability"], told["probability"], equal_nan=True)
    assert told["contributions"].isna().tolist() == told["probability"].isna().tolist()
    texts = [json.loads(text) for text in told["contributions"].dropna()]
    assert all(1 <= len(one) <= contributions.LARGEST and {*one} <= {*FEATURES} for one in texts)
    assert len(texts) == 59
    assert len(list(shop_versions.ledger.predictions.sealed("shop"))) == 1, "it is the same question: it is logged once"
