"""The model of an experiment and the one that was live, on rows that neither had learned from."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from configs import loader
from tasks.adapters import experiment_home
from tasks.adapters.experiment_home import ExperimentHome
from tasks.adapters.home import Home
from tasks.domain.pools import Pool
from tasks.domain.records import Model
from tasks.domain.turns import Outcome, TurnRef, Verdict, VerdictKind
from tasks.experiments.plans import Plan
from tasks.experiments.replayed import Replayed
from tasks.experiments.steps import facing, planning, replay, shelf
from tests import shop

REJECT = facing.End(Outcome.REJECT, ("why",), Verdict(VerdictKind.REJECT, ("why",)))


@pytest.fixture
def plan(shop_versions: Home) -> Plan:
    """In its fourth week v2 was live in the pipeline, which had learned from the time before."""
    batch = shop.take_in(shop_versions, "week 4", shop.week(4))
    turn = shop_versions.ledger.turns.open("shop", batch.id, batch.name, None)
    shop_versions.ledger.turns.close("shop", turn, Outcome.REJECT, ("why",))
    return planning.plan(shop_versions, "shop", "", ["training.seed=7"], "")[0]


@pytest.fixture
def below(shop_versions: Home, plan: Plan) -> Iterator[ExperimentHome]:
    settings = loader.load_changed("shop", [loader.override(text) for text in plan.changes])
    opened = experiment_home.open_below(shop_versions, "shop", plan.name, settings)
    yield opened
    opened.close()


def faced(live: Home, below: ExperimentHome, plan: Plan, champion: Model | None, end: facing.End = REJECT) -> Replayed:
    turn, batch = replay.begin(live, below, plan, 4)
    return facing.face(live, below, plan, turn, Pool((batch,), None), champion, end)


def versions(home: Home) -> dict[int, Model]:
    return home.ledger.models.versions("shop")


def test_two_models_are_compared_on_the_same_rows(shop_versions: Home, below: ExperimentHome, plan: Plan) -> None:
    one = faced(shop_versions, below, plan, versions(shop_versions)[1])

    assert one.comparison is not None and one.evidence is not None
    assert (one.live_version, one.is_same, one.outcome) == (2, False, Outcome.REJECT)
    assert one.comparison.rows == 288, "those of the week that have labels"
    assert shelf.replayed(shop_versions, plan) == [one]


def test_one_model_is_not_compared_with_itself(shop_versions: Home, below: ExperimentHome, plan: Plan) -> None:
    one = faced(shop_versions, below, plan, versions(shop_versions)[2])

    assert (one.comparison, one.evidence, one.is_same) == (None, None, True)


def test_a_model_that_was_fitted_twice_is_one(shop_versions: Home, below: ExperimentHome, plan: Plan) -> None:
    one = faced(shop_versions, below, plan, replace(versions(shop_versions)[2], id="f" * 32))

    assert (one.comparison, one.alike, one.is_same) == (None, True, True)


def test_rows_that_one_of_them_has_learned_from_are_left_out(
    shop_versions: Home, below: ExperimentHome, plan: Plan
) -> None:
    model = versions(shop_versions)[1]
    begin = shop_versions.ledger.batches.accepted("shop")[3].first_event
    assert begin is not None
    later = replace(model, id="f" * 32, snapshot=replace(model.snapshot, cutoff=begin + timedelta(days=3)))

    whole, part = (faced(shop_versions, below, plan, one) for one in (model, later))

    assert part.comparison is not None and whole.comparison is not None
    assert 0 < part.comparison.rows < whole.comparison.rows


def test_where_nothing_was_judged_nothing_is_compared(shop_versions: Home, below: ExperimentHome, plan: Plan) -> None:
    end = facing.End(Outcome.NOT_JUDGED, ("too few rows",))

    one = faced(shop_versions, below, plan, versions(shop_versions)[1], end)

    assert (one.comparison, one.outcome, one.promoted) == (None, Outcome.NOT_JUDGED, False)


def test_evidence_is_carried_from_batch_to_batch(shop_versions: Home, below: ExperimentHome, plan: Plan) -> None:
    first = faced(shop_versions, below, plan, versions(shop_versions)[1])
    shelf.keep_batch(shop_versions, plan, replace(first, turn=2))

    second = faced(shop_versions, below, plan, versions(shop_versions)[1])

    assert first.evidence is not None and second.evidence is not None
    assert second.evidence.before == pytest.approx(
        max(first.evidence.value, sum(max(m, 1) for m in first.evidence.m) / 6)
    )
    again = faced(shop_versions, below, plan, versions(shop_versions)[1])
    assert again.evidence == second.evidence, "what is found again is the same"


def test_the_turn_has_the_number_that_it_has_in_the_pipeline(
    shop_versions: Home, below: ExperimentHome, plan: Plan
) -> None:
    turn, _ = replay.begin(shop_versions, below, plan, 4)

    assert isinstance(turn, TurnRef)
    assert (turn.number, [row["number"] for row in below.ledger.turns.all("shop")]) == (4, [4])
