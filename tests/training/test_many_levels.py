"""Categories with more levels than are told apart: models keep the frequent ones, and earlier models stay as they are."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import update

from configs.training import Candidate
from configs.validation import ColumnRule
from tasks.adapters.blobs.bundles import Bundles
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.home import Home
from tasks.adapters.ledger.schema import models
from tasks.domain.records import Model, Snapshot
from tasks.lineage.steps import reproduction
from tasks.problems import prediction
from tasks.training import identities, learning, preparation
from tasks.training.estimators import families
from tasks.training.estimators.base import MOST_CATEGORIES
from tasks.training.estimators.boosting import HistGradientBoostingCandidate
from tasks.training.estimators.linear import LogisticRegressionCandidate
from tasks.training.steps import fitting, handles
from tasks.training.windows import Plan
from tests import shop

COLUMNS = {"city": ColumnRule(type="category", nullable=True)}
BOOSTED = HistGradientBoostingCandidate(
    family="hist_gradient_boosting", max_iter=3, max_leaf_nodes=7, min_samples_leaf=20
)
LINEAR = LogisticRegressionCandidate(family="logistic_regression")
CANDIDATES = pytest.mark.parametrize("candidate", [BOOSTED, LINEAR], ids=lambda candidate: candidate.family)
FAMILIES = ("hist_gradient_boosting", "logistic_regression")
EVERY = "shop_{:03d}"


def cities(names: Sequence[str | None]) -> pd.DataFrame:
    """As a model takes them in."""
    return preparation.prepare(pd.DataFrame({"city": pd.Series(names, dtype="str")}), ("city",), COLUMNS)


def selected(home: Home, levels: int) -> Snapshot:
    """A week in which so many shops sell."""
    frame = shop.week(1)
    names = [EVERY.format(at % levels) for at in range(len(frame))]
    batch = shop.take_in(home, f"of {levels}", frame.assign(shop=pd.Series(names, dtype="str")))
    plan = Plan((batch,), None, shop.START + pd.Timedelta(days=7), ignores_arrival=True)
    return handles.rows(home).select(plan, home.settings("shop"))


def committed(home: Home, snapshot: Snapshot, family: str, recipe: int | None = None) -> Model:
    settings = home.settings("shop")
    model = fitting.fit(home, fitting.order(home, settings, snapshot, family, recipe), settings)
    home.ledger.models.record("shop", 1, model, settings.canonical())
    return model


@pytest.mark.parametrize(
    ("levels", "recipe"),
    [(MOST_CATEGORIES, identities.RECIPE), (MOST_CATEGORIES + 1, identities.RARE_POOLED)],
)
def test_the_recipe_is_another_one_beyond_254_levels(levels: int, recipe: int, shop_home: Home) -> None:
    snapshot = selected(shop_home, levels)

    order = fitting.order(shop_home, shop_home.settings("shop"), snapshot, FAMILIES[0])

    assert order.recipe == recipe
    assert (order.model == order.earlier) == (recipe == identities.RECIPE)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_of_an_earlier_version_is_made_again_as_it_was(family: str, shop_home: Home) -> None:
    snapshot = selected(shop_home, 270)
    earlier = committed(shop_home, snapshot, family, identities.RECIPE)
    forget_recipe(shop_home)
    (model,) = shop_home.ledger.models.all("shop")

    again = reproduction.reproduce(shop_home, "shop", model)

    assert model == earlier
    assert again.same_bytes and again.succeeded and again.building == ()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_model_of_many_levels_is_made_again_as_it_was(family: str, shop_home: Home) -> None:
    snapshot = selected(shop_home, 270)
    earlier = committed(shop_home, snapshot, family, identities.RECIPE)
    model = committed(shop_home, snapshot, family)

    again = reproduction.reproduce(shop_home, "shop", model)

    assert (model.recipe, model.id == earlier.id, model.bundle == earlier.bundle) == (2, False, False)
    assert again.same_bytes and again.succeeded and again.building == ()


def test_what_an_earlier_version_has_fitted_is_not_fitted_again(shop_home: Home) -> None:
    snapshot = selected(shop_home, 270)
    earlier = committed(shop_home, snapshot, FAMILIES[0], identities.RECIPE)

    order = fitting.order(shop_home, shop_home.settings("shop"), snapshot, FAMILIES[0])

    assert order.model != earlier.id
    assert fitting.recorded(shop_home, "shop", order) == earlier


@pytest.mark.parametrize(
    "candidate", [BOOSTED, pytest.param(LINEAR, marks=pytest.mark.long)], ids=lambda candidate: candidate.family
)
def test_a_million_levels_are_a_small_bundle(candidate: Candidate, tmp_path: Path) -> None:
    frame = cities(np.arange(1_000_000).astype(str).tolist())
    sold = np.arange(len(frame)) % 2 == 0
    levels = preparation.frequent_levels(frame, MOST_CATEGORIES)
    few = frame.iloc[:5_000]

    pipeline = families.build(candidate, ("city",), COLUMNS, 0, "binary", levels)
    learning.fit(pipeline, few, sold[: len(few)], threads=1)
    written = Bundles(LocalBlobs(tmp_path)).write(pipeline, few.head(), prediction.predict(pipeline, few.head()))

    assert preparation.most_levels(frame) == len(frame)
    assert written.bytes < 5_000_000


@CANDIDATES
def test_frequent_levels_are_told_apart_and_all_others_are_one(candidate: Candidate) -> None:
    frequent = np.repeat([f"city {at}" for at in range(MOST_CATEGORIES - 1)], 60)
    rare = [f"village {at}" for at in range(600)]
    frame = cities([*frequent, *rare, *[None] * 100])
    sold = np.array([*(np.arange(len(frequent)) % 120 < 60), *[True] * 600, *[False] * 100])
    levels = preparation.frequent_levels(frame, MOST_CATEGORIES)
    pipeline = families.build(candidate, ("city",), COLUMNS, 0, "binary", levels)

    learning.fit(pipeline, frame, sold, threads=1)
    asked = cities(["city 10", "city 11", "village 3", "village 4", "never seen", None])
    first, second, one, other, unseen, missing = prediction.predict(pipeline, asked)

    assert set(levels["city"][:-1]) == set(frequent) and math.isnan(levels["city"][-1])
    assert first > second
    assert one == other == unseen > second
    assert missing < one


def test_of_equally_frequent_levels_the_first_by_name_are_kept() -> None:
    frame = cities(["c", "b", "a", "d", "d"])

    assert preparation.frequent_levels(frame, 3) == {"city": ["a", "d"]}
    assert preparation.frequent_levels(frame.iloc[::-1], 3) == {"city": ["a", "d"]}


def forget_recipe(home: Home) -> None:
    """As records were before there was another one."""
    access = home.ledger.models._access
    record = access.first(models.select())["record"]
    assert record.pop("recipe") == identities.RECIPE
    with access.writing("shop") as connection:
        connection.execute(update(models).values(record=record))
