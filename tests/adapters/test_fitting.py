"""Fitting: the same order gives the same model, and a bundle that cannot be trusted is a fact and no crash."""

from collections.abc import Sequence

import pandas as pd
import pytest

from configs.settings import PipelineSettings
from tasks.adapters import fitting
from tasks.adapters.home import Home
from tasks.core.records import Batch, Snapshot
from tasks.core.turns import TurnRef
from tests.adapters import shop

FAMILIES = ("hist_gradient_boosting", "logistic_regression")


@pytest.fixture
def settings(shop_home: Home) -> PipelineSettings:
    return shop_home.settings("shop")


def turns(home: Home, batches: Sequence[Batch]) -> list[TurnRef]:
    numbers = [home.ledger.turns.open("shop", batch.id, batch.name, None) for batch in batches]
    return [TurnRef("shop", number, batch.id, batch.name) for number, batch in zip(numbers, batches, strict=True)]


def two_weeks(home: Home) -> list[Batch]:
    return [shop.take_in(home, f"week {number}", shop.week(number)) for number in (1, 2)]


def a_snapshot(home: Home) -> Snapshot:
    (batch, *_) = two_weeks(home)
    (turn,) = turns(home, [batch])
    plan = fitting.plan(home, turn, batch)
    assert plan is not None
    return home.rows.select(plan, home.settings("shop"))


def test_the_first_batch_is_split_between_days_and_the_next_one_learns_from_all_before(shop_home: Home) -> None:
    batches = two_weeks(shop_home)
    first, second = turns(shop_home, batches)

    plans = [fitting.plan(shop_home, turn, batch) for turn, batch in zip((first, second), batches, strict=True)]

    assert plans[0] is not None
    assert plans[1] is not None
    assert (plans[0].batches, plans[0].ignores_arrival) == ((batches[0],), True)
    assert plans[0].cutoff == shop.START + pd.Timedelta(days=3)
    assert (plans[1].batches, plans[1].ignores_arrival) == ((batches[0],), False)
    assert plans[1].cutoff == batches[1].first_event


def test_with_a_champion_a_batch_before_all_others_is_not_split(shop_home: Home) -> None:
    batches = two_weeks(shop_home)
    late, _ = turns(shop_home, batches)
    shop_home.ledger.promotions.promote("shop", 1, "m", 0, by="first champion policy", reason="better")

    assert fitting.plan(shop_home, late, batches[0]) is None


def test_a_batch_in_which_nothing_is_new_has_no_plan(shop_home: Home) -> None:
    shop.take_in(shop_home, "week 1", shop.week(1))
    again = shop.take_in(shop_home, "the same rows", shop.week(1))
    (turn,) = turns(shop_home, [again])

    assert (again.accepted, again.duplicates) == (0, 336)
    assert fitting.plan(shop_home, turn, again) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_order_gives_the_same_bytes(family: str, shop_home: Home, settings: PipelineSettings) -> None:
    snapshot = a_snapshot(shop_home)

    one, other = (fitting.fit(shop_home, fitting.order(settings, snapshot, family), settings) for _ in range(2))

    assert (one.id, one.bundle, one.golden) == (other.id, other.bundle, other.golden)
    assert one.id == fitting.order(settings, snapshot, family).model
    assert (one.family, one.snapshot, one.seed) == (family, snapshot, 5)
    assert one.base_rate == snapshot.positives / snapshot.rows
    assert one.bundle_bytes == shop_home.bundles.bundle_path(one.bundle).stat().st_size


def test_another_seed_candidate_or_selection_is_another_model(shop_home: Home, settings: PipelineSettings) -> None:
    snapshot = a_snapshot(shop_home)
    reseeded = settings.model_copy(update={"training": settings.training.model_copy(update={"seed": 6})})
    orders = [fitting.order(settings, snapshot, family) for family in FAMILIES]
    orders.append(fitting.order(reseeded, snapshot, FAMILIES[0]))

    ids = {order.model for order in orders}

    assert len(ids) == 3


def test_nothing_is_committed_by_a_fit(shop_home: Home, settings: PipelineSettings) -> None:
    fitting.fit(shop_home, fitting.order(settings, a_snapshot(shop_home), FAMILIES[1]), settings)

    assert shop_home.ledger.models.all("shop") == []


def test_a_bundle_is_inspected_as_serving_would_load_it(shop_home: Home, settings: PipelineSettings) -> None:
    model = fitting.fit(shop_home, fitting.order(settings, a_snapshot(shop_home), FAMILIES[0]), settings)

    facts = fitting.inspect(shop_home, model, settings)

    assert facts.problem is None
    assert facts.megabytes == model.bundle_bytes / 1e6
    assert 0 < facts.latency_ms < 10_000


@pytest.mark.parametrize("part", ["bundle", "golden"])
def test_a_bundle_that_is_not_the_one_of_its_gate_is_a_fact_with_a_reason(
    part: str, shop_home: Home, settings: PipelineSettings
) -> None:
    model = fitting.fit(shop_home, fitting.order(settings, a_snapshot(shop_home), FAMILIES[0]), settings)
    paths = {
        "bundle": shop_home.bundles.bundle_path(model.bundle),
        "golden": shop_home.bundles.golden_path(model.golden),
    }
    paths[part].write_bytes(b"something else")

    facts = fitting.inspect(shop_home, model, settings)

    assert facts.problem is not None
    assert "was changed after its gate" in facts.problem
