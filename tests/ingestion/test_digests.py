"""A look at the landing folder reads what is new or has changed, and finds what it would find if it read all."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.adapters.home import Home
from tasks.ingestion.sources import entries
from tasks.ingestion.sources.landing_folder import LandingFolder
from tasks.ingestion.steps import arrivals


@pytest.fixture
def landing(shop_home: Home) -> Path:
    """Three deliveries, which were left alone for a while."""
    folder = shop_home.landing("shop")
    folder.mkdir(parents=True)
    for name in ("a", "b", "c"):
        (folder / f"{name}.parquet").write_text(f"rows of {name}")
    later(shop_home)
    return folder


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the entries whose bytes were read."""
    names: list[str] = []
    digest = entries.digest
    monkeypatch.setattr(entries, "digest", lambda path: (names.append(path.name), digest(path))[1])
    return names


def later(home: Home) -> None:
    home.clock = lambda: datetime.now(UTC) + timedelta(minutes=1)


def look(home: Home, read: list[str]) -> list[str]:
    """What a look reads; it finds what one that reads all would find."""
    waiting = arrivals.look(home, "shop")
    names = sorted(read)
    whole = LandingFolder(home.landing("shop"), "parquet").look()
    first = {one.digest: one for one in reversed(whole.deliveries)}.values()
    assert sorted(waiting.deliveries, key=str) == sorted(first, key=str)
    assert waiting.unreadable == whole.unreadable.keys()
    read.clear()
    return names


def test_what_was_looked_at_is_not_read_again(shop_home: Home, landing: Path, read: list[str]) -> None:
    assert look(shop_home, read) == ["a.parquet", "b.parquet", "c.parquet"]

    assert look(shop_home, read) == []


def test_another_process_remembers_as_well(shop_home: Home, landing: Path, read: list[str]) -> None:
    look(shop_home, read)
    (landing / "d.parquet").write_text("rows of d")
    other = Home(shop_home.folder, shop_home.ledger_url)
    later(other)

    assert look(other, read) == ["d.parquet"]
    assert look(shop_home, read) == []


def test_a_file_that_changed_is_read_again(shop_home: Home, landing: Path, read: list[str]) -> None:
    look(shop_home, read)
    times = (landing / "a.parquet").stat()

    (landing / "a.parquet").write_text("rows of x")  # as many bytes
    os.utime(landing / "a.parquet", ns=(times.st_atime_ns, times.st_mtime_ns))

    assert look(shop_home, read) == ["a.parquet"]


def test_a_file_that_was_exchanged_is_read_again(shop_home: Home, landing: Path, read: list[str]) -> None:
    look(shop_home, read)

    (landing / "b.parquet").replace(landing / "a.parquet")

    assert look(shop_home, read) == ["a.parquet"]
    assert look(shop_home, read) == []


def test_what_changed_just_now_is_read_each_time(shop_home: Home, landing: Path, read: list[str]) -> None:
    shop_home.clock = lambda: datetime.now(UTC)

    assert look(shop_home, read) == look(shop_home, read) == ["a.parquet", "b.parquet", "c.parquet"]


def test_links_and_folders_are_looked_at_each_time(shop_home: Home, landing: Path, read: list[str]) -> None:
    (landing / "d.parquet").symlink_to("a.parquet")
    (landing / "e").mkdir()
    look(shop_home, read)

    assert look(shop_home, read) == ["d.parquet", "e"]


@pytest.mark.parametrize("memory", [b"", b"[]", b"null", b'{"a.parquet": 3, "b.parquet": []}', b"\xff"])
def test_a_memory_that_is_damaged_is_none(shop_home: Home, landing: Path, read: list[str], memory: bytes) -> None:
    look(shop_home, read)
    (shop_home.folder / "polled" / "shop.digests").write_bytes(memory)

    assert look(shop_home, read) == ["a.parquet", "b.parquet", "c.parquet"]
    assert look(shop_home, read) == []


def test_without_a_place_to_remember_all_is_read(shop_home: Home, landing: Path, read: list[str]) -> None:
    (shop_home.folder / "polled").write_text("a file where the folder would be")

    assert look(shop_home, read) == look(shop_home, read) == ["a.parquet", "b.parquet", "c.parquet"]


def test_what_is_forgotten_is_read_again(shop_home: Home, landing: Path, read: list[str]) -> None:
    look(shop_home, read)

    arrivals.forget(shop_home, "shop")

    assert look(shop_home, read) == ["a.parquet", "b.parquet", "c.parquet"]
