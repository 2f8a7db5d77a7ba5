"""Diff: what two names stand for, fetched and told apart; what is gone is named, and the rest is told all the same."""

from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pytest

from configs.errors import Damaged, MistakeOfUser
from tasks.adapters import provenance
from tasks.adapters.home import Home
from tasks.lineage.steps import differing, named_rows
from tests import shop, stored


def test_two_versions_differ_in_rows_and_in_what_they_are_made_with(shop_versions: Home) -> None:
    diff = differing.diff(shop_versions, "shop", "v1", "V2")

    first, second = shop_versions.ledger.models.versions("shop").values()
    assert diff.rows is not None and diff.origins is not None
    assert (diff.was.title, diff.now.title, diff.looked_at) == ("v1", "v2", 2)
    assert (diff.rows.rows.was, diff.rows.rows.now) == (first.snapshot.rows, second.snapshot.rows)
    assert (diff.rows.rows.gone, diff.rows.rows.changed) == (0, 0)
    assert diff.rows.columns[0].column in ("items", "shop")
    assert diff.origins.settings == ()
    assert [model.family for model in diff.origins.models] == ["hist_gradient_boosting", "logistic_regression"]


def test_a_batch_and_the_snapshot_of_a_version_have_names_as_well(shop_versions: Home) -> None:
    snapshot = shop_versions.ledger.models.versions("shop")[2].snapshot
    batch = shop_versions.ledger.batches.accepted("shop")[0]

    diff = differing.diff(shop_versions, "shop", batch.id[:8], snapshot.id[:9])

    assert diff.rows is not None
    assert (diff.was.title, diff.now.title) == ("batch week 1", f"snapshot {snapshot.id[:12]}")
    assert (diff.rows.rows.was, diff.rows.rows.now, diff.origins) == (336, snapshot.rows, None)
    assert diff.rows.rows.same == 288, "the last day of the week has no labels, so no version learned from it"


def test_what_a_corrected_delivery_changes_is_told_although_it_was_refused(shop_versions: Home) -> None:
    diff = differing.diff(shop_versions, "shop", "week 3", "week 3 corrected", delivered=True)

    assert diff.rows is not None
    assert (diff.rows.rows.same, diff.rows.rows.changed) == (332, 4)
    assert diff.rows.rows.columns == (("price", 4),)


def test_rows_that_were_set_aside_are_delivered_rows(shop_home: Home) -> None:
    week = shop.week(1)
    batch = shop.take_in(shop_home, "bad", week.assign(items=week["items"].mask(week.index < 3, -1)))
    named = named_rows.find(shop_home, "shop", "bad")

    frames = [named_rows.frame(shop_home, "shop", named, delivered=delivered) for delivered in (False, True)]

    assert (batch.accepted, batch.quarantined) == (333, 3)
    assert [len(frame) for frame in frames] == [333, 336]
    assert all(set(frame.columns) == set(week.columns) for frame in frames)


@pytest.mark.parametrize(
    ("one", "other", "text"),
    [
        ("v1", "v1", "Both are v1 of shop: a diff takes two different things."),
        ("v1", "v9", "Unknown version v9 of shop. It has v1 to v2"),
        ("week 1", "week 9", "Unknown batch 'week 9' of shop. The last ones: "),
        ("week 1", "", "Unknown batch '' of shop."),
        ("week 1", "week 3 corrected", "Batch week 3 corrected was refused: it has no rows to look at."),
        ("week 1", "../../etc/passwd", "Unknown batch '../../etc/passwd' of shop."),
    ],
)
def test_a_name_that_stands_for_nothing_is_said(one: str, other: str, text: str, shop_versions: Home) -> None:
    with pytest.raises(MistakeOfUser) as told:
        differing.diff(shop_versions, "shop", one, other)

    assert str(told.value).startswith(text)


def test_a_refused_batch_whose_bytes_are_no_rows_says_why(shop_home: Home) -> None:
    from tasks.ingestion import intake

    digest = shop_home.store.keep_original(b"PAR1 and no more")
    refused = replace(intake.refuse(digest, "broken", 0, "It is truncated."), aside_file=digest)
    shop_home.ledger.batches.record("shop", refused)
    shop.take_in(shop_home, "week 1", shop.week(1))

    with pytest.raises(MistakeOfUser, match="The rows of batch broken cannot be read: "):
        differing.diff(shop_home, "shop", "week 1", "broken", delivered=True)


