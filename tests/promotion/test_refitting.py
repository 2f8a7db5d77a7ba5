"""Refits by hand: on which rows, under which guard, and asked on rows that neither version has learned from."""

from dataclasses import replace

import pandas as pd
import pytest

from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, BundleFacts, Model
from tasks.domain.turns import Guard, Refit, TurnRef, Verdict, VerdictKind
from tasks.promotion.steps import refitting
from tasks.training.steps import fitting, handles
from tests import shop
from tests.reporting import pieces

WON = Verdict(VerdictKind.PROMOTE, ("beats no model",), first=True)
KEPT = Verdict(VerdictKind.REJECT, ("no",))


def begun(home: Home, number: int) -> tuple[TurnRef, Batch]:
    """A week that was taken in, and its turn."""
    batch = shop.take_in(home, f"week {number}", shop.week(number))
    turn = home.ledger.turns.open("shop", batch.id, batch.name, None)
    return TurnRef("shop", turn, batch.id, batch.name), batch


def first_champion(home: Home) -> tuple[TurnRef, Pool, Model]:
    """A turn in which a first model has won on the younger half of its week."""
    turn, batch = begun(home, 1)
    pool, settings = fitting.pool(home, turn, batch), home.settings("shop")
    plan = fitting.plan(home, turn, pool)
    assert plan is not None
    order = fitting.order(home, settings, handles.rows(home).select(plan, settings), "logistic_regression")
    judged = fitting.fit(home, order, settings)
    home.ledger.models.record("shop", turn.number, judged, settings.canonical())
    assert home.ledger.models.register("shop", judged.id) == 1
    home.ledger.promotions.record_verdict("shop", turn.number, None, judged.id, WON)
    return turn, pool, judged


def refitted(home: Home) -> Refit:
    turn, pool, judged = first_champion(home)
    made = refitting.refit(home, turn, pool, judged, 1)
    assert made is not None
    home.ledger.promotions.promote("shop", made.version, made.model, turn.number, by="", reason="")
    return made


def model(home: Home, identity: str) -> Model:
    found = home.ledger.models.get("shop", identity)
    assert found is not None
    return found


def test_it_learns_from_all_labelled_rows_also_from_labels_that_came_late(shop_home: Home) -> None:
    made = refitted(shop_home)

    judged, refit = model(shop_home, made.judged_model), model(shop_home, made.model)
    assert (made.version, refit.snapshot.rows, judged.snapshot.rows < 144) == (2, 288, True)
    assert (refit.snapshot.excluded_unknown, refit.snapshot.ignores_labels) == (0, True)
    assert refit.snapshot.last_event == shop.START + pd.Timedelta(days=6) - pd.Timedelta(minutes=30)
    assert (refit.family, refit.golden == judged.golden) == (judged.family, False)


def test_what_is_done_is_not_done_again(shop_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    turn, pool, judged = first_champion(shop_home)
    made = refitting.refit(shop_home, turn, pool, judged, 1)
    monkeypatch.setattr(fitting, "fit", lambda *_: pytest.fail("it was fitted already"))

    assert refitting.refit(shop_home, turn, pool, judged, 1) == made


def test_a_winner_that_is_live_already_is_not_refitted(shop_home: Home) -> None:
    turn, pool, judged = first_champion(shop_home)
    shop_home.ledger.promotions.promote("shop", 1, judged.id, turn.number, by="", reason="by an earlier version")

    assert refitting.refit(shop_home, turn, pool, judged, 1) is None
    assert shop_home.ledger.refits.get("shop") is None


def test_a_bundle_that_cannot_be_trusted_keeps_it_out(shop_home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "inspect", lambda *_: BundleFacts(1.0, 1.0, "Model bundle was changed."))

    made = refitted(shop_home)

    assert made.guard == Guard("bundle", True, "Model bundle was changed.")
    assert refitting.told(shop_home, TurnRef("shop", 1, "", "")) == (
        "its refit v2 is not live: guard 'bundle' objects: Model bundle was changed.",
    )


def test_both_are_asked_on_rows_that_neither_has_learned_from(shop_home: Home) -> None:
    made = refitted(shop_home)
    turn, batch = begun(shop_home, 2)
    pool, refit = fitting.pool(shop_home, turn, batch), model(shop_home, made.model)

    found = refitting.check(shop_home, turn, pool, refit, KEPT)
    again = refitting.check(shop_home, turn, pool, refit, KEPT)

    assert found is not None and found.check is not None and found == again
    assert found.check.comparison.rows == 288
    assert pool.moment is not None and pool.moment >= refit.snapshot.cutoff
    assert not {one.accepted_file for one in pool.batches} & {*refit.snapshot.batches}
    assert refitting.check(shop_home, replace(turn, number=3), pool, refit, KEPT) is None


def test_the_gate_of_a_refit_is_that_of_the_version_for_which_it_stands(shop_home: Home) -> None:
    made = refitted(shop_home)
    batch = shop_home.ledger.turns.get("shop", 1)["batch"]
    won = replace(pieces.score(made.judged_model, 144, 0.3, 0.3, 0.5, 0.4, 0.6), batch=batch)
    shop_home.ledger.models.record_score("shop", won)

    found = [history.at_gate(shop_home.ledger, "shop", one) for one in (made.model, made.judged_model)]

    assert found == [won, won]
