"""The store: rows by the digest of their file, and damage is never read as data."""

import datetime as dt
import hashlib
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from configs.errors import BrokenContract, Damaged
from tasks.adapters.blobs import layout
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.blobs.store import Store
from tests import stored
from tests.reporting import pieces

HOURS = pd.date_range("2013-01-01", periods=500, freq="h", tz="UTC").as_unit("us")


def rows(**more: Any) -> pd.DataFrame:
    source = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "at": HOURS,
            "shop": pd.Series([None, "a", "b", "ü"] * 125, dtype="str"),
            "items": pd.array([None, 1, 2, 3] * 125, dtype="Int64"),
            "price": np.where(source.random(500) < 0.1, np.nan, source.normal(5, 2, 500)),
            "count": np.arange(500, dtype="int32"),
            "sold": pd.array([None, True, False, True] * 125, dtype="boolean"),
            **more,
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(LocalBlobs(tmp_path / "new"))


def again(store: Store) -> Store:
    """The store as another process sees it."""
    return Store(store.blobs)


def test_rows_are_read_by_another_process_exactly_as_they_were_written(store: Store) -> None:
    digest = store.write(rows())

    pd.testing.assert_frame_equal(again(store).read(digest), rows())


@pytest.mark.parametrize(
    "value",
    [[1, 2], Decimal("1.20"), {"a": 1}, dt.time(8, 30), dt.date(2013, 1, 1), b"bytes", None],
    ids=lambda value: type(value).__name__,
)
def test_columns_beyond_the_contract_are_kept_whatever_is_in_them(value: object, store: Store) -> None:
    frame = rows(more=pd.Series([value, None] * 250, dtype=object))

    back = again(store).read(store.write(frame))

    kept = back["more"].iloc[0]
    assert (list(kept) if isinstance(kept, np.ndarray) else kept) == value


def test_a_column_that_no_file_can_hold_is_refused_with_its_name(store: Store) -> None:
    frame = rows(notes=pd.Series([1, "text"] * 250, dtype=object))

    with pytest.raises(BrokenContract, match=r"A column that is not in the contract cannot be stored: .*notes"):
        store.write(frame)

    assert not store.blobs.folder.exists()


def written(path: Path) -> tuple[int, int, int]:
    """What tells that a file was not written again; that it was read tells the time of its last access."""
    found = path.stat()
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns


def test_a_file_is_named_by_its_content_and_written_once(store: Store) -> None:
    digest = store.write(rows())
    before = written(stored.rows(store.blobs, digest))

    other = again(store).write(rows())

    assert digest == other == hashlib.sha256(stored.rows(store.blobs, digest).read_bytes()).hexdigest()
    assert written(stored.rows(store.blobs, digest)) == before
    assert {path.name for path in store.blobs.folder.rglob("*") if path.is_file()} == {"FORMAT", f"{digest}.parquet"}


def test_other_rows_are_another_file(store: Store) -> None:
    digests = {store.write(frame) for frame in (rows(), rows().iloc[::-1], rows(count=0), rows().head(0))}

    assert len(digests) == 4


@pytest.mark.parametrize("place", [0.05, 0.3, 0.5])
def test_a_flipped_bit_in_the_rows_is_damage(place: float, store: Store) -> None:
    path = stored.rows(store.blobs, digest := store.write(rows()))
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 4
    path.write_bytes(content)

    for ask in (again(store).read, again(store).recheck):
        with pytest.raises(Damaged, match=r"is damaged: .*Restore it from a backup"):
            ask(digest)


@pytest.mark.parametrize("length", [0, 3, 100, -1])
def test_a_truncated_file_is_damage(length: int, store: Store) -> None:
    path = stored.rows(store.blobs, digest := store.write(rows()))
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(Damaged):
        again(store).read(digest)


def test_a_file_that_is_gone_is_damage(store: Store) -> None:
    stored.rows(store.blobs, digest := store.write(rows())).unlink()

    for ask in (again(store).read, again(store).recheck):
        with pytest.raises(Damaged, match="The store has lost"):
            ask(digest)


