"""Selection: which rows of the dataset a model learns from, because all of them was known before a cut-off.

Add here what decides about single rows. Which batches are looked at is decided in `windows`.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.ingestion import Times

_DAY = pd.Timedelta(days=1)
_NONE = np.empty(0)


@dataclass(frozen=True)
class Selected:
    """Rows to train on, and how many of the time span were left out, each for one reason."""

    frame: pd.DataFrame
    excluded_unlabelled: int
    """Rows in the time span that have no label."""
    excluded_unknown: int
    """Rows in the time span that had not arrived, or whose label was not known, before the cut-off."""
    waited: NDArray[np.float64] = field(default_factory=lambda: _NONE)
    """How many days labels that are not known yet have been waited for; none where an age is asked for."""


def select(
    frame: pd.DataFrame,
    *,
    times: Times,
    label: str,
    start: datetime | None,
    cutoff: datetime,
    maturity: timedelta = timedelta(0),
    ignores_labels: bool = False,
) -> Selected:
    """Pick the labelled rows with event time in [start, cutoff) of which all was known before the cut-off.

    A row is counted at most once: as unknown if it had not arrived, else as unlabelled if it has no label, else as
    unknown if its label came at or after the cut-off or at a time that is missing, or if it is younger than `maturity`
    at the cut-off: labels that come early are not like the rest. A row of that age without a label stays one without.
    With `ignores_labels` a label may have come at any time that is known.
    """
    within = _before(frame[times.event], cutoff)
    if start is not None:
        within = within & ~_before(frame[times.event], start)
    arrived = within & _before(frame[times.arrival], cutoff) if times.arrival else within
    labelled = arrived & frame[label].notna().to_numpy()
    known = labelled & _told(frame[times.label], None if ignores_labels else cutoff) if times.label else labelled
    known = known & ~_after(frame[times.event], cutoff - maturity) if maturity else known
    unknown = int(within.sum() - arrived.sum() + labelled.sum() - known.sum())
    chosen = frame if known.all() else frame[known]
    late = frame[times.event][labelled & ~known] if times.label and not maturity else None
    waited = _NONE if late is None else ((pd.Timestamp(cutoff) - late) / _DAY).to_numpy(dtype=np.float64)
    return Selected(chosen, int(arrived.sum() - labelled.sum()), unknown, waited)


def delays(frame: pd.DataFrame, times: Times) -> NDArray[np.float64]:
    """How many days the label of each row took, where it is told when that was known."""
    if times.label is None:
        return _NONE
    days: NDArray[np.float64] = ((frame[times.label] - frame[times.event]) / _DAY).to_numpy(dtype=np.float64)
    return days


def _told(moments: pd.Series, cutoff: datetime | None) -> NDArray[np.bool_]:
    return moments.notna().to_numpy(dtype=bool) if cutoff is None else _before(moments, cutoff)


def _before(moments: pd.Series, cutoff: datetime) -> NDArray[np.bool_]:
    earlier: NDArray[np.bool_] = moments.lt(cutoff).to_numpy(dtype=bool, na_value=False)
    return earlier


def _after(moments: pd.Series, moment: datetime) -> NDArray[np.bool_]:
    later: NDArray[np.bool_] = moments.gt(moment).to_numpy(dtype=bool, na_value=True)
    return later
