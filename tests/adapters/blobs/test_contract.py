"""What every implementation of `Blobs` must do. Add a new one to `PLACES`; the store, bundles and scratch run on each."""

import hashlib
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from configs.environment import CHECKOUT
from configs.errors import BlobUnavailable, Damaged, DeliveryWaits
from tasks.adapters.blobs import layout
from tasks.adapters.blobs.layered import LayeredBlobs
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.blobs.scratch import Scratch
from tasks.adapters.blobs.store import Store
from tasks.domain.ports import Blobs
from tests.memory import MemoryBlobs

PLACES: dict[str, Callable[[Path], Blobs]] = {
    "local": LocalBlobs,
    "memory": lambda _: MemoryBlobs(),
    "layered": lambda folder: LayeredBlobs(LocalBlobs(folder), MemoryBlobs()),
}
KEY = "store/ab/abc.parquet"


@pytest.fixture(params=PLACES)
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    return PLACES[request.param](tmp_path / "new")


def test_what_was_put_is_there(blobs: Blobs) -> None:
    assert blobs.put(KEY, b"content")

    assert blobs.has(KEY)
    assert blobs.get(KEY) == b"content"
    assert blobs.digest(KEY) == hashlib.sha256(b"content").hexdigest()


def test_nothing_at_all_can_be_put(blobs: Blobs) -> None:
    assert blobs.put(KEY, b"")

    assert blobs.get(KEY) == b""


def test_the_first_bytes_stay(blobs: Blobs) -> None:
    blobs.put(KEY, b"first")

    assert not blobs.put(KEY, b"second")

    assert blobs.get(KEY) == b"first"


def test_damaged_bytes_stay_until_they_are_replaced(blobs: Blobs) -> None:
    blobs.replace(KEY, b"damaged")

    assert not blobs.put(KEY, b"content")
    blobs.replace(KEY, b"content")

    assert blobs.get(KEY) == b"content"


def test_of_several_at_once_each_ends_well(blobs: Blobs) -> None:
    content = b"x" * 1_000_000
    with ThreadPoolExecutor(8) as threads:
        wrote = list(threads.map(lambda _: blobs.put(KEY, content), range(8)))

    assert any(wrote)
    assert blobs.get(KEY) == content
    assert list(blobs.keys("store")) == [KEY]


@pytest.mark.parametrize("ask", [lambda blobs: blobs.get(KEY), lambda blobs: blobs.open(KEY)], ids=["get", "open"])
def test_what_is_missing_is_named(ask: Callable[[Blobs], object], blobs: Blobs) -> None:
    with pytest.raises(
        BlobUnavailable, match=r"The store has lost .*abc\.parquet\. Restore it from a backup"
    ) as raised:
        ask(blobs)

    assert raised.value.is_gone
    assert blobs.where(KEY) in str(raised.value)


def test_what_is_missing_has_no_digest(blobs: Blobs) -> None:
    assert not blobs.has(KEY)
    assert blobs.digest(KEY) is None


def test_a_part_is_read_without_the_rest(blobs: Blobs) -> None:
    blobs.put(KEY, bytes(range(256)))

    with blobs.open(KEY) as file:
        size = file.seek(0, 2)
        file.seek(100)
        part = file.read(3)

    assert (size, part) == (256, bytes([100, 101, 102]))


def test_keys_are_those_below_a_folder(blobs: Blobs) -> None:
    for key in (KEY, "store/FORMAT", "bundles/a.skops", "store-of-others/x"):
        blobs.put(key, b"x")

    assert sorted(blobs.keys("store")) == ["store/FORMAT", KEY]
    assert list(blobs.keys("store/ab")) == [KEY]
    assert list(blobs.keys("nothing")) == []


def test_what_is_removed_is_gone(blobs: Blobs) -> None:
    blobs.put(KEY, b"x")

    blobs.remove(KEY)
    blobs.remove(KEY)

    assert blobs.digest(KEY) is None
    assert blobs.put(KEY, b"again")


def test_what_is_below_a_folder_is_cleared(blobs: Blobs) -> None:
    for key in (KEY, "store/ab/deeper/x", "store/cd/x"):
        blobs.put(key, b"x")

    blobs.clear("store/ab")
    blobs.clear("nothing")

    assert list(blobs.keys("store")) == ["store/cd/x"]


def test_rows_are_stored_wherever_it_is(blobs: Blobs) -> None:
    frame = pd.DataFrame({"a": np.arange(5)})

    digest = Store(blobs).write(frame)

    pd.testing.assert_frame_equal(Store(blobs).read(digest), frame)
    assert sorted(blobs.keys("store")) == sorted([layout.rows(digest), "store/FORMAT"])
    layout.require(blobs)
    assert layout.published(blobs) == layout.rows(digest)


def test_damaged_rows_are_never_replaced(blobs: Blobs) -> None:
    frame = pd.DataFrame({"a": np.arange(5)})
    digest = Store(blobs).write(frame)
    blobs.replace(layout.rows(digest), b"damaged")

    Store(blobs).write(frame)

    with pytest.raises(Damaged, match=r"is damaged: it has changed\. Restore it from a backup"):
        Store(blobs).read(digest)


def test_damaged_scratch_bytes_are_replaced(blobs: Blobs) -> None:
    scratch, digest = Scratch(blobs), hashlib.sha256(b"content").hexdigest()
    blobs.replace(layout.scratch("shop", digest), b"damaged")
    with pytest.raises(DeliveryWaits):
        scratch.get("shop", digest)

    scratch.put("shop", digest, b"content")

    assert scratch.get("shop", digest) == b"content"
    scratch.clear("shop")
    assert list(blobs.keys("store")) == []


def test_what_a_killed_process_had_half_written_is_under_no_key(tmp_path: Path) -> None:
    kill = "from pathlib import Path; import sys; from tasks.adapters.blobs.local import LocalBlobs;"
    kill += f"LocalBlobs(Path(sys.argv[1])).put({KEY!r}, b'content')"
    environment = {"INCUMBENT_FAILPOINT": "file-written", "PYTHONPATH": str(CHECKOUT), "INCUMBENT_HOME": str(tmp_path)}

    killed = subprocess.run([sys.executable, "-c", kill, str(tmp_path)], env=environment, check=False)

    blobs = LocalBlobs(tmp_path)
    assert killed.returncode == -9
    assert (tmp_path / KEY).parent.is_dir()
    assert (list(blobs.keys("store")), blobs.digest(KEY)) == ([], None)
    assert blobs.put(KEY, b"content")


def test_what_cannot_be_read_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / KEY).mkdir(parents=True)

    for ask in (LocalBlobs(tmp_path).get, LocalBlobs(tmp_path).digest):
        with pytest.raises(BlobUnavailable, match=r"cannot be read: Is a directory\. Restore it") as raised:
            ask(KEY)
        assert not raised.value.is_gone
