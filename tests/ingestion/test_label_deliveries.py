"""Deliveries of labels come from a source of their own, of any kind, are seen as those of rows are, and come first."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from configs.errors import LandingFolderMissing, MistakeOfUser
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.coordination.steps import agenda
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import Outcome, TurnRef
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.steps import admission, arrivals
from tasks.lineage.steps import verification
from tasks.training.steps import labelling
from tasks.validation import tasks as validation
from tests import late_labels as world
from tests import shop

NOW = datetime(2013, 6, 1, tzinfo=UTC)
FOLDER = "source: {kind: csv, folder: landing/returns}"
Open = Callable[..., Home]


@pytest.fixture
def under(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Open]:
    """Opens one home with another source of labels."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    opened: list[Home] = []

    def use(source: str = FOLDER, column: str = "kept") -> Home:
        for one in opened:
            one.close()
        text = world.YAML.replace(FOLDER, source).replace("column: kept", f"column: {column}")
        shop.write_pipeline(tmp_path / "pipelines", text=text)
        opened.append(Home(tmp_path / "home", clock=lambda: NOW))
        homes.open_here(opened[-1])
        for folder in ("shop", "shop.labels", "returns"):
            (opened[-1].folder / "landing" / folder).mkdir(parents=True, exist_ok=True)
        return opened[-1]

    yield use
    opened[-1].close()
    homes._current = None


def work(home: Home) -> list[Batch]:
    """Every turn that waits, as far as its door and its end."""
    taken = []
    for delivery in arrivals.look(home, "shop").deliveries:
        turn = coordination.open_turn.fn("shop", delivery)
        check = validation.check_labels if delivery.of_labels else validation.check_batch
        batch = ingestion.read_batch.fn(turn, delivery) or check.fn(turn)
        if batch.reason:
            batch = validation.set_aside.fn(turn, delivery, batch)
        taken.append(ingestion.accept_batch.fn(turn, batch))
        home.ledger.turns.close("shop", turn.number, Outcome.REFUSED if batch.reason else Outcome.NOT_JUDGED, ("why",))
    return taken


def test_labels_come_before_rows_that_wait_as_well(under: Open) -> None:
    home = under()
    world.land_rows(home.folder, 1)
    world.land_labels(home.folder, "returns-10", world.labels(1)[:20])
    world.land_labels(home.folder, "returns-9", world.labels(1)[20:])

    found = arrivals.look(home, "shop").deliveries

    assert [(one.name, one.of_labels) for one in found] == [
        ("returns-9", True),
        ("returns-10", True),
        ("month-01", False),
    ]
    assert [batch.labels is not None for batch in work(home)] == [True, True, False]
    assert arrivals.look(home, "shop").deliveries == ()


def test_rows_need_neither_their_label_nor_its_time(under: Open) -> None:
    home = under()
    world.land_rows(home.folder, 1)

    (batch,) = work(home)

    assert (batch.accepted, batch.unlabelled, batch.awaits) == (1344, 1344, True)
    assert [one.text for one in verification.verify(home, "shop") if "batch" in one.text] == []


def test_rows_that_come_again_without_labels_are_known_when_theirs_have_come(under: Open) -> None:
    home = under()
    world.land_rows(home.folder, 1)
    world.land_labels(home.folder, "returns-1", world.labels(1))
    work(home)
    rows = next(one for one in home.ledger.batches.accepted("shop"))
    labelling.settle(home, TurnRef("shop", 2, rows.id, rows.name), rows)
    late = pd.concat([world.rows(1)[5:9], world.rows(2)[:3]])
    late.to_parquet(home.folder / "landing" / "shop" / "month-01-late.parquet", index=False)

    (again,) = work(home)

    assert (again.accepted, again.duplicates, again.quarantined) == (3, 4, 0)


def test_one_file_of_labels_is_cut_by_when_they_were_known(under: Open, tmp_path: Path) -> None:
    home = under("source: {kind: csv, file: returns.csv, cut: {months: 1}}")
    world.labels(1).to_csv(tmp_path / "returns.csv", index=False)

    taken = work(home)

    assert [batch.name for batch in taken] == ["2013-01", "2013-02"]
    assert sum(batch.labels.taken for batch in taken if batch.labels) == 1344


