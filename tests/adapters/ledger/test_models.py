"""Models: committed once, numbered once, and everything measured of them is found again."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tasks.adapters.ledger.book import Ledger
from tasks.domain.records import Metric, Model, Score
from tests.adapters.ledger.conftest import Database
from tests.reporting import pieces

ONE, TWO, THREE = (pieces.model(number, number) for number in (1, 2, 3))


def score(model: Model, batch: str, loss: float | None) -> Score:
    made = pieces.score(model.id, 900, 0.2, 0.3, loss, None, None)
    return replace(made, batch=batch, metrics=(Metric("log_loss", loss, None, None, greater_is_better=False),))


def test_a_model_is_read_as_it_was_written_and_never_changes(ledger: Ledger) -> None:
    ledger.models.record("shop", 1, ONE)
    ledger.models.record("shop", 2, replace(ONE, family="another"))

    assert ledger.models.get("shop", ONE.id) == ONE
    assert ledger.models.get("flights", ONE.id) is None
    assert ledger.models.of_turn("shop", 1) == [ONE]
    assert ledger.models.of_turn("shop", 2) == []


def test_models_are_listed_in_the_order_in_which_they_were_fitted(ledger: Ledger) -> None:
    for turn, model in ((1, THREE), (1, ONE), (2, TWO)):
        ledger.models.record("shop", turn, model)

    assert ledger.models.all("shop") == [THREE, ONE, TWO]
    assert ledger.models.of_turn("shop", 1) == [THREE, ONE]


def test_a_version_number_is_given_once_to_a_model_and_to_no_other(ledger: Ledger) -> None:
    for model in (ONE, TWO, THREE):
        ledger.models.record("shop", 1, model)
    ledger.models.record("flights", 1, ONE)

    given = [ledger.models.register("shop", model.id) for model in (TWO, ONE, TWO)]

    assert given == [1, 2, 1]
    assert ledger.models.versions("shop") == {1: TWO, 2: ONE}
    assert ledger.models.register("flights", ONE.id) == 1


def test_a_version_is_found_by_its_number_and_by_its_model(ledger: Ledger) -> None:
    for model in (ONE, TWO):
        ledger.models.record("shop", 1, model)
    ledger.models.register("shop", TWO.id)

    assert [ledger.models.version("shop", number) for number in (0, 1, 2)] == [None, TWO, None]
    assert [ledger.models.number("shop", model) for model in (TWO.id, ONE.id, "x")] == [1, None, None]
    assert ledger.models.version("flights", 1) is None


def test_siblings_are_those_that_learned_from_the_same_rows(ledger: Ledger) -> None:
    sibling = replace(TWO, id="sibling")
    for model in (ONE, TWO, sibling):
        ledger.models.record("shop", 1, model)
    ledger.models.register("shop", TWO.id)

    assert ledger.models.beside("shop", [sibling.id]) == [(1, TWO), (None, sibling)]
    assert ledger.models.beside("shop", []) == []
    assert ledger.models.beside("shop") == [(None, ONE), (1, TWO), (None, sibling)]


def test_models_that_are_registered_at_once_have_a_version_each(open_ledger: Callable[[], Ledger]) -> None:
    ledgers, models = [open_ledger(), open_ledger()], [pieces.model(number, number) for number in range(1, 13)]
    for model in models:
        ledgers[0].models.record("shop", 1, model)

    with ThreadPoolExecutor(6) as pool:
        given = list(pool.map(lambda n: ledgers[n % 2].models.register("shop", models[n % 12].id), range(24)))

    assert sorted(given) == sorted([*range(1, 13)] * 2)
    assert given[:12] == given[12:]


def test_scores_are_found_by_model_and_batch_and_stay_as_they_were(ledger: Ledger) -> None:
    ledger.models.record_score("shop", score(ONE, "a", 0.5))
    ledger.models.record_score("shop", score(ONE, "a", 0.1))
    ledger.models.record_score("shop", score(ONE, "b", None))

    assert ledger.models.score("shop", ONE.id, "a") == score(ONE, "a", 0.5)
    assert ledger.models.score("shop", TWO.id, "a") is None
    assert set(ledger.models.scores("shop")) == {(ONE.id, "a"), (ONE.id, "b")}


def test_the_last_losses_are_those_of_the_last_judged_turn_on_its_own_batch(ledger: Ledger) -> None:
    linear = replace(TWO, id="linear", family="logistic_regression")
    for turn, batch, model in ((1, "a", ONE), (2, "b", TWO), (2, "b", linear), (3, "c", THREE)):
        assert ledger.turns.open("shop", batch, batch, None) == turn
        ledger.models.record("shop", turn, model)
        ledger.models.record_score("shop", score(model, batch, 0.1 * turn))
    ledger.models.record_score("shop", score(TWO, "c", 9.0))
    for model in (ONE, TWO):
        ledger.models.register("shop", model.id)

    found = {turn: sorted(ledger.models.last_losses("shop", before=turn)) for turn in (1, 2, 3, 4)}

    boosted = "hist_gradient_boosting"
    assert found[1] == []
    assert found[2] == [(boosted, 0.1)]
    assert found[3] == found[4] == [(boosted, 0.2), ("logistic_regression", 0.2)]


def test_a_candidate_whose_loss_is_not_defined_does_not_count(ledger: Ledger) -> None:
    ledger.turns.open("shop", "a", "a", None)
    ledger.models.record("shop", 1, ONE)
    ledger.models.register("shop", ONE.id)
    ledger.models.record_score("shop", score(ONE, "a", None))

    assert ledger.models.last_losses("shop", before=2) == []


def test_drift_comparison_and_snapshot_are_found_again(ledger: Ledger) -> None:
    drift, comparison = pieces.drift(1), pieces.comparison(0.01, 0.005, 0.02, 1)
    ledger.models.record_drift("shop", drift)
    ledger.models.record_comparison("shop", "a", "dummy", ONE.id, comparison)
    for snapshot in (TWO.snapshot, ONE.snapshot, ONE.snapshot):
        ledger.models.record_snapshot("shop", snapshot)

    assert ledger.models.drift("shop", drift.batch) == drift
    assert ledger.models.drifts("shop") == {drift.batch: drift}
    assert ledger.models.comparison("shop", "a", "dummy", ONE.id) == comparison
    assert ledger.models.comparison("shop", "a", "dummy", TWO.id) is None
    assert ledger.models.comparisons("shop") == {"a": comparison}
    assert ledger.models.snapshots("shop") == sorted([ONE.snapshot, TWO.snapshot], key=lambda one: (one.cutoff, one.id))
    assert ledger.models.drift("shop", "z") is None


def test_a_comparison_of_another_pair_takes_the_place_of_the_one_before(ledger: Ledger) -> None:
    ledger.models.record_comparison("shop", "a", "dummy", ONE.id, pieces.comparison(0.01, 0.005, 0.02, 1))
    again = pieces.comparison(0.03, 0.005, 0.05, 2)

    ledger.models.record_comparison("shop", "a", "dummy", TWO.id, again)

    assert ledger.models.comparisons("shop") == {"a": again}
    assert ledger.models.comparison("shop", "a", "dummy", ONE.id) is None


@pytest.mark.parametrize("change", ["bundle = golden", "family = 'x'", "snapshot = 'x'", "golden = 'x'", "id = 'x'"])
def test_a_column_that_was_changed_beside_its_record_is_noticed(
    change: str, ledger: Ledger, database: Database
) -> None:
    for model in (ONE, TWO):
        ledger.models.record("shop", 1, model)
    before = ledger.models.torn("shop")

    database.execute(f"update models set {change} where id = :id", id=ONE.id)

    assert before == []
    assert ledger.models.torn("shop") in ([ONE.id], ["x"])
