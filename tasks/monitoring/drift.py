"""Have the inputs moved since the live model was trained, by how much, and where most?

Add here what is decided over all columns. One column is compared in `numbers` or `levels`; whether moving matters is
never decided here: drift opens a question, evidence on labelled rows closes it.

A column has moved if Benjamini-Hochberg over all columns rejects that it has not, and its effect reaches the floor. A
column that is constant, or missing everywhere, in both samples has p = 1 and effect 0.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from configs.monitoring import DriftSettings
from configs.validation import ColumnRule
from tasks.domain import wording
from tasks.domain.observations import ColumnDrift, Drift
from tasks.monitoring import levels, numbers, two_sample

_NUMBERS = ("integer", "number")
_NAMED = 3
"""Moved columns that the reasons name."""


def measure(
    reference: pd.DataFrame,
    current: pd.DataFrame,
    features: Sequence[str],
    columns: Mapping[str, ColumnRule],
    settings: DriftSettings,
    *,
    weights: Mapping[str, float] | None = None,
    batch: str,
    snapshot: str,
) -> Drift:
    """Compare the rows of a batch with those that the live model was trained on.

    Args:
        reference: Rows of the live model's training data.
        current: Accepted rows of the batch.
        features: Columns that are compared, in this order.
        columns: Rules of the contract, which say what is a number.
        settings: Level, effect floor, and the share from which the batch as a whole has drifted.
        weights: What part of all that moves the answers of the live model each column is; without it all are alike.
        batch: Id of the batch.
        snapshot: Id of the training data.
    """
    kinds = ["number" if columns[name].type in _NUMBERS else "category" for name in features]
    found = [
        (numbers if kind == "number" else levels).compare(reference[name], current[name])
        for name, kind in zip(features, kinds, strict=True)
    ]
    rejected = two_sample.benjamini_hochberg(np.array([one.p_value for one in found]), settings.level)
    judged = tuple(
        ColumnDrift(
            column=name,
            kind=kind,
            moved=bool(out) and one.effect >= settings.min_effect,
            weight=weights.get(name, 0.0) if weights else None,
            beyond=_beyond(reference[name], current[name]) if kind == "number" else 0.0,
            **vars(one),
        )
        for name, kind, one, out in zip(features, kinds, found, rejected, strict=True)
    )
    moved = sorted((one for one in judged if one.moved), key=lambda one: -(one.weight or 0.0))
    carried = _carried(moved, judged)
    return Drift(batch, snapshot, judged, carried >= settings.share, _reasons(moved, judged, carried, settings.share))


def _beyond(reference: pd.Series, current: pd.Series) -> float:
    """Share of the rows whose number lies beyond all that there were."""
    was, now = (side.to_numpy(dtype=np.float64, na_value=np.nan) for side in (reference, current))
    was = was[~np.isnan(was)]
    return float(((now < was.min()) | (now > was.max())).mean()) if len(was) and len(now) else 0.0


def _carried(moved: Sequence[ColumnDrift], judged: Sequence[ColumnDrift]) -> float:
    """What part of all that moves the answers the moved columns are; of all columns where that is not known."""
    whole = sum(one.weight or 0.0 for one in judged)
    return sum(one.weight or 0.0 for one in moved) / whole if whole else len(moved) / len(judged)


def _reasons(
    moved: Sequence[ColumnDrift], judged: Sequence[ColumnDrift], carried: float, share: float
) -> tuple[str, ...]:
    columns = len(judged)
    if any(one.weight for one in judged):
        told = f"{len(moved)} of {columns} columns moved, {wording.share(carried)} of what moves the model's answers"
        count = f"{told}; from {wording.share(share)} on, the batch as a whole has drifted"
    else:
        needed = next(k for k in range(1, columns + 1) if k / columns >= share)
        count = f"{len(moved)} of {columns} columns moved; from {needed} on, the batch as a whole has drifted"
    named = [f"'{one.column}': {one.text}" for one in moved[:_NAMED]]
    rest = [f"and {len(moved) - _NAMED} more"] if len(moved) > _NAMED else []
    return (count, *named, *rest)
