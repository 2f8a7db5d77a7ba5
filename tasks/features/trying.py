"""Tries a step of a user's own on rows: whether it is row-wise, leaves its input alone and keeps its bounds.

Add here what else such a step must not do. What it gives for rows is checked each time by `own_step`; how long it may
take is the business of `training.steps.trial`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.feature_steps import Output
from tasks.domain.records import Suspect
from tasks.features.own_step import OwnStep, StepFailed
from tasks.features.transforms import Column

_ROWS = 200
_ALONE = 5
_SAME = 1e-9
"""Largest difference of two numbers that count as the same, relative to them where they are above 1."""


Beyond = tuple[Suspect, NDArray[np.bool_]]
"""What is beyond its bounds, and in which rows, shape (rows,)."""


def require_row_wise(step: OwnStep, columns: Sequence[Column], made: Sequence[Column]) -> None:
    """Ask for some rows together, in another order, in parts and one by one: each row must give what it gave.

    Args:
        step: A step of a user.
        columns: What it takes.
        made: What it gave for all of these rows.

    Raises:
        StepFailed: A row gives something else by the rows beside it, or the step changes what it gets.
    """
    size = len(columns[0]) if columns else 0
    places = np.unique(np.linspace(0, size - 1, min(_ROWS, size)).astype(int)) if size else np.empty(0, dtype=int)
    if not len(places):
        return
    step.require_finite(step.rows(columns))
    some = [column[places] for column in columns]
    whole = [column[places] for column in made]
    _require_untouched(step, some)
    few = len(places)
    ways: dict[str, list[NDArray[np.int64]]] = {
        "with fewer others": [np.arange(few)],
        "in another order": [np.arange(few)[::-1]],
        "in parts": [np.arange(few // 2), np.arange(few // 2, few)],
        "alone": [np.array([place]) for place in np.unique(np.linspace(0, few - 1, min(_ALONE, few)).astype(int))],
    }
    for way, parts in ways.items():
        for part in (one for one in parts if len(one)):
            again = step.make([column[part] for column in some])
            for (name, _), now, before in zip(step.gives, again, whole, strict=True):
                _require_same(step, name, now, before[part], way)


def require_missing(step: OwnStep) -> None:
    """Ask for a row in which everything is missing, as each model is at its gate; raises StepFailed."""
    try:
        step.make([np.array([np.nan], dtype=object if kind == "category" else np.float64) for _, kind in step.takes])
    except StepFailed as problem:
        raise StepFailed(f"{problem}, for a row in which everything is missing") from problem


def beyond(values: Column, bounds: Output) -> NDArray[np.bool_]:
    """Which values lie beyond their bounds, shape (rows,); what is missing does not."""
    outside = np.zeros(len(values), dtype=np.bool_)
    if bounds.min is not None:
        outside |= values < bounds.min
    if bounds.max is not None:
        outside |= values > bounds.max
    return outside


def out_of_bounds(step: OwnStep, made: Mapping[str, Column], bounds: Mapping[str, Output]) -> list[Beyond]:
    """What is beyond its bounds, and in which rows; empty if nothing is."""
    signs = []
    for name, values in made.items():
        rule = bounds[name]
        outside = beyond(values, rule) if rule.type == "number" else np.zeros(len(values), dtype=np.bool_)
        if outside.any():
            limits = [
                f"{word} {bound:g}" for word, bound in (("least", rule.min), ("most", rule.max)) if bound is not None
            ]
            rows, worst = int(outside.sum()), values[outside][np.argmax(np.abs(values[outside]))]
            text = (
                f"{name!r}, made by {step.name}, is beyond its bounds ({', '.join(limits)}) in {rows:,} of "
                f"{len(values):,} rows, as {worst:g}"
            )
            signs.append((Suspect(name, "bounds", text, rows), outside))
    return signs


def _require_same(step: OwnStep, name: str, now: Column, before: Column, way: str) -> None:
    if now.dtype == object or before.dtype == object:
        differs = np.array(
            [not (_is_missing(a) and _is_missing(b)) and a != b for a, b in zip(now, before, strict=True)]
        )
    else:
        off = np.abs(now - before) / np.maximum(1.0, np.abs(before))
        differs = (np.isnan(now) != np.isnan(before)) | (off > _SAME)
    if differs.any():
        place = int(np.flatnonzero(differs)[0])
        raise StepFailed(
            f"{step} is not row-wise: {way}, a row gives {_shown(now[place])} as {name!r}, and "
            f"{_shown(before[place])} beside all others. Make each row of itself alone ({step.place})"
        )


def _require_untouched(step: OwnStep, columns: Sequence[Column]) -> None:
    rows = step.rows(columns)
    before = rows.copy(deep=True)
    step.call(rows)
    if not rows.equals(before) or list(rows.columns) != list(before.columns):
        changed = [str(name) for name in before if name not in rows or not _alike(rows[name], before[name])]
        what = ", ".join(map(repr, changed)) or "the columns"
        raise StepFailed(f"{step} changes the rows that it gets ({what}): work on a copy ({step.place})")


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _alike(now: "pd.Series[Any]", before: "pd.Series[Any]") -> bool:
    return bool(now.equals(before))


def _is_missing(value: Any) -> bool:
    return value is None or value != value
