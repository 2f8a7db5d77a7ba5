"""Rows by reference: the ones that a model learns from and is judged on are exactly those that a look at the data gives."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from configs import loader
from configs.errors import InvalidSettings
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.pools import Size
from tasks.domain.records import Batch, Model
from tasks.problems import prediction
from tasks.training import preparation
from tasks.training.steps import fitting, handles
from tasks.training.steps.rows import Rows
from tasks.training.windows import Plan
from tests import shop
from tests.sizes import size


@pytest.fixture
def settings(shop_home: Home) -> PipelineSettings:
    return shop_home.settings("shop")


@pytest.fixture
def weeks(shop_home: Home) -> list[Batch]:
    return [shop.take_in(shop_home, f"week {number}", shop.week(number)) for number in (1, 2)]


def begin_of(number: int) -> datetime:
    return (shop.START + pd.Timedelta(weeks=number - 1)).to_pydatetime()


def others(home: Home) -> Rows:
    """Rows as another process sees them."""
    return Rows(home.store, home.bundles)


def test_a_batch_is_judged_on_its_labelled_rows(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    frame = shop.week(2).dropna(subset="sold")

    found = handles.rows(shop_home).judged(weeks[1], None, settings)

    expected = preparation.prepare(
        frame.reset_index(drop=True), settings.training.features, settings.validation.columns
    )
    pd.testing.assert_frame_equal(found.prepared, expected)
    assert found.outcomes.tolist() == frame["sold"].tolist()
    assert found.clusters.tolist() == frame["at"].dt.strftime("%Y-%m-%d").tolist()
    assert found.slices["shop"].tolist() == frame["shop"].tolist()
    assert handles.rows(shop_home).count(weeks[1], None, settings) == size(288, int(frame["sold"].sum()), 6)


def test_of_the_first_batch_only_what_follows_the_cut_off_is_judged(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    cutoff = (shop.START + pd.Timedelta(days=4)).to_pydatetime()

    found = handles.rows(shop_home).judged(weeks[0], cutoff, settings)

    assert sorted(set(found.clusters)) == ["2013-01-11", "2013-01-12"]
    assert len(found.outcomes) == 96


def test_a_cut_off_before_the_batch_leaves_it_whole(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    whole = handles.rows(shop_home).judged(weeks[1], None, settings)

    assert handles.rows(shop_home).judged(weeks[1], begin_of(1), settings) is whole
    assert handles.rows(shop_home).judged(weeks[1], begin_of(2), settings) is whole


def test_a_batch_without_labels_has_nothing_to_judge(shop_home: Home, settings: PipelineSettings) -> None:
    unlabelled = shop.take_in(shop_home, "none", shop.week(3).assign(sold=pd.array([pd.NA] * 336, dtype="boolean")))
    nothing_new = shop.take_in(shop_home, "again", shop.week(3).assign(sold=pd.array([pd.NA] * 336, dtype="boolean")))

    assert handles.rows(shop_home).count(unlabelled, None, settings) == Size(0, (), 0)
    assert (nothing_new.accepted_file, handles.rows(shop_home).count(nothing_new, None, settings)) == (
        None,
        Size(0, (), 0),
    )


def test_a_window_holds_what_was_known_before_the_cut_off_and_counts_the_rest(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    cutoff = begin_of(3)
    frame = pd.concat([shop.week(1), shop.week(2)])
    in_time = frame[frame["sold"].notna() & (frame["settled"] < cutoff) & (frame["learned"] < cutoff)]

    snapshot = handles.rows(shop_home).select(Plan(tuple(weeks), None, cutoff), settings)

    assert snapshot.batches == (weeks[0].accepted_file, weeks[1].accepted_file)
    assert (snapshot.rows, snapshot.positives) == (len(in_time), int(in_time["sold"].sum()))
    # The second week arrives at the cut-off itself: none of its rows was known before.
    assert (snapshot.rows, snapshot.excluded_unlabelled, snapshot.excluded_unknown) == (288, 48, 336)
    assert (snapshot.first_event, snapshot.last_event) == (in_time["at"].min(), in_time["at"].max())


def test_a_snapshot_gives_the_same_rows_to_every_process(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    snapshot = handles.rows(shop_home).select(Plan(tuple(weeks), begin_of(1), begin_of(4)), settings)
    here = handles.rows(shop_home).window(snapshot, settings)

    there = others(shop_home).window(snapshot, settings)

    pd.testing.assert_frame_equal(there.prepared, here.prepared)
    assert there.outcomes.tolist() == here.outcomes.tolist()
    assert len(here.outcomes) == snapshot.rows == 2 * 288


def test_the_same_selection_is_the_same_snapshot_and_another_one_is_not(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    plans = [
        Plan(tuple(weeks), None, begin_of(4)),
        Plan(tuple(weeks), None, begin_of(3)),
        Plan(tuple(weeks), begin_of(2), begin_of(4)),
        Plan(tuple(weeks[:1]), None, begin_of(4)),
        Plan(tuple(weeks), None, begin_of(4), ignores_arrival=True),
    ]

    ids = [rows.select(plan, settings).id for plan in plans for rows in (handles.rows(shop_home), others(shop_home))]

    assert ids[0::2] == ids[1::2]
    assert len(set(ids)) == len(plans)


def test_drift_is_measured_against_what_the_model_learned_from(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    snapshot = handles.rows(shop_home).select(Plan(tuple(weeks), None, begin_of(4)), settings)

    reference = handles.rows(shop_home).reference(snapshot, settings)

    expected = pd.concat([shop.week(n).dropna(subset="sold") for n in (1, 2)], ignore_index=True)
    pd.testing.assert_frame_equal(reference, expected[["shop", "items", "price"]])


def test_an_answer_is_that_of_the_stored_model_on_the_judged_rows(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    model = trained(shop_home, settings, weeks[0], "logistic_regression")

    answers = handles.rows(shop_home).answers(model, weeks[1], begin_of(2), settings)

    loaded = shop_home.bundles.check(model.bundle, model.golden)
    judged = handles.rows(shop_home).judged(weeks[1], None, settings)
    assert np.array_equal(answers, prediction.predict(loaded, judged.prepared))
    assert handles.rows(shop_home).answers(model, weeks[1], None, settings) is answers


def test_two_pipelines_may_look_at_the_same_batch_with_other_eyes(shop_home: Home, weeks: list[Batch]) -> None:
    text = shop.YAML.replace("label: sold", "label: gift").replace("[shop, items, price]", "[items]")
    shop.write_pipeline(shop_home.folder.parent / "pipelines", "gifts", text.replace(", label: settled", ""))
    one, other = shop_home.settings("shop"), shop_home.settings("gifts")
    plan = Plan(tuple(weeks), None, begin_of(4))

    sold, gifts = (handles.rows(shop_home).judged(weeks[0], None, settings) for settings in (one, other))
    windows = [
        handles.rows(shop_home).window(handles.rows(shop_home).select(plan, settings), settings)
        for settings in (one, other)
    ]

    assert gifts.outcomes.tolist() == shop.week(1)["gift"].tolist()
    assert len(sold.outcomes) == 288
    assert [list(window.prepared) for window in windows] == [["shop", "items", "price"], ["items"]]


@pytest.mark.parametrize("family", ["hist_gradient_boosting", "logistic_regression"])
@pytest.mark.parametrize("features", ["[items, shop]", "[price, shop, items]", "[shop, items, price, gift]"])
def test_a_model_is_asked_with_its_own_columns_when_the_settings_have_others_by_now(
    family: str, features: str, shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    model = trained(shop_home, settings, weeks[0], family)
    before = handles.rows(shop_home).answers(model, weeks[1], None, settings)
    changed = reset(shop_home, shop.YAML.replace("[shop, items, price]", features))

    after = handles.rows(shop_home).answers(model, weeks[1], None, changed)

    assert np.array_equal(after, before)
    assert list(handles.rows(shop_home).inputs(model, weeks[1], None, changed)) == ["shop", "items", "price"]


def test_a_live_model_whose_column_left_the_contract_is_the_users_mistake(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    model = trained(shop_home, settings, weeks[0], "logistic_regression")
    text = shop.YAML.replace("[shop, items, price]", "[shop, items]")
    text = text.replace("    price: {type: number, nullable: true}\n", "")

    with pytest.raises(InvalidSettings, match=r"validation\.columns no longer has 'price'"):
        handles.rows(shop_home).answers(model, weeks[1], None, reset(shop_home, text))


def test_rows_from_before_a_column_was_in_the_contract_have_it_missing(shop_home: Home, weeks: list[Batch]) -> None:
    rules = (
        "shop: {type: category}",
        "colour: {type: category, nullable: true}",
        "size: {type: integer, nullable: true}",
    )
    text = shop.YAML.replace("    shop: {type: category}\n", "".join(f"    {rule}\n" for rule in rules)).replace(
        "[shop, ", "[shop, colour, size, "
    )
    changed = reset(shop_home, text)

    snapshot = handles.rows(shop_home).select(Plan(tuple(weeks), None, begin_of(4)), changed)
    model = fitting.fit(shop_home, fitting.order(shop_home, changed, snapshot, "hist_gradient_boosting"), changed)

    window = handles.rows(shop_home).window(snapshot, changed).prepared
    assert snapshot.rows == 2 * 288
    assert window[["colour", "size"]].isna().all().all()
    assert window["price"].notna().any()
    assert np.isfinite(handles.rows(shop_home).answers(model, weeks[1], None, changed)).all()
    assert handles.rows(shop_home).reference(snapshot, changed)["size"].isna().all()


def trained(home: Home, settings: PipelineSettings, batch: Batch, family: str) -> Model:
    snapshot = handles.rows(home).select(Plan((batch,), None, begin_of(2), ignores_arrival=True), settings)
    return fitting.fit(home, fitting.order(home, settings, snapshot, family), settings)


def reset(home: Home, text: str) -> PipelineSettings:
    """The settings after the user has changed the file."""
    shop.write_pipeline(home.folder.parent / "pipelines", text=text)
    return loader.load("shop")


def test_what_was_kept_can_be_let_go(shop_home: Home, settings: PipelineSettings, weeks: list[Batch]) -> None:
    before = handles.rows(shop_home).judged(weeks[0], None, settings)

    handles.rows(shop_home).forget()

    after = handles.rows(shop_home).judged(weeks[0], None, settings)
    assert after is not before
    pd.testing.assert_frame_equal(after.prepared, before.prepared)


def test_of_a_turn_only_what_the_live_model_learned_from_is_kept(
    shop_home: Home, settings: PipelineSettings, weeks: list[Batch]
) -> None:
    rows = handles.rows(shop_home)
    snapshot = rows.select(Plan((weeks[0],), None, begin_of(2), ignores_arrival=True), settings)
    before, judged = rows.window(snapshot, settings), rows.judged(weeks[1], None, settings)
    reference = rows.reference(snapshot, settings)
    assert rows.window(snapshot, settings) is before

    rows.end_turn()

    after = rows.window(snapshot, settings)
    assert after is not before
    pd.testing.assert_frame_equal(after.prepared, before.prepared)
    assert rows.judged(weeks[1], None, settings) is not judged
    assert rows.reference(snapshot, settings) is reference


def test_one_reference_is_kept(shop_home: Home, settings: PipelineSettings, weeks: list[Batch]) -> None:
    rows = handles.rows(shop_home)
    old, new = (rows.select(Plan(tuple(weeks), None, begin_of(end)), settings) for end in (2, 3))
    before = rows.reference(old, settings)

    assert len(rows.reference(new, settings)) > len(before)
    assert rows.reference(old, settings) is not before
