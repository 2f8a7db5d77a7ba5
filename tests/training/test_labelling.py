"""Rows get their labels when they are there: all at once, from no later than they were known, and never another one."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from configs import label_source
from tasks.adapters.home import Home
from tasks.domain import late_labels
from tasks.domain.label_records import LateLabels
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.ingestion import columns
from tasks.lineage.steps import verification
from tasks.training.steps import fitting, handles, labelling
from tasks.training.windows import Plan
from tasks.validation.steps import label_intake
from tests import late_labels as world
from tests import shop


@pytest.fixture
def ledger_url(either_ledger: str | None) -> str | None:
    """All of it is so on both databases."""
    return either_ledger


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ledger_url: str | None) -> Iterator[Home]:
    shop.write_pipeline(tmp_path / "pipelines", text=world.YAML)
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    opened = Home(tmp_path / "home", ledger_url)
    for source in ("shop", "returns"):
        (opened.folder / "landing" / source).mkdir(parents=True)
    yield opened
    opened.close()


def come(home: Home, name: str, frame: pd.DataFrame, *, labels: bool = False) -> Batch:
    """A turn in which rows or labels are taken in, and labels laid over rows."""
    settings = home.settings("shop")
    batch = label_intake.record(hashlib.sha256(name.encode()).hexdigest(), name, LateLabels())
    turn = TurnRef("shop", home.ledger.turns.open("shop", batch.id, name, None), batch.id, name)
    if labels:
        batch = label_intake.check(home, turn, frame)
        home.ledger.batches.record("shop", batch)
    else:
        batch = shop.take_in(home, name, columns.with_late(frame, settings.late_columns, settings.validation))
    return labelling.settle(home, turn, batch)


def month(home: Home, name: str = "month 1") -> Batch:
    return next(one for one in home.ledger.batches.accepted("shop") if one.name == name)


def stands(batch: Batch) -> tuple[bool, int, int]:
    """Whether it waits, how many labels are there, and rows that have none in its file."""
    return batch.awaits, batch.there, batch.unlabelled


def test_a_batch_waits_until_all_of_its_labels_are_there(home: Home) -> None:
    come(home, "month 1", world.rows(1))
    before = stands(month(home))
    come(home, "a", world.labels(1)[:1000], labels=True)
    between = stands(month(home))
    come(home, "b", world.labels(1)[1000:], labels=True)

    assert (before, between, stands(month(home))) == ((True, 0, 1344), (True, 1000, 1344), (False, 1344, 0))
    pd.testing.assert_series_equal(
        home.store.read(month(home).accepted_file or "")["sold"], world.sales(1)["sold"], check_names=False
    )


def test_labels_that_come_before_their_rows_wait_for_them(home: Home) -> None:
    labels = come(home, "a", world.labels(1), labels=True)

    rows = come(home, "month 1", world.rows(1))

    assert labels.labels is not None
    assert labels.labels.unknown == 1344
    assert stands(rows) == (False, 1344, 0)
    assert [one.labels.unknown for one in label_intake.taken(home, "shop") if one.labels] == [0]


@pytest.mark.parametrize(("days", "waits"), [(-1, True), (0, False)])
def test_when_their_time_has_passed_it_is_judged_on_what_there_is(days: int, waits: bool, home: Home) -> None:
    come(home, "month 1", world.rows(1))
    come(home, "a", world.labels(1)[:1000], labels=True)
    last = world.rows(1)["at"].max() + timedelta(weeks=6, days=days)

    come(home, "b", world.labels(4)[:1].assign(known=last), labels=True)

    assert stands(month(home)) == ((True, 1000, 1344) if waits else (False, 1000, 344))


def test_a_batch_without_any_label_waits_whatever_its_age(home: Home) -> None:
    come(home, "month 1", world.rows(1))

    come(home, "a", world.labels(5), labels=True)

    assert stands(month(home)) == (True, 0, 1344)


def test_labels_that_come_after_their_time_are_learned_from(home: Home) -> None:
    come(home, "month 1", world.rows(1))
    come(home, "a", world.labels(1)[:1000], labels=True)
    come(home, "b", world.labels(4), labels=True)
    first = month(home)

    come(home, "c", world.labels(1)[1000:], labels=True)

    assert (first.unlabelled, month(home).unlabelled) == (344, 0)
    assert late_labels.at(month(home), 3).accepted_file == first.accepted_file
    assert len(late_labels.files(month(home))) == 3


def test_a_label_that_differs_from_the_one_that_was_used_is_counted_and_changes_nothing(home: Home) -> None:
    come(home, "month 1", world.rows(1))
    come(home, "a", world.labels(1), labels=True)
    first = month(home)

    again = come(home, "b", world.labels(1)[:3].assign(kept=lambda one: ~one["kept"]), labels=True)

    assert again.labels is not None
    assert (again.labels.taken, again.labels.corrected) == (3, 3)
    assert month(home) == first


def test_a_label_that_was_corrected_before_it_was_used_is_the_corrected_one(home: Home) -> None:
    come(home, "month 1", world.rows(1))
    come(home, "a", world.labels(1)[:1000], labels=True)

    come(
        home,
        "b",
        pd.concat([world.labels(1)[:1].assign(kept=lambda one: ~one["kept"]), world.labels(1)[1000:]]),
        labels=True,
    )

    sold = home.store.read(month(home).accepted_file or "")["sold"]
    assert bool(sold.iloc[0]) is not bool(world.sales(1)["sold"].iloc[0])
    assert sold.iloc[1:].tolist() == world.sales(1)["sold"].iloc[1:].tolist()


def test_done_twice_it_changes_nothing(home: Home) -> None:
    come(home, "month 1", world.rows(1))
    labels = come(home, "a", world.labels(1), labels=True)
    first = home.ledger.batches.all("shop")

    labelling.settle(home, TurnRef("shop", 2, labels.id, "a"), labels)

    assert home.ledger.batches.all("shop") == first


def test_without_a_column_for_it_a_label_is_known_when_it_comes(home: Home) -> None:
    rows = home.settings("shop")
    labels = rows.ingestion.labels
    assert labels is not None
    room = rows.ingestion.model_copy(update={"labels": labels.model_copy(update={"time": None})})
    home._settings["shop"] = rows.model_copy(update={"ingestion": room})
    come(home, "month 1", world.rows(1))

    come(home, "a", world.labels(1).drop(columns="known"), labels=True)

    assert label_source.settings(home.settings("shop")).ingestion.times.label is None
    known = home.store.read(month(home).accepted_file or "")["settled"]
    assert known.unique().tolist() == [pd.Timestamp(home.ledger.turns.get("shop", 2)["started"])]


# ── nothing is used before it was known ───────────────────────────────────────────────────────────────────────────
MOVED, CUTOFF = 40, shop.START + timedelta(weeks=8)


@pytest.mark.parametrize(
    ("moment", "left_out"), [(pd.Timestamp(CUTOFF), MOVED), (pd.Timestamp(CUTOFF) - timedelta(microseconds=1), 0)]
)
def test_a_row_is_not_learned_from_before_its_late_label_was_known(
    moment: pd.Timestamp, left_out: int, home: Home
) -> None:
    come(home, "month 1", world.rows(1))
    labels = world.labels(1)
    labels["known"] = labels["known"].where(labels.index >= MOVED, moment)
    come(home, "a", labels, labels=True)

    found = handles.rows(home).select(Plan((month(home),), None, CUTOFF), home.settings("shop"))

    assert (found.rows, found.excluded_unknown) == (1344 - left_out, left_out)


def test_what_waits_is_neither_judged_nor_learned_from(home: Home) -> None:
    come(home, "month 1", world.rows(1))
    labels = come(home, "a", world.labels(1)[:1000], labels=True)
    turn = TurnRef("shop", 2, labels.id, "a")

    pool = fitting.pool(home, turn, labels)
    found = handles.rows(home).select(Plan((month(home),), None, CUTOFF), home.settings("shop"))

    assert (pool.batches, found.rows) == ((), 0)


@pytest.mark.parametrize(("weeks", "judged"), [(7, True), (8, False)])
def test_what_is_labelled_waits_as_well_until_it_is_as_old_as_labels_must_be(
    weeks: int, judged: bool, home: Home
) -> None:
    settings = home.settings("shop")
    training = settings.training.model_copy(update={"mature_after": weeks * 7})
    home._settings["shop"] = settings.model_copy(update={"training": training})
    come(home, "month 1", world.rows(1))
    come(home, "a", world.labels(1), labels=True)
    later = come(home, "b", world.labels(3)[:100], labels=True)  # its labels are known three weeks after the sales

    pool = fitting.pool(home, TurnRef("shop", 3, later.id, "b"), later)

    assert [one.name for one in pool.batches] == (["month 1"] if judged else [])
    assert pool.members == ((month(home).id,) if judged else ())


# ── verify ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_rows_with_labels_that_are_not_those_that_came_are_found(home: Home) -> None:
    come(home, "month 1", world.rows(1))
    come(home, "a", world.labels(1), labels=True)
    sound = [one.text for one in verification.verify(home, "shop") if "labels" in one.text]
    batch = month(home)
    frame = home.store.read(batch.accepted_file or "")
    forged = home.store.write(frame.assign(sold=frame["sold"].mask(frame.index == 0, ~frame["sold"])))
    home.ledger.batches.relabel("shop", replace(batch, accepted_file=forged))

    found = [one.text for one in verification.verify(home, "shop")]

    assert sound == []
    assert any("its rows with labels, no 1, are not what the labels of turn 2 make of them" in one for one in found)


def test_labels_that_are_missing_from_a_delivery_are_found(home: Home) -> None:
    labels = come(home, "a", world.labels(1), labels=True)
    assert labels.labels is not None
    short = replace(labels.labels, file=home.store.write(world.labels(1)[:1000]))
    home.ledger.batches.relabel("shop", replace(labels, labels=short))

    found = [one.text for one in verification.verify(home, "shop")]

    assert any("1,344 labels taken recorded, 1,000 stored" in one for one in found)
