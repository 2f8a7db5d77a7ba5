"""A model that is begun before it is asked for is the one that would be fitted when it is."""

import threading

import pytest
from threadpoolctl import threadpool_info

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.records import Snapshot
from tasks.domain.turns import TurnRef
from tasks.problems import prediction
from tasks.training.steps import fitting, handles
from tests import shop

FAMILIES = ("logistic_regression", "hist_gradient_boosting")
SECONDS = 30


@pytest.fixture
def snapshot(shop_home: Home) -> Snapshot:
    batch = shop.take_in(shop_home, "week 1", shop.week(1))
    turn = TurnRef("shop", shop_home.ledger.turns.open("shop", batch.id, batch.name, None), batch.id, batch.name)
    plan = fitting.plan(shop_home, turn, fitting.pool(shop_home, turn, batch))
    assert plan is not None
    return handles.rows(shop_home).select(plan, shop_home.settings("shop"))


@pytest.fixture
def settings(shop_home: Home) -> PipelineSettings:
    return shop_home.settings("shop")


@pytest.mark.parametrize("family", FAMILIES)
def test_what_was_begun_is_what_would_be_fitted(
    family: str, shop_home: Home, snapshot: Snapshot, settings: PipelineSettings
) -> None:
    order = fitting.order(shop_home, settings, snapshot, family)
    here = fitting.fit(shop_home, order, settings)

    fitting.begin(shop_home, order, settings)
    begun = fitting.fit(shop_home, order, settings)

    assert (begun.id, begun.bundle, begun.golden) == (here.id, here.bundle, here.golden)
    assert handles.ahead(shop_home).take(order.model) is None, "it was given away"


def test_a_fit_that_fails_is_made_again_by_whoever_asks(
    shop_home: Home, snapshot: Snapshot, settings: PipelineSettings
) -> None:
    order = fitting.order(shop_home, settings, snapshot, FAMILIES[0])

    def fail() -> None:
        raise MemoryError("no memory just now")

    handles.ahead(shop_home).begin(order.model, fail)  # type: ignore[arg-type]

    assert fitting.fit(shop_home, order, settings).id == order.model


def test_another_model_is_never_taken_for_it(shop_home: Home, snapshot: Snapshot, settings: PipelineSettings) -> None:
    one, other = (fitting.order(shop_home, settings, snapshot, family) for family in FAMILIES)
    fitting.begin(shop_home, one, settings)

    assert handles.ahead(shop_home).take(other.model) is None
    assert handles.ahead(shop_home).take(one.model) is None, "the turn went another way: it is let go of"


def test_a_model_that_is_made_again_to_be_compared_is_fitted_anew(
    shop_home: Home, snapshot: Snapshot, settings: PipelineSettings
) -> None:
    order = fitting.order(shop_home, settings, snapshot, FAMILIES[0])
    fitting.begin(shop_home, order, settings)

    fitting.fit(shop_home, order, settings, into=shop_home.bundles)

    assert handles.ahead(shop_home).take(order.model) is not None


def test_libraries_have_their_threads_back_whoever_leaves_first() -> None:
    before = {one["filepath"]: one["num_threads"] for one in threadpool_info()}
    inside, go_on = threading.Event(), threading.Event()

    def stay() -> None:
        with prediction.at_most(1):
            inside.set()
            go_on.wait(SECONDS)

    other = threading.Thread(target=stay)
    other.start()
    assert inside.wait(SECONDS)
    with prediction.at_most(1):
        go_on.set()
        other.join(SECONDS)
        here = {one["num_threads"] for one in threadpool_info()}

    assert here == {1}, "who has left takes nothing away from who is still at it"
    assert {one["filepath"]: one["num_threads"] for one in threadpool_info()} == before
