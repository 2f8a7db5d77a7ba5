"""Simulated deliveries: made from the newest good one, behind everything else, labelled, whole or not at all."""

import hashlib
import itertools
import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from configs.errors import LandingFolderMissing
from tasks.adapters.home import Home
from tasks.ingestion import intake
from tasks.lineage.faults import SimulatedFault
from tasks.lineage.steps import simulation
from tests import folders, shop


@pytest.fixture
def landing(shop_home: Home) -> Path:
    """The landing folder with two weeks of sales."""
    folder = shop_home.landing("shop")
    folder.mkdir(parents=True)
    for number in (1, 2):
        shop.week(number).to_parquet(folder / f"2013-01-{7 * number:02d}.parquet", index=False)
    return folder


def read(home: Home, path: Path) -> pd.DataFrame:
    (one,) = [delivery for delivery in folders.listed(path.parent) if delivery.address == path.name]
    return folders.rows(path.parent, one, home.settings("shop").validation)


def test_it_is_made_from_the_newest_delivery_and_happens_when_all_others_are_known(
    shop_home: Home, landing: Path
) -> None:
    (made,) = simulation.simulate(shop_home, "shop", SimulatedFault.UNIT, "price")

    rows = read(shop_home, made.path)
    known = max(shop.week(number)["learned"].max() for number in (1, 2))
    weeks = (rows["at"].min() - shop.week(2)["at"].min()) / pd.Timedelta(weeks=1)
    assert (made.base, made.rows, made.first) == ("2013-01-14", len(rows), rows["at"].min().to_pydatetime())
    assert rows["at"].min() > known
    assert (rows["learned"] == shop.week(2)["learned"].max() + pd.Timedelta(weeks=round(weeks))).all()
    assert made.path == landing / f"{made.name}.parquet" and made.name.endswith("-simulated-unit")


def test_the_file_says_that_it_is_simulated_and_nothing_else_does(shop_home: Home, landing: Path) -> None:
    (made,) = simulation.simulate(shop_home, "shop", SimulatedFault.SILENT)

    told = simulation.origin(made.path.read_bytes())

    assert told is not None
    assert (told["fault"], told["base"]) == ("silent", "2013-01-14")
    assert b"incumbent.simulated" in pq.read_schema(made.path).metadata
    assert simulation.origin((landing / "2013-01-07.parquet").read_bytes()) is None
    assert simulation.origin(b"no parquet") is None


def test_the_same_folder_gives_the_same_bytes(shop_home: Home, landing: Path) -> None:
    (first,) = simulation.simulate(shop_home, "shop", SimulatedFault.RENAMED)
    content = first.path.read_bytes()
    first.path.unlink()

    (again,) = simulation.simulate(shop_home, "shop", SimulatedFault.RENAMED)

    assert (again.name, again.path.read_bytes()) == (first.name, content)


def test_called_again_it_is_another_batch_later_and_from_the_same_good_one(shop_home: Home, landing: Path) -> None:
    made = [one for _ in range(3) for one in simulation.simulate(shop_home, "shop", SimulatedFault.ONE_CLASS)]

    digests = {hashlib.sha256(one.path.read_bytes()).hexdigest() for one in made}
    listed = [one.name for one in folders.listed(landing)]
    assert len(digests) == 3
    assert {one.base for one in made} == {"2013-01-14"}
    assert listed[-3:] == [one.name for one in made]
    assert all(later.first > earlier.last for earlier, later in itertools.pairwise(made))


def test_what_was_taken_in_is_not_made_again_when_its_file_is_gone(shop_home: Home, landing: Path) -> None:
    (first,) = simulation.simulate(shop_home, "shop", SimulatedFault.UNIT, "price")
    digest = hashlib.sha256(first.path.read_bytes()).hexdigest()
    shop_home.ledger.batches.record("shop", intake.refuse(digest, first.name, first.rows, "price: in cents."))
    first.path.unlink()

    (again,) = simulation.simulate(shop_home, "shop", SimulatedFault.UNIT, "price")

    assert hashlib.sha256(again.path.read_bytes()).hexdigest() != digest
    assert again.first > first.first


def test_a_concept_takes_three_batches_one_after_the_other(shop_home: Home, landing: Path) -> None:
    made = simulation.simulate(shop_home, "shop", SimulatedFault.CONCEPT)

    assert [one.name.rsplit("-simulated-")[1] for one in made] == ["concept-1", "concept-2", "concept-3"]
    assert intake.order([one.name for one in made]) == [one.name for one in made]
    assert made[0].last < made[1].first and made[1].last < made[2].first
    (after,) = simulation.simulate(shop_home, "shop", SimulatedFault.UNIT, "price")
    assert after.base == made[2].name


def test_bad_files_are_no_base_and_their_times_do_not_count(shop_home: Home, landing: Path) -> None:
    (landing / "2013-02.parquet").write_bytes(b"PAR1 but no more")
    (landing / "2013-03.parquet").mkdir()
    far = shop.week(200).drop(columns="shop")
    far.to_parquet(landing / "2013-04.parquet", index=False)
    refused = hashlib.sha256((landing / "2013-04.parquet").read_bytes()).hexdigest()
    shop_home.ledger.batches.record("shop", intake.refuse(refused, "2013-04", len(far), "Column 'shop' is missing."))

    (made,) = simulation.simulate(shop_home, "shop", SimulatedFault.UNIT, "price")

    assert (made.base, made.first.year) == ("2013-01-14", 2013)
    assert made.name == "2013-04-simulated-1-unit"


@pytest.mark.parametrize("empty", [True, False], ids=["empty folder", "no folder"])
def test_without_deliveries_it_is_made_from_the_newest_accepted_batch(
    shop_home: Home, landing: Path, empty: bool
) -> None:
    for number in (1, 2):
        shop.take_in(shop_home, f"week-{number}", shop.week(number))
    shutil.rmtree(landing)
    if empty:
        landing.mkdir()

    (made,) = simulation.simulate(shop_home, "shop", SimulatedFault.RENAMED)

    assert (made.base, made.name) == ("week-2", "week-2-simulated-1-renamed")
    assert read(shop_home, made.path)["at"].min() > shop.week(2)["at"].max()


def test_with_nothing_to_start_from_it_says_so(shop_home: Home) -> None:
    with pytest.raises(LandingFolderMissing, match="There is nothing to simulate from: no good delivery is in"):
        simulation.simulate(shop_home, "shop", SimulatedFault.UNIT)
