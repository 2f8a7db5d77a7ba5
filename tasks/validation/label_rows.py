"""Deliveries of labels: which of them are new, which were there already, which contradict each other or are unusable.

Add here what can be said of labels without their rows. Which row has which label is decided in `training.overlay`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import PipelineSettings
from configs.validation import RESERVED
from tasks.domain.label_records import LateLabels
from tasks.domain.records import RuleFinding
from tasks.ingestion import columns, intake
from tasks.validation import contract

ASIDE = RESERVED[1]
_EMPTY = "there is no label yet"
_REPEATED = "this label was there before"
_CONTRADICTING = "this key has two labels in one delivery"
_AHEAD = pd.Timedelta(days=1)


@dataclass(frozen=True)
class SortedLabels:
    """A delivery of labels: every landed one is in one of the two frames."""

    taken: pd.DataFrame
    aside: pd.DataFrame
    """With the columns `_aside` and `_reasons`."""
    findings: tuple[RuleFinding, ...]
    counts: LateLabels


@dataclass(frozen=True)
class Earlier:
    """Labels that were taken before, the newest of each key last."""

    keys: NDArray[np.uint64]
    labels: NDArray[np.uint64]
    """A hash of each."""


def keys(frame: pd.DataFrame, key: Sequence[str]) -> NDArray[np.uint64]:
    """A hash of the key of each row, shape (rows,); that of a label is the one of its row."""
    return intake.hash_rows(frame[list(key)])


def among(asked: NDArray[np.uint64], there: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Which of these hashes are among those, which are in order; many times as fast where these are as well."""
    if not len(there):
        return np.zeros(len(asked), dtype=bool)
    hit: NDArray[np.bool_] = there[np.minimum(np.searchsorted(there, asked), len(there) - 1)] == asked
    return hit


def remembered(frames: Sequence[pd.DataFrame], key: Sequence[str], label: str) -> Earlier:
    """Labels of earlier deliveries, in their order."""
    none = np.zeros(0, dtype=np.uint64)
    return Earlier(
        np.concatenate([none, *(keys(frame, key) for frame in frames)]),
        np.concatenate([none, *(intake.hash_rows(frame[[label]]) for frame in frames)]),
    )


def sort_out(
    frame: pd.DataFrame, earlier: Earlier, key: Sequence[str], settings: PipelineSettings, now: datetime
) -> SortedLabels:
    """Tell new labels from those that are there already, that contradict each other, or that cannot be used.

    Args:
        frame: The delivery.
        earlier: What was taken before of the keys in it.
        key: Columns by which a label names its row.
        settings: Those by which labels are read.
        now: When it is taken in; a label that is dated more than a day later cannot be one.

    Raises:
        BrokenContract: The delivery as a whole cannot be taken in.
    """
    label, dated = settings.training.label, settings.ingestion.times.label
    empty = frame[label].isna().to_numpy(dtype=bool)
    parts = [_aside(frame[empty], _EMPTY, "empty")]
    findings: tuple[RuleFinding, ...] = ()
    usable = frame[~empty].reset_index(drop=True)
    unusable = 0
    if len(usable):
        ahead = (dated, (usable[dated] > now + _AHEAD).to_numpy()) if dated else None
        checked = contract.check(usable, settings.validation, label, None, ahead)
        usable, findings, unusable = checked.accepted, checked.findings, len(checked.quarantined)
        parts.append(checked.quarantined.assign(**{ASIDE: "quarantined"}))
    contradicting, repeated = _by_key(usable, earlier, key, label, dated)
    parts += [
        _aside(usable[contradicting], _CONTRADICTING, "quarantined"),
        _aside(usable[repeated], _REPEATED, "duplicate"),
    ]
    taken = usable[~contradicting & ~repeated].reset_index(drop=True)
    counts = LateLabels(
        landed=len(frame),
        taken=len(taken),
        repeated=int(repeated.sum()),
        contradicting=int(contradicting.sum()),
        unusable=unusable,
        empty=int(empty.sum()),
        until=None if dated or taken.empty else now,
    )
    aside = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    return SortedLabels(taken, aside, findings, counts)


def _by_key(
    rows: pd.DataFrame, earlier: Earlier, key: Sequence[str], label: str, dated: str | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which labels contradict another one of their key here, and which say what is said already."""
    if rows.empty:
        return np.zeros(0, dtype=bool), np.zeros(0, dtype=bool)
    order = np.argsort(rows[dated].to_numpy(dtype="datetime64[us]"), kind="stable") if dated else np.arange(len(rows))
    labels = pd.DataFrame({"key": keys(rows, key), "label": intake.hash_rows(rows[[label]])})
    contradicting = (labels.groupby("key")["label"].transform("nunique") > 1).to_numpy()
    repeated = np.zeros(len(rows), dtype=bool)
    repeated[order] = labels["key"].iloc[order].duplicated().to_numpy()  # the earliest one is the one that counts
    last = pd.Series(earlier.labels, index=earlier.keys)
    last = last[~last.index.duplicated(keep="last")]
    same = labels["key"].map(last).to_numpy() == labels["label"].to_numpy()
    return contradicting, (repeated | same) & ~contradicting


def _aside(rows: pd.DataFrame, reason: str, kind: str) -> pd.DataFrame:
    return rows.assign(**{columns.REASONS: reason, ASIDE: kind})