def test_a_table_of_labels_is_read_by_its_watermark(under: Open, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.db"
    home = under(f"source: {{kind: sql, address: '{address}', table: r, watermark: known, cut: {{days: 7}}}}")
    with closing(sqlite3.connect(tmp_path / "a.db")) as database, database:
        database.execute('create table r ("at" text, shop text, kept integer, known text)')
        texts = world.labels(1)[:700].astype({"at": str, "known": str, "kept": int})[["at", "shop", "kept", "known"]]
        database.executemany("insert into r values (?, ?, ?, ?)", texts.itertuples(index=False, name=None))

    taken = work(home)

    assert len(taken) == 3
    assert sum(batch.labels.taken for batch in taken if batch.labels) == 700
    assert {one.parent.name for one in (home.folder / "landing").rglob("*.parquet")} == {"shop.labels"}


def test_a_folder_of_labels_that_is_missing_is_named_by_its_own_setting(under: Open) -> None:
    home = under()
    (home.folder / "landing" / "returns").rmdir()

    with pytest.raises(LandingFolderMissing, match=r"returns does not exist.*ingestion\.labels\.source\.folder"):
        arrivals.look(home, "shop")


def test_labels_that_land_are_seen_by_who_looks_every_minute(under: Open) -> None:
    home = under()
    first = arrivals.changed(home, "shop")
    arrivals.remember(home, "shop", first or "")
    world.land_labels(home.folder, "returns-1", world.labels(1))
    path = home.folder / "landing" / "returns" / "returns-1.csv"
    os.utime(path, (NOW.timestamp(), NOW.timestamp() - 60))
    landed = arrivals.changed(home, "shop")
    arrivals.remember(home, "shop", landed or "")

    assert landed not in (None, first)
    assert [evidence for _, evidence in agenda.unannounced(home, "shop")] == ["returns-1 landed"]
    assert arrivals.changed(home, "shop") is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda one: one.drop(columns="kept"), "Column 'kept' is missing."),
        (lambda one: one.drop(columns="shop"), "Column 'shop' is missing."),
        (lambda one: one.assign(kept="perhaps"), "Column 'kept' must be true or false"),
        (lambda one: one.assign(known="soon"), "Column 'known' must be a time"),
        (lambda one: one[:0], "The file has no rows."),
        (lambda one: one.assign(known=one["known"] + pd.Timedelta(days=365)), "1,344 of 1,344 rows break the contract"),
    ],
    ids=["no label", "no key", "no boolean", "no time", "no rows", "labels from the future"],
)
def test_what_cannot_be_taken_for_labels_is_refused(
    change: Callable[[pd.DataFrame], pd.DataFrame], reason: str, under: Open
) -> None:
    home = under()
    world.land_labels(home.folder, "returns-1", change(world.labels(1)))

    (refused,) = work(home)

    assert (refused.status, refused.labels is not None) == (BatchStatus.REFUSED, True)
    assert reason in (refused.reason or "")


def test_a_delivery_of_labels_that_was_refused_can_be_admitted(under: Open) -> None:
    home = under()
    world.land_labels(home.folder, "returns-1", world.labels(1).rename(columns={"kept": "stays"}))
    (refused,) = work(home)
    (home.folder / "landing" / "returns" / "returns-1.csv").unlink()
    home = under(column="stays")

    aside = admission.find(home, "shop", "returns-1", Decision.ADMIT)
    delivery = ingestion.admit_batch.fn("shop", aside, "ann", "the column has another name", Decision.ADMIT)
    (admitted,) = work(home)

    assert (refused.status, delivery.of_labels, delivery.kept) == (BatchStatus.REFUSED, True, True)
    assert admitted.labels is not None
    assert (admitted.status, admitted.labels.taken) == (BatchStatus.ACCEPTED, 1344)


def test_there_is_nothing_to_decide_about_labels_that_were_taken_in(under: Open) -> None:
    home = under()
    world.land_labels(home.folder, "returns-1", world.labels(1))
    work(home)

    with pytest.raises(MistakeOfUser, match="1,344 of its 1,344 labels are in"):
        admission.find(home, "shop", "returns-1", Decision.ADMIT)
