"""Columns that only repeat when something happened (hour, weekday, month): they must go on doing so.

Where one does not, its values were prepared differently, or the times of the events were moved.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from tasks.domain import wording
from tasks.domain.records import Suspect
from tasks.validation.triage.parts import Sign
from tasks.validation.triage.swings import Codes, Rows

_PURE = 0.999
"""Share of rows before that agree."""
_UNITS = ("hour", "weekday", "month")
_MOST_VALUES = 60
_CERTAINLY = 99.0
"""Swings that stand for: there was no exception."""


def look(
    now: pd.DataFrame, before: Sequence[pd.DataFrame], features: Sequence[str], event: str, share: float
) -> list[Sign]:
    """Columns that no longer say what the clock says, each with its rows."""
    times = pd.concat([now[event], *(frame[event] for frame in before)], ignore_index=True)
    ticks = {unit: getattr(times.dt, unit).to_numpy(dtype=np.int64) for unit in _UNITS}
    signs = []
    for name in features:
        if now[name].nunique() > _MOST_VALUES:
            continue
        codes = pd.factorize(pd.concat([now[name], *(frame[name] for frame in before)], ignore_index=True))[0]
        one = next(filter(None, (_off(name, codes, ticks[unit], unit, len(now), share) for unit in _UNITS)), None)
        signs += [one] if one else []
    return signs


def _off(name: str, codes: Codes, ticks: Codes, unit: str, rows: int, share: float) -> Sign | None:
    """Whether a column has always repeated the clock, and no longer does; the first rows are those of the batch."""
    levels, most = int(codes.max()) + 1, int(ticks.max()) + 1
    then = codes[rows:] >= 0
    if not 1 < levels <= _MOST_VALUES or not then.any():
        return None
    pairs = ticks[rows:][then] * levels + codes[rows:][then]
    counts = np.bincount(pairs, minlength=most * levels).reshape(most, levels)
    usual, ticked = counts.argmax(axis=1), counts.sum(axis=1) > 0
    if counts.max(axis=1).sum() < _PURE * len(then) or len(np.unique(usual[ticked])) < 2:
        return None
    here, value = ticks[:rows], codes[:rows]
    off: Rows = ticked[here] & (value != usual[here])
    if unit == "hour":  # clocks are set forward and back: what is an hour off is no damage
        off &= (value != usual[(here - 1) % most]) & (value != usual[(here + 1) % most])
    if off.mean() < share:
        return None
    part = wording.share(float(off.mean()))
    doubt = f"were the times moved, or '{name}'?"
    text = f"'{name}': not the {unit} of the event in {part} of rows, as it was in every row before: {doubt}"
    return Sign(Suspect(name, "off_the_clock", text, int(off.sum())), off, _CERTAINLY)
