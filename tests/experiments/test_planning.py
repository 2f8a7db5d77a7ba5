"""What an experiment is made of: what it refuses, and what it reads of the live ledger."""

from dataclasses import replace
from pathlib import Path

import pytest

from configs import loader
from configs.errors import InvalidSettings, MistakeOfUser, UnknownPipeline
from tasks.adapters import experiment_home
from tasks.adapters.blobs import layout
from tasks.adapters.home import Home
from tasks.domain.records import Batch
from tasks.domain.turns import Outcome
from tasks.experiments.steps import planning, replay, shelf
from tests import shop

CHANGE = "training.candidates.0.max_iter=7"


def plan(home: Home, name: str = "", *changes: str, start: str = ""):
    return planning.plan(home, "shop", name, changes, start)


def test_the_settings_are_those_of_the_file_but_for_what_is_changed(shop_versions: Home) -> None:
    found, settings = plan(shop_versions, "", CHANGE)

    live = shop_versions.settings("shop")
    assert (found.name, found.first, found.start) == ("max_iter-7", 1, "")
    assert settings.training.candidates[0].max_iter == 7
    assert settings.model_copy(update={"training": live.training}) == live
    assert live.training.candidates[0].max_iter == 10


def test_it_replays_what_was_taken_in_and_nothing_that_was_refused(shop_versions: Home) -> None:
    found, settings = plan(shop_versions, "", CHANGE)

    pasts = planning.to_replay(shop_versions, found)

    assert [past.batch.name for past in pasts] == ["week 1", "week 2", "week 3"]
    cost = planning.cost(shop_versions, found, settings)
    assert (cost.batches, cost.left, cost.fits) == (3, 3, 3 * 2 + 1 + 2)


@pytest.mark.parametrize(("start", "first"), [("", 1), ("week 2", 2), ("v1", 2), ("v2", 3), ("week 1", 1)])
def test_it_begins_where_it_is_told_to(start: str, first: int, shop_versions: Home) -> None:
    found, _ = plan(shop_versions, "", CHANGE, start=start)

    assert found.first == first


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ("week 9", "Unknown batch 'week 9' of shop"),
        ("v7", "Unknown version v7 of shop"),
        ("week 3 corrected", "is not taken in, so nothing can begin with it"),
    ],
)
def test_a_beginning_that_is_none_is_refused(start: str, sentence: str, shop_versions: Home) -> None:
    with pytest.raises(MistakeOfUser, match=sentence):
        plan(shop_versions, "", CHANGE, start=start)


def test_a_version_after_which_nothing_came_is_no_beginning(shop_versions: Home) -> None:
    models = shop_versions.ledger.models
    for place, digit in enumerate("ab"):
        model = replace(models.versions("shop")[1], id=digit * 32)
        models.record("shop", 3, model)
        version = models.register("shop", model.id)
        if not place:
            shop_versions.ledger.promotions.promote("shop", version, model.id, 3, by="evidence rule", reason="better")

    with pytest.raises(MistakeOfUser, match="No batch of shop came after v3 went live"):
        plan(shop_versions, "", CHANGE, start="v3")
    with pytest.raises(MistakeOfUser, match="v4 of shop was never live"):
        plan(shop_versions, "", CHANGE, start="v4")


def test_a_pipeline_that_took_nothing_in_has_nothing_to_replay(shop_home: Home) -> None:
    with pytest.raises(MistakeOfUser, match="shop has taken in no batch yet"):
        plan(shop_home, "", CHANGE)

    assert not shop_home.folder.exists(), "to look makes no home"


def test_rows_that_are_gone_are_named(shop_versions: Home) -> None:
    (batch,) = [one for one in shop_versions.ledger.batches.accepted("shop") if one.name == "week 2"]
    (shop_versions.folder / layout.rows(batch.accepted_file or "")).unlink()

    with pytest.raises(MistakeOfUser, match="The rows of week 2 are not in the store any more"):
        plan(shop_versions, "", CHANGE)


def test_a_pipeline_that_is_none_is_named(shop_home: Home) -> None:
    with pytest.raises(UnknownPipeline):
        planning.plan(shop_home, "shoppe", "", [CHANGE], "")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("training.candidates.0.max_iter=many", "must be a whole number"),
        ("training.candidates.0.depth=3", "no such setting"),
        ("training.candidates.1={use: no_such_package.models:Deep}", "there is no module 'no_such_package'"),
        ("training.candidates.1={use: Deep}", "there is no .*shop.py"),
        ("features.steps.0={use: basket, of: [items]}", "there is no .*shop.py"),
        ("training.features=[shop, colour]", "names the column 'colour', which validation.columns does not have"),
        ("validation.max_quarantined=1", "says what the rows are"),
    ],
)
def test_settings_that_are_none_are_refused_before_anything_is_done(change: str, sentence: str, shop_versions: Home):
    with pytest.raises(InvalidSettings, match=sentence):
        plan(shop_versions, "", change)

    assert not (shop_versions.folder / "experiments").exists()


