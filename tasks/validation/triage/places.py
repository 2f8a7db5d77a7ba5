"""Where in a batch some of its rows are: from a moment on, in one group, or all over it."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from tasks.ingestion import columns
from tasks.validation.triage.swings import Rows

_INSIDE = 0.8
"""Share of these rows that a part must hold, and share of the part that they must fill."""
_MOST_LEVELS = 40


def of(rows: Rows, frame: pd.DataFrame, event: str, groups: Iterable[str]) -> str:
    """`from 12 April on`, `device = C`; empty where no single part holds them.

    Args:
        rows: Which of the rows, in the order of their events.
        frame: All of them.
        event: Column of the times.
        groups: Columns that may name a part.
    """
    number = int(rows.sum())
    if not number or number >= _INSIDE * len(rows):
        return ""
    first = int(np.argmax(rows))
    if rows[first:].mean() >= _INSIDE:
        return f"from {frame[event].iloc[first]:%-d %B %H:%M} on"
    last = len(rows) - int(np.argmax(rows[::-1]))
    if rows[first:last].mean() >= _INSIDE:
        return f"from {frame[event].iloc[first]:%-d %B %H:%M} to {frame[event].iloc[last - 1]:%-d %B %H:%M}"
    for name in groups:
        values = frame[name]
        levels = values[rows].value_counts()
        if not len(levels) or levels.iloc[0] < _INSIDE * number or values.nunique() > _MOST_LEVELS:
            continue
        if rows[(values == levels.index[0]).to_numpy(dtype=bool, na_value=False)].mean() >= _INSIDE:
            return f"{name} = {columns.example(levels.index[0])}"
    return ""
