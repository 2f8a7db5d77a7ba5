"""Two places as one: what is below is read and never changed."""

import pytest

from configs.errors import BlobUnavailable
from tasks.adapters.blobs.layered import LayeredBlobs
from tests.memory import MemoryBlobs


@pytest.fixture
def below() -> MemoryBlobs:
    place = MemoryBlobs()
    place.put("store/a", b"live")
    return place


def test_what_is_below_is_read_where_it_is(below: MemoryBlobs) -> None:
    blobs = LayeredBlobs(MemoryBlobs(), below)

    assert (blobs.get("store/a"), blobs.has("store/a"), blobs.open("store/a").read()) == (b"live", True, b"live")
    assert not blobs.put("store/a", b"other")
    assert blobs.digest("store/b") is None


def test_what_is_written_stays_above(below: MemoryBlobs) -> None:
    above = MemoryBlobs()
    blobs = LayeredBlobs(above, below)

    blobs.put("store/b", b"own")
    blobs.replace("store/a", b"hides it")

    assert (blobs.get("store/a"), below.get("store/a")) == (b"hides it", b"live")
    assert sorted(above.keys("store")) == ["store/a", "store/b"]
    assert sorted(blobs.keys("store")) == ["store/a", "store/b"]
    assert list(below.keys("store")) == ["store/a"]


def test_what_is_below_cannot_be_removed(below: MemoryBlobs) -> None:
    blobs = LayeredBlobs(MemoryBlobs(), below)

    blobs.remove("store/a")
    blobs.clear("store")

    assert blobs.get("store/a") == b"live"


def test_what_is_in_neither_place_is_gone(below: MemoryBlobs) -> None:
    with pytest.raises(BlobUnavailable):
        LayeredBlobs(MemoryBlobs(), below).get("store/b")
