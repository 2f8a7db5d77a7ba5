"""A delivery of labels that come later than their rows: sorted out, its labels in the store, and its record."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from configs import label_source
from tasks.adapters import failpoints
from tasks.adapters.home import Home
from tasks.domain.label_records import LateLabels
from tasks.domain.records import Batch, BatchStatus
from tasks.domain.turns import TurnRef
from tasks.validation import labels as answers
from tasks.validation.steps import label_values

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_RECIPE = 1
"""Raised when the hash of a key becomes another one: those that were kept are then made again."""


def check(home: Home, turn: TurnRef, frame: "pd.DataFrame") -> Batch:
    """The record of a delivery of labels, those that are new in the store.

    Raises:
        BrokenContract: The delivery as a whole cannot be taken in.
    """
    import numpy as np

    from tasks.validation import batches, label_rows

    rows, settings = home.settings(turn.pipeline), home.settings(label_source.named(turn.pipeline))
    key, label = label_source.key(rows), settings.training.label
    before = taken(home, turn.pipeline)
    asked = np.sort(label_rows.keys(frame, key))
    files = [one.labels.file for one in before if one.labels and one.labels.file]
    files = [file for file in files if label_rows.among(np.sort(keys(home, file, key)), asked).any()]
    alike = [home.store.read(file, keep=False) for file in files]
    earlier = label_rows.remembered(
        [one[label_rows.among(label_rows.keys(one, key), asked)] for one in alike], key, label
    )
    now = _began(home, turn)
    sorted_out = label_rows.sort_out(frame, earlier, key, settings, now)
    answers.require_known(sorted_out.taken, _learned(home, turn.pipeline, before), settings)
    file = home.store.write(sorted_out.taken) if len(sorted_out.taken) else None
    failpoints.reach("labels-published")
    aside = home.store.write(sorted_out.aside) if len(sorted_out.aside) else None
    values = batches.values(sorted_out.taken[label], settings)
    return replace(
        record(turn.batch, turn.name, replace(sorted_out.counts, file=file)),
        findings=sorted_out.findings,
        aside_file=aside,
        label_values=values.get("label_values", ()),
    )


def record(identity: str, name: str, labels: LateLabels) -> Batch:
    """A delivery of labels as a batch: it has no rows of its own."""
    return Batch(identity, name, BatchStatus.ACCEPTED, 0, 0, 0, 0, 0, 0, labels=labels)


def taken(home: Home, pipeline: str) -> list[Batch]:
    """The deliveries of labels that were taken in, in their order."""
    return [one for one in home.ledger.batches.all(pipeline) if one.labels is not None and one.labels.file]


def keys(home: Home, file: str, key: Sequence[str]) -> "NDArray[np.uint64]":
    """The hashes of the keys of the rows, or labels, of a file, in their order; kept beside it."""
    from tasks.validation import label_rows

    name = f"label-keys-{hashlib.sha256(repr((_RECIPE, tuple(key))).encode()).hexdigest()[:16]}"
    return home.store.derived(file, name, lambda rows: label_rows.keys(rows, key))


def _learned(home: Home, pipeline: str, before: Sequence[Batch]) -> set[str] | None:
    """All values that labels had before."""
    values = label_values.learned(home, pipeline, home.ledger.batches.accepted(pipeline)) or set()
    for one in before:
        values.update(one.label_values)
    return values or None


def _began(home: Home, turn: TurnRef) -> datetime:
    """When the turn began, which is the same when it is gone on with after a kill."""
    began: datetime = datetime.fromisoformat(home.ledger.turns.get(turn.pipeline, turn.number)["started"])
    return began
