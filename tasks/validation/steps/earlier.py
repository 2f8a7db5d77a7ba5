"""The rows that were accepted before, as far as new ones can repeat them.

Add here what a delivery is compared with row by row. What is the same, and what then becomes of it, is said in
`batches`.
"""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from configs.settings import PipelineSettings
from tasks.adapters.blobs.store import Store
from tasks.domain.records import Batch
from tasks.validation import batches

_RECIPE = 1
"""Raised when the hash of a key becomes another one: those that were kept are then made again."""


def rows(
    store: Store,
    frame: pd.DataFrame,
    settings: PipelineSettings,
    accepted: Sequence[Batch],
    now: Mapping[str, str] | None = None,
) -> list[pd.DataFrame]:
    """The rows of those accepted batches that can hold one of these rows, or one with the same key.

    A key that does not fix the time can be in any batch. The hashes of a batch's keys are kept beside its rows: those
    of a batch that shares no key are not read.

    Args:
        store: Where they are.
        frame: The delivery.
        settings: With the key.
        accepted: The batches as they were taken in.
        now: The files of those of which rows were replaced since, by their files of then.
    """
    files = [file for batch in batches.related(frame, settings, accepted) if (file := batch.accepted_file)]
    key = settings.validation.key
    if key and set(key) <= set(frame.columns):
        asked = np.unique(batches.keys(frame, key))
        files = [file for file in files if np.isin(asked, keys(store, file, key)).any()]
    current = {file: keys(store, other, key) for file, other in (now or {}).items() if file in files}
    return [_still(store.read(file), current.get(file), key) for file in files]


def keys(store: Store, file: str, key: Sequence[str]) -> "np.typing.NDArray[np.uint64]":
    """The hashes of the keys of a file, each once, in order; kept beside it."""
    name = f"keys-{hashlib.sha256(repr((_RECIPE, tuple(key))).encode()).hexdigest()[:16]}"
    return store.derived(file, name, lambda of: _sorted(of, key))


def _still(rows: pd.DataFrame, current: "np.typing.NDArray[np.uint64] | None", key: Sequence[str]) -> pd.DataFrame:
    """Without the rows whose place was taken since."""
    return rows if current is None else rows[np.isin(batches.keys(rows, key), current)]


def _sorted(rows: pd.DataFrame, key: Sequence[str]) -> "np.typing.NDArray[np.uint64]":
    """The hashes of the keys of a batch, each once; none if the key has columns that it did not have yet."""
    return np.unique(batches.keys(rows, key)) if set(key) <= set(rows.columns) else np.zeros(0, dtype=np.uint64)