def test_a_name_keeps_its_settings(shop_versions: Home) -> None:
    first, _ = plan(shop_versions, "deep", CHANGE)
    shelf.keep(shop_versions, first)

    again, settings = plan(shop_versions, "deep")

    assert (again, settings.training.candidates[0].max_iter) == (first, 7)
    with pytest.raises(MistakeOfUser, match="The experiment deep of shop has other settings"):
        plan(shop_versions, "deep", "training.seed=9")
    with pytest.raises(MistakeOfUser, match=r"shop has no experiment 'deeper'\. There are: deep"):
        shelf.find(shop_versions, "shop", "deeper")


def test_a_file_that_changed_since_makes_it_another_experiment(shop_versions: Home, tmp_path: Path) -> None:
    shelf.keep(shop_versions, plan(shop_versions, "deep", CHANGE)[0])
    shop.write_pipeline(tmp_path / "pipelines", text=shop.YAML.replace("min_rows: 50", "min_rows: 60"))

    with pytest.raises(MistakeOfUser, match="a setting of the file that both leave alone, or code, may have changed"):
        plan(Home(shop_versions.folder), "deep", CHANGE)


# ── the home of an experiment ─────────────────────────────────────────────────────────────────────────────────────
def test_models_are_lent_if_their_bundles_are_there(shop_versions: Home) -> None:
    settings = loader.load_changed("shop", [])
    below = experiment_home.open_below(shop_versions, "shop", "deep", settings)
    model = shop_versions.ledger.models.versions("shop")[1]

    lent = below.lent(model.id)
    (shop_versions.folder / layout.bundle(model.bundle)).unlink()

    assert lent == model
    assert (below.lent(model.id), below.lent("0" * 32)) == (None, None)


def test_what_an_experiment_fitted_is_lent_to_the_next(shop_versions: Home) -> None:
    settings = loader.load_changed("shop", [])
    one, other = (experiment_home.open_below(shop_versions, "shop", name, settings) for name in ("one", "other"))
    model = replace(shop_versions.ledger.models.versions("shop")[1], id="f" * 32)

    one.lend(model)

    assert other.lent(model.id) == model


def test_the_live_store_is_read_where_it_is_and_not_written(shop_versions: Home) -> None:
    below = experiment_home.open_below(shop_versions, "shop", "deep", shop_versions.settings("shop"))
    batch = shop_versions.ledger.batches.accepted("shop")[0]

    frame = below.store.read(batch.accepted_file or "")
    new = below.store.write(frame.head(3))

    assert len(frame) == batch.accepted
    assert not (shop_versions.folder / layout.rows(new)).exists()
    assert (shop_versions.folder / "experiments" / "shop" / ".shared" / layout.rows(new)).exists()


# ── as it was then ────────────────────────────────────────────────────────────────────────────────────────────────
def begun(home: Home, number: int, start: str = "") -> tuple[experiment_home.ExperimentHome, Batch]:
    found, settings = plan(home, "", CHANGE, start=start)
    below = experiment_home.open_below(home, "shop", found.name, settings)
    turn, batch = replay.begin(home, below, found, number)
    assert turn.number == number
    return below, batch


def test_a_turn_knows_the_batches_that_there_were_then(shop_versions: Home) -> None:
    below, batch = begun(shop_versions, 2)

    assert batch.name == "week 2"
    assert [one.name for one in below.ledger.batches.accepted("shop")] == ["week 1", "week 2"]
    below.close()


def test_who_was_live_when_it_begins_is_live_in_it(shop_versions: Home) -> None:
    below, _ = begun(shop_versions, 3, start="week 3")

    live = below.ledger.promotions.before("shop", 3)
    assert [made.model for made in live] == [shop_versions.ledger.models.versions("shop")[2].id]
    assert [row["number"] for row in below.ledger.turns.all("shop")] == [1, 2, 3]
    again, _ = begun(shop_versions, 3, start="week 3")
    assert len(again.ledger.promotions.all("shop")) == 1
    below.close()
    again.close()


def test_a_turn_that_was_given_up_live_is_passed_over(shop_versions: Home) -> None:
    shop_versions.ledger.turns.close("shop", 2, Outcome.FAILED, ("given up",))
    found, _ = plan(shop_versions, "", CHANGE)

    assert replay.given_up(shop_versions, found, 1) is None
    past = replay.given_up(shop_versions, found, 2)
    assert past is not None and past.reasons == ("given up",)
