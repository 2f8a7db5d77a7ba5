"""Rows accepted before are read where new ones can repeat them, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from tasks.adapters.blobs.local import LocalBlobs
from tasks.adapters.blobs.store import Store
from tasks.domain.records import Batch
from tasks.validation.steps import earlier
from tests.validation.test_batches import FREE, KEYED, LOOSE, recorded, rows


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(LocalBlobs(tmp_path))


def kept(store: Store, *frames: pd.DataFrame) -> list[Batch]:
    return [replace(recorded(frame), accepted_file=store.write(frame)) for frame in frames]


def shops(frames: list[pd.DataFrame]) -> list[str]:
    return ["".join(frame["shop"]) for frame in frames]


def test_a_batch_that_shares_no_key_is_read_once_in_its_life_and_one_that_does_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = kept(store, rows(1, 2, shop="a"), rows(3, 4, shop="b"), rows(5, shop="c"))
    new = rows(9, shop="b")

    assert shops(earlier.rows(store, new, LOOSE, accepted)) == ["bb"]

    later, read = Store(store.blobs), list[str]()
    original = later.read
    monkeypatch.setattr(later, "read", lambda digest, **other: read.append(digest) or original(digest, **other))
    assert shops(earlier.rows(later, new, LOOSE, accepted)) == ["bb"]
    assert read == [accepted[1].accepted_file]


def test_without_a_key_and_with_one_that_fixes_the_time_the_batches_of_that_time_are_read(store: Store) -> None:
    accepted = kept(store, rows(1, 2, shop="a"), rows(8, 10, shop="b"))

    assert shops(earlier.rows(store, rows(9, shop="c"), FREE, accepted)) == ["bb"]
    assert shops(earlier.rows(store, rows(9, shop="c"), KEYED, accepted)) == [], "no key is shared"
    assert shops(earlier.rows(store, rows(8, shop="b"), KEYED, accepted)) == ["bb"]


def test_a_batch_from_before_the_key_had_this_column_shares_none(store: Store) -> None:
    accepted = kept(store, rows(1, shop="a"))
    accepted = [replace(accepted[0], accepted_file=store.write(rows(1).drop(columns="shop")))]

    assert earlier.rows(store, rows(9, shop="a"), LOOSE, accepted) == []


def test_a_batch_of_which_no_row_was_new_shares_no_key(store: Store) -> None:
    empty = replace(recorded(rows(1)), accepted_file=None)

    assert earlier.rows(store, rows(9), LOOSE, [empty]) == []
