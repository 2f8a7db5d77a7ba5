"""A store of a newer version is left alone; one of this version says which it is."""

from pathlib import Path

import pandas as pd
import pytest

from configs.errors import Damaged, UnusableHome
from tasks.adapters.blobs import layout
from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.blobs.store import Store
from tasks.adapters.home import Home


def test_the_first_file_of_a_store_comes_after_a_note_of_its_format(tmp_path: Path) -> None:
    Store(LocalBlobs(tmp_path / "rows")).write(pd.DataFrame({"a": [1]}))
    Store(LocalBlobs(tmp_path / "bytes")).keep_original(b"refused")

    for name in ("rows", "bytes"):
        assert (tmp_path / name / "store" / "FORMAT").read_text() == f"{layout.FORMAT}\n"
        layout.require(LocalBlobs(tmp_path / name))


@pytest.mark.parametrize("written", [None, "1\n"])
def test_a_store_of_this_version_or_from_before_there_were_notes_is_opened(tmp_path: Path, written: str | None) -> None:
    (tmp_path / "store").mkdir()
    if written is not None:
        (tmp_path / "store" / "FORMAT").write_text(written)

    opened = Home(tmp_path)

    assert opened.blobs.where("store") == str(tmp_path / "store")


@pytest.mark.parametrize(
    ("written", "kind", "words"),
    [
        ("2\n", UnusableHome, r"has format 2, this version of Incumbent knows 1\. It was written by a newer version"),
        ("10", UnusableHome, "has format 10"),
        ("", Damaged, "says '' in place of a number"),
        ("two", Damaged, "says 'two' in place of a number"),
    ],
)
def test_a_store_of_a_newer_version_is_refused_before_anything_is_read(
    tmp_path: Path, written: str, kind: type[Exception], words: str
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "FORMAT").write_text(written)

    with pytest.raises(kind, match=words):
        Home(tmp_path)

    assert [path.name for path in tmp_path.rglob("*")] == ["store", "FORMAT"]