def test_a_good_file_in_the_place_of_another_is_found_by_its_digest(store: Store) -> None:
    one, other = store.write(rows()), store.write(rows(count=7))
    stored.rows(store.blobs, one).write_bytes(stored.rows(store.blobs, other).read_bytes())

    with pytest.raises(Damaged):
        store.recheck(one)


def test_rows_that_were_read_are_kept_until_they_are_checked_anew(store: Store) -> None:
    digest = store.write(rows())
    kept = store.read(digest)
    stored.rows(store.blobs, digest).unlink()

    assert store.read(digest) is kept
    with pytest.raises(Damaged):
        store.recheck(digest)
    with pytest.raises(Damaged):
        store.read(digest)


def test_frames_are_kept_up_to_so_many_bytes(store: Store) -> None:
    small = Store(store.blobs, kept_bytes=40_000)
    digests = [small.write(rows(number=float(number))) for number in range(3)]

    kept = [small.read(digest) is small.read(digest) for digest in digests]
    for digest in digests:
        stored.rows(store.blobs, digest).unlink()

    assert kept == [True, True, True], "the last one is kept whatever its size"
    assert small.read(digests[-1]) is not None
    with pytest.raises(Damaged):
        small.read(digests[0])


def test_a_batch_is_put_away_in_the_files_that_its_record_names(store: Store) -> None:
    batch, accepted, aside = pieces.batch(1, "january", 500, 0, 0, False, 0.2), rows(), rows(count=9)

    both = store.put_away(batch, accepted, aside)
    neither = store.put_away(batch, accepted.head(0), aside.head(0))

    assert both.accepted_file is not None
    assert both.aside_file is not None
    pd.testing.assert_frame_equal(again(store).read(both.accepted_file), accepted)
    pd.testing.assert_frame_equal(again(store).read(both.aside_file), aside)
    assert (neither.accepted_file, neither.aside_file) == (None, None)
    assert both.id == batch.id


def test_refused_bytes_are_kept_as_they_came(store: Store) -> None:
    digest = store.keep_original(b"PAR1 nonsense")

    again(store).check_original(digest)

    assert store.keep_original(b"PAR1 nonsense") == digest
    assert stored.refused(store.blobs, digest).read_bytes() == b"PAR1 nonsense"


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_refused_bytes_that_are_no_longer_there_are_damage(damage: str, store: Store) -> None:
    digest = store.keep_original(b"PAR1 nonsense")
    stored.refused(store.blobs, digest).unlink() if damage == "gone" else stored.refused(
        store.blobs, digest
    ).write_bytes(b"other")

    with pytest.raises(Damaged, match="is gone or has changed"):
        store.check_original(digest)


def test_refused_bytes_that_cannot_be_read_are_damage(store: Store) -> None:
    digest = store.keep_original(b"PAR1 nonsense")
    stored.refused(store.blobs, digest).unlink()
    stored.refused(store.blobs, digest).mkdir()

    with pytest.raises(Damaged, match=r"cannot be read: Is a directory\. Restore it from a backup"):
        store.check_original(digest)


# ── numbers that follow from rows ─────────────────────────────────────────────────────────────────────────────────
def counted(frame: pd.DataFrame) -> "np.typing.NDArray[np.uint64]":
    return np.arange(len(frame), dtype=np.uint64)


def never(frame: pd.DataFrame) -> "np.typing.NDArray[np.uint64]":
    raise AssertionError("they were kept")


def test_what_follows_from_rows_is_derived_once_for_all_processes(store: Store) -> None:
    digest = store.write(rows())
    first = store.derived(digest, "places", counted)

    assert first.tolist() == again(store).derived(digest, "places", never).tolist() == list(range(500))


@pytest.mark.parametrize("damage", [b"", b"short", b"\0" * 4032], ids=["empty", "short", "zeros"])
def test_what_follows_from_rows_is_derived_again_if_it_is_damaged(store: Store, damage: bytes) -> None:
    digest = store.write(rows())
    store.derived(digest, "places", counted)
    store.blobs.replace(layout.derived(digest, "places"), damage)

    assert store.derived(digest, "places", counted).tolist() == list(range(500))
    assert store.derived(digest, "places", never).tolist() == list(range(500))
