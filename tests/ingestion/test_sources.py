"""What every source must do. Add a new one to `WORLDS`; the last is a fake whose deliveries are nowhere in a folder."""

import hashlib
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from configs.errors import DeliveryWaits, LandingFolderMissing
from tasks.adapters.home import Home
from tasks.ingestion.sources import base, source_kinds
from tasks.ingestion.sources.base import Delivery, Listing, Mark, Source
from tasks.ingestion.sources.landing_folder import LandingFolder
from tasks.ingestion.sources.one_file import OneFile
from tasks.ingestion.steps import arrivals
from tests import shop

HEADER = "at,shop,sold\n"
DAY = "2013-01-01T04:00Z,a,true\n2013-01-01T05:00Z,b,false\n"
NEXT = "2013-01-02T04:00Z,c,true\n"
YAML = """
title: Will it be sold?
ingestion:
  source: {kind: csv%s}
  times: {event: at}
validation:
  columns: {at: {type: timestamp}, shop: {type: category}, sold: {type: boolean}}
training: {label: sold, features: [shop], candidates: [{family: logistic_regression}]}
"""


@dataclass
class Bucket:
    """A source of objects that have addresses and no paths."""

    objects: dict[str, bytes] = field(default_factory=dict)
    is_there: bool = False
    where: str = "bucket://landing"

    def fetch(self) -> list[str]:
        return []

    def look(self) -> Listing:
        self._require()
        return Listing([Delivery(_name(at), at, _digest(found)) for at, found in sorted(self.objects.items())], {})

    def mark(self) -> Mark:
        self._require()
        return Mark(_digest(repr(sorted(self.objects)).encode()) if self.objects else "", 0.0)

    def gone(self) -> dict[str, int]:
        return {}

    def get(self, address: str, /) -> bytes:
        if address not in self.objects:
            raise FileNotFoundError(2, "No such object", address)
        return self.objects[address]

    @contextmanager
    def open(self, address: str, /) -> Iterator[BinaryIO]:
        yield io.BytesIO(self.get(address))

    def _require(self) -> None:
        if not self.is_there:
            raise LandingFolderMissing(f"{self.where} does not exist.")


def _name(address: str) -> str:
    return address.rpartition("/")[2].partition(".")[0]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class World:
    """A home, and what puts the rows of one more day into its source."""

    home: Home
    add: Callable[[str, str], None]
    kind: type
    remove: Callable[[Delivery], None]

    def source(self) -> Source:
        return source_kinds.of(self.home, "sales")

    def listed(self) -> list[Delivery]:
        self.source().fetch()
        return self.source().look().deliveries


def folder(tmp_path: Path, _: pytest.MonkeyPatch) -> World:
    landing = tmp_path / "home" / "landing" / "sales"

    def add(name: str, rows: str) -> None:
        landing.mkdir(parents=True, exist_ok=True)
        (landing / f"{name}.csv").write_text(HEADER + rows)

    return World(Home(tmp_path / "home"), add, LandingFolder, lambda one: (landing / one.address).unlink())


def one_file(tmp_path: Path, _: pytest.MonkeyPatch) -> World:
    shop.write_pipeline(tmp_path / "pipelines", "sales", YAML % ", file: sales.csv, cut: {days: 1}")
    file, landing = tmp_path / "sales.csv", tmp_path / "home" / "landing" / "sales"

    def add(_: str, rows: str) -> None:
        file.write_text((file.read_text() if file.exists() else HEADER) + rows)

    return World(Home(tmp_path / "home"), add, OneFile, lambda one: (landing / one.address).unlink())


def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    source = Bucket()
    monkeypatch.setattr(source_kinds, "of", lambda home, pipeline: source)

    def add(name: str, rows: str) -> None:
        source.is_there = True
        source.objects[f"landing/2013/{name}.csv"] = (HEADER + rows).encode()

    return World(Home(tmp_path / "home"), add, Bucket, lambda one: source.objects.__delitem__(one.address))


WORLDS = {"folder": folder, "one file": one_file, "bucket": bucket}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    shop.write_pipeline(tmp_path / "pipelines", "sales", YAML % "")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    monkeypatch.setenv("INCUMBENT_DATA", str(tmp_path))
    made = WORLDS[request.param](tmp_path, monkeypatch)
    yield made
    made.home.close()


def test_the_settings_say_which_source_it_is(world: World) -> None:
    assert type(world.source()) is world.kind
    assert "landing" in world.source().where


def test_what_is_listed_is_read_by_its_address(world: World) -> None:
    world.add("2013-01-01", DAY)

    (delivery,) = world.listed()
    found = base.read(world.source(), delivery)

    assert delivery.name == "2013-01-01"
    assert _digest(found) == delivery.digest
    assert found.replace(b"\r", b"") == (HEADER + DAY).encode()
    with world.source().open(delivery.address) as file:
        file.seek(3)
        assert file.read(4) == b"shop"


def test_the_rows_of_what_waits_are_read_and_counted(world: World) -> None:
    world.add("2013-01-01", DAY)

    (delivery,) = arrivals.look(world.home, "sales").deliveries

    assert arrivals.read(world.home, "sales", delivery)["shop"].tolist() == ["a", "b"]
    assert arrivals.count_rows(world.home, "sales", [delivery]) == 2


def test_the_mark_changes_when_something_new_is_there(world: World) -> None:
    world.add("2013-01-01", DAY)
    before = (world.listed(), world.source().mark())
    same = (world.listed(), world.source().mark())

    world.add("2013-01-02", NEXT)

    assert same == before
    assert [one.name for one in world.listed()] == ["2013-01-01", "2013-01-02"]
    assert world.source().mark().text not in ("", before[1].text)


def test_nothing_that_was_delivered_is_gone(world: World) -> None:
    world.add("2013-01-01", DAY)
    world.listed()

    assert world.source().gone() == {}


def test_a_source_that_is_missing_is_named(world: World) -> None:
    with pytest.raises(LandingFolderMissing, match="does not exist"):
        world.listed()
    with pytest.raises(LandingFolderMissing, match="does not exist"):
        world.source().mark()


def test_what_is_gone_since_it_was_listed_waits(world: World) -> None:
    world.add("2013-01-01", DAY)
    (delivery,) = world.listed()
    world.remove(delivery)

    with pytest.raises(DeliveryWaits, match=r"2013-01-01 cannot be read just now: No such .*\. It waits"):
        base.read(world.source(), delivery)


def test_other_bytes_in_its_place_wait(world: World) -> None:
    world.add("2013-01-01", DAY)
    (delivery,) = world.listed()

    with pytest.raises(DeliveryWaits, match="changed while it was read") as raised:
        base.read(world.source(), Delivery(delivery.name, delivery.address, "0" * 64))

    assert raised.value.changed
