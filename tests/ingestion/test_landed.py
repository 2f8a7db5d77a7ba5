"""A delivery on its way: who judges it gets what was read, whatever became of the source and of this process."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import DeliveryWaits
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.records import BatchStatus
from tasks.domain.turns import TurnRef
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.steps import landed
from tasks.validation import tasks as validation
from tests import shop, stored

ODD = {
    "list": pa.array([[1, None, 2**60 + 1]] * 336),
    "record": pa.array([{"a": 2**60 + 1, "b": None}] * 336),
    "moment": pa.array([1_357_000_000_123_456_789] * 336, pa.timestamp("ns", "Europe/Vienna")),
    "exact": pa.array(["1.20"] * 336).cast(pa.decimal128(9, 2)),
    "level": pa.array(["x", "y"] * 168).dictionary_encode(),
    "raw": pa.array([b"\0\xff"] * 336),
}
"""Columns beyond the contract that pandas would change, or hold as objects."""


@pytest.fixture
def landing(shop_home: Home) -> Path:
    folder = shop_home.folder / "landing" / "shop"
    folder.mkdir(parents=True)
    table = pa.Table.from_pandas(shop.week(1), preserve_index=False)
    for name, values in ODD.items():
        table = table.append_column(name, values)
    pq.write_table(table, folder / "week-1.parquet")
    return folder


def read(home: Home) -> TurnRef:
    with homes.use(home):
        (delivery,) = ingestion.list_waiting.fn("shop").deliveries
        turn = coordination.open_turn.fn("shop", delivery)
        assert ingestion.read_batch.fn(turn, delivery) is None
    return turn


@pytest.mark.parametrize(
    "lose", [lambda home: home.forget(), lambda home: home], ids=["nothing at hand", "another process"]
)
def test_what_is_read_again_is_the_same_value_by_value(
    lose: Callable[[Home], object], shop_home: Home, landing: Path
) -> None:
    turn, settings = read(shop_home), shop_home.settings("shop")
    before = landed.of(shop_home).rows(turn, settings)
    lose(shop_home)

    again = landed.of(Home(shop_home.folder)).rows(turn, settings)

    assert again is not before
    pd.testing.assert_frame_equal(again, before)
    assert set(ODD) < {*again.columns}


def test_the_source_may_change_between_reading_and_judging(shop_home: Home, landing: Path) -> None:
    turn = read(shop_home)
    (landing / "week-1.parquet").write_bytes(b"something else")
    shop_home.forget()

    with homes.use(shop_home):
        batch = validation.check_batch.fn(turn)

    assert (batch.status, batch.landed) == (BatchStatus.ACCEPTED, 336)


def test_nothing_is_left_when_the_batch_is_in(shop_home: Home, landing: Path) -> None:
    turn = read(shop_home)
    assert stored.scratch(shop_home, "shop", turn.batch).exists()

    with homes.use(shop_home):
        ingestion.accept_batch.fn(turn, validation.check_batch.fn(turn))

    assert not stored.scratch(shop_home, "shop", turn.batch).exists()


def test_what_a_killed_process_has_left_goes_with_the_next_start(shop_home: Home, landing: Path) -> None:
    turn = read(shop_home)

    with homes.use(Home(shop_home.folder)):
        ingestion.list_waiting.fn("shop")

    assert not stored.scratch(shop_home, "shop", turn.batch).exists()


def test_a_file_that_cannot_be_read_leaves_nothing(shop_home: Home, landing: Path) -> None:
    (landing / "week-1.parquet").write_bytes(b"PAR1 nonsense")

    with homes.use(shop_home):
        (delivery,) = ingestion.list_waiting.fn("shop").deliveries
        turn = coordination.open_turn.fn("shop", delivery)
        refused = ingestion.read_batch.fn(turn, delivery)

    assert refused is not None
    assert refused.status is BatchStatus.REFUSED
    assert not stored.scratch(shop_home, "shop").parent.exists()


def test_bytes_that_are_lost_on_the_way_are_waited_for(shop_home: Home, landing: Path) -> None:
    turn = read(shop_home)
    shop_home.scratch.remove("shop", turn.batch)
    shop_home.forget()

    with homes.use(shop_home), pytest.raises(DeliveryWaits, match="read from its source again by the next try"):
        validation.check_batch.fn(turn)
