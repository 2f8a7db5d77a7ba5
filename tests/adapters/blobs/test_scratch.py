"""The scratch place: what one task hands to the next is there whole and unchanged, and gone afterwards."""

import hashlib
import os
from pathlib import Path

import pytest

from configs.errors import DeliveryWaits, UnusableHome
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.blobs.scratch import Scratch
from tests import stored

CONTENT = b"what was read"
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def scratch(tmp_path: Path) -> Scratch:
    return Scratch(LocalBlobs(tmp_path))


def folder(scratch: Scratch) -> Path:
    return stored.scratch(scratch.blobs, "shop").parent


def test_another_process_gets_the_same_bytes(scratch: Scratch) -> None:
    scratch.put("shop", DIGEST, CONTENT)

    assert Scratch(scratch.blobs).get("shop", DIGEST) == CONTENT


def test_what_is_there_is_not_written_again(scratch: Scratch) -> None:
    scratch.put("shop", DIGEST, CONTENT)
    before = stored.scratch(scratch.blobs, "shop", DIGEST).stat()

    scratch.put("shop", DIGEST, CONTENT)

    assert stored.scratch(scratch.blobs, "shop", DIGEST).stat().st_ino == before.st_ino


def test_half_of_it_is_replaced(scratch: Scratch) -> None:
    scratch.put("shop", DIGEST, CONTENT)
    stored.scratch(scratch.blobs, "shop", DIGEST).write_bytes(CONTENT[:4])

    scratch.put("shop", DIGEST, CONTENT)

    assert scratch.get("shop", DIGEST) == CONTENT


@pytest.mark.parametrize("other", [None, b"", CONTENT + b"!"], ids=["gone", "empty", "changed"])
def test_other_bytes_are_never_taken_for_them(other: bytes | None, scratch: Scratch) -> None:
    scratch.put("shop", DIGEST, CONTENT)
    path = stored.scratch(scratch.blobs, "shop", DIGEST)
    path.unlink() if other is None else path.write_bytes(other)

    with pytest.raises(DeliveryWaits, match=r"What was read of a delivery .* It is read from its source again"):
        scratch.get("shop", DIGEST)


def test_what_was_used_is_gone(scratch: Scratch) -> None:
    scratch.put("shop", DIGEST, CONTENT)

    scratch.remove("shop", DIGEST)
    scratch.remove("shop", DIGEST)

    assert [*folder(scratch).rglob("*")] == [folder(scratch) / "shop"]


def test_leftovers_of_one_pipeline_go_and_those_of_others_stay(scratch: Scratch) -> None:
    scratch.put("shop", DIGEST, CONTENT)
    scratch.put("flights", DIGEST, CONTENT)
    (folder(scratch) / "shop" / ".half.tmp").write_bytes(b"wh")

    scratch.clear("shop")
    scratch.clear("unknown")

    assert not (folder(scratch) / "shop").exists()
    assert scratch.get("flights", DIGEST) == CONTENT


def test_a_place_where_nothing_was_read_is_not_made(scratch: Scratch) -> None:
    scratch.clear("shop")

    assert not folder(scratch).exists()


def test_where_the_store_is_a_file_there_is_nothing_to_empty(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("somebody put a file here")
    scratch = Scratch(LocalBlobs(tmp_path / "store"))

    scratch.clear("shop")
    scratch.remove("shop", DIGEST)

    assert (tmp_path / "store").read_text() == "somebody put a file here"


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_place_that_cannot_be_emptied_is_named(scratch: Scratch) -> None:
    scratch.put("shop", DIGEST, CONTENT)
    (folder(scratch) / "shop").chmod(0o500)

    with pytest.raises(UnusableHome, match="cannot be removed: Permission denied"):
        scratch.remove("shop", DIGEST)
