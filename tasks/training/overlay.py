"""Which label a row has, where labels come later: rows with the labels that have come to them.

Add here what decides about the label of a single row. When a batch is labelled is decided in `steps.labelling`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.section import ColumnType
from tasks.ingestion import columns


@dataclass(frozen=True)
class Labels:
    """Labels of one delivery, each key once."""

    keys: NDArray[np.uint64]
    labels: "pd.Series[object]"
    known: "pd.Series[pd.Timestamp]"
    """When each of them was known."""


@dataclass(frozen=True)
class Overlaid:
    """Rows with their labels."""

    frame: pd.DataFrame
    added: int
    """Rows that had no label, or none of which it was known when it was known."""
    labelled: int
    differing: NDArray[np.bool_]
    """Rows of which the newest label differs from the one that they have, shape (rows,)."""


def lay(
    frame: pd.DataFrame,
    keys: NDArray[np.uint64],
    deliveries: Sequence[Labels],
    label: str,
    known: str,
    kind: ColumnType,
    *,
    replaces: bool = False,
) -> Overlaid:
    """Rows with the newest label of their key where they had none; a label that is there stays, or gives way to it.

    Args:
        frame: Rows; those that wait have a missing label.
        keys: A hash of the key of each, shape (rows,).
        deliveries: Labels in the order in which they came.
        label: Column of the label.
        known: Column that says when it was known.
        kind: What the label is.
        replaces: Whether the newest label counts where another one is there.
    """
    place = _newest(keys, deliveries)
    labels = _taken([one.labels for one in deliveries], place, columns.HELD[kind], frame)
    times = _taken([one.known for one in deliveries], place, columns.HELD["timestamp"], frame)
    own, since = frame[label].astype(columns.HELD[kind]), frame[known].astype(columns.HELD["timestamp"])
    there, came = own.notna().to_numpy(dtype=bool), place >= 0
    differing = came & there & (own != labels).to_numpy(dtype=bool, na_value=False)
    added = came & ~differing & (~there | since.isna().to_numpy(dtype=bool))
    taken = added | differing if replaces else added
    labelled = int((there | came).sum())
    if not taken.any():
        return Overlaid(frame, 0, labelled, differing)
    filled = {label: own.mask(taken, labels), known: since.mask(taken, times)}
    return Overlaid(frame.assign(**filled), int(added.sum()), labelled, differing)


def _newest(keys: NDArray[np.uint64], deliveries: Sequence[Labels]) -> NDArray[np.intp]:
    """The place of the newest label of each row among all of them, one delivery after the other; -1 where none is."""
    in_order = np.argsort(keys, kind="stable")
    asked, place, before = keys[in_order], np.full(len(keys), -1, dtype=np.intp), 0
    for one in deliveries:
        order = np.argsort(one.keys, kind="stable")
        there = one.keys[order]
        at = np.minimum(np.searchsorted(there, asked), len(there) - 1)
        hit = there[at] == asked
        place[in_order[hit]] = before + order[at[hit]]
        before += len(one.keys)
    return place


def _taken(
    parts: "Sequence[pd.Series[object]]", place: NDArray[np.intp], held: str, frame: pd.DataFrame
) -> "pd.Series[object]":
    together = pd.concat([part.astype(held) for part in parts], ignore_index=True) if parts else pd.Series(dtype=held)
    return pd.Series(together.array.take(place, allow_fill=True), index=frame.index)