def test_of_what_was_refused_unkept_or_has_changed_no_row_is_guessed(shop_versions: Home) -> None:
    (refused,) = [one for one in shop_versions.ledger.batches.all("shop") if one.aside_file]
    shop_versions.ledger.batches.record("shop", replace(refused, id="0" * 64, name="a pipe", aside_file=None))
    stored.refused(shop_versions, refused.id).write_bytes(b"something else")

    with pytest.raises(MistakeOfUser, match="The bytes of batch a pipe were not kept"):
        differing.diff(shop_versions, "shop", "week 3", "a pipe", delivered=True)
    with pytest.raises(Damaged, match="is gone or has changed"):
        differing.diff(shop_versions, "shop", "week 3", "week 3 corrected", delivered=True)


def test_of_versions_whose_rows_are_gone_the_rest_is_told(shop_versions: Home) -> None:
    (file,) = shop_versions.ledger.models.versions("shop")[1].snapshot.batches
    stored.rows(shop_versions, file).unlink()
    shop_versions.store.forget()

    diff = differing.diff(shop_versions, "shop", "v1", "v2")

    assert (diff.rows, diff.problem.startswith("The store has lost ")) == (None, True)
    assert diff.origins is not None
    with pytest.raises(Damaged):
        differing.diff(shop_versions, "shop", "week 1", "week 2")


def test_a_page_says_what_is_gone_first(shop_versions: Home) -> None:
    (file,) = shop_versions.ledger.models.versions("shop")[1].snapshot.batches
    stored.rows(shop_versions, file).unlink()
    shop_versions.store.forget()

    path = differing.publish(shop_versions, differing.diff(shop_versions, "shop", "v1", "v2"))

    html = path.read_text(encoding="utf-8")
    assert html.index("The store has lost ") < html.index('<section id="settings">')
    assert '<section id="rows">' not in html


def test_settings_that_changed_between_two_fits_are_named(shop_versions: Home) -> None:
    first, second = shop_versions.ledger.models.versions("shop").values()
    paper = shop_versions.settings("shop").canonical()
    paper["training"]["seed"] = 7
    later = replace(second, id="another", settings_hash="else", lock_hash="gone", code_version="--output=/tmp/x")
    shop_versions.ledger.models.record("shop", 3, later, paper)
    shop_versions.ledger.models.register("shop", "another")

    origins = differing.diff(shop_versions, "shop", "v1", "v3").origins

    assert origins is not None and origins.settings is not None
    assert [one.text for one in origins.settings] == ["training.seed: 7, was 5"]
    assert (origins.libraries, origins.commits, origins.code) == (None, None, ())
    assert first.lock_hash == provenance.lock_hash()


def test_settings_that_were_not_kept_are_said_to_be_gone(shop_versions: Home) -> None:
    second = shop_versions.ledger.models.versions("shop")[2]
    shop_versions.ledger.models.record("shop", 3, replace(second, id="another", settings_hash="else"))
    shop_versions.ledger.models.register("shop", "another")

    origins = differing.diff(shop_versions, "shop", "v1", "v3").origins

    assert origins is not None and origins.settings is None


def test_columns_beyond_the_contract_may_be_of_any_kind(shop_home: Home) -> None:
    for number in (1, 2):
        values = pa.chunked_array([[[row, number] for row in range(336)]])
        odd = {"list": pd.Series(pd.arrays.ArrowExtensionArray(values)), "large": 2**60 + shop.week(1).index}
        shop.take_in(shop_home, f"week {number}", shop.week(number).assign(nothing=None, **{"\x1b[2J": "x"}, **odd))

    diff = differing.diff(shop_home, "shop", "week 1", "week 2")
    page = differing.publish(shop_home, diff).read_text(encoding="utf-8")

    assert diff.rows is not None
    kinds = {one.column: one.kind for one in diff.rows.columns}
    assert (kinds["list"], kinds["large"], kinds["nothing"], kinds["\x1b[2J"]) == (
        "other",
        "number",
        "other",
        "category",
    )
    assert "<h1><span>batch week 2 against batch week 1</span></h1>" in page


def test_without_a_look_at_a_model_nothing_is_known_to_matter(shop_home: Home) -> None:
    shop.take_in(shop_home, "week 1", shop.week(1))
    shop.take_in(shop_home, "week 2", shop.week(2))

    diff = differing.diff(shop_home, "shop", "week 1", "week 2")

    assert diff.rows is not None
    assert (diff.looked_at, {one.matters for one in diff.rows.columns}) == (None, {None})
