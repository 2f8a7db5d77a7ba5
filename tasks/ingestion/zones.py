"""Times as clocks on a wall show them, as moments in UTC. What a clock shows twice, or never, is said, not guessed.

Add here what follows from the rules of a time zone. Which zone a source has is a setting.
"""

from enum import StrEnum
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import BrokenContract
from tasks.domain import wording
from tasks.ingestion import columns

Repeated = Literal["refused", "first", "second"]
"""What is meant by a time that a clock shows twice, when it is set back."""

_FIRST, _LAST = np.datetime64("0001-01-02", "us"), np.datetime64("9999-12-30", "us")
"""Between them a time is one of the calendar in every zone."""


class Fault(StrEnum):
    """Why a time on a wall is not one moment; the text completes `'x' in row 3 `."""

    TWICE = "is there twice in {zone}, where the clocks were set back; see ingestion.source.repeated_hour"
    NEVER = "does not exist in {zone}, where the clocks were set forward"
    BEYOND = "is no time that there is in {zone}"


def to_utc(
    shown: NDArray[np.datetime64], zone: str, repeated: Repeated = "refused"
) -> tuple[NDArray[np.datetime64], dict[int, Fault]]:
    """Moments in UTC, in microseconds; and by its place what is none, which is missing there.

    Args:
        shown: What the clocks show, in microseconds; NaT where there is nothing.
        zone: Their zone, such as `Europe/Berlin`.
        repeated: What is meant by a time that there is twice.
    """
    there, beyond = ~np.isnat(shown), (shown < _FIRST) | (shown > _LAST)
    clocks = pd.DatetimeIndex(np.where(beyond, np.datetime64("NaT", "us"), shown))
    first, second = (
        np.asarray(
            clocks.tz_localize(zone, ambiguous=np.full(len(clocks), is_first), nonexistent="NaT")
            .tz_convert("UTC")
            .tz_localize(None)
            .to_numpy(),
            dtype="datetime64[us]",
        )
        for is_first in (True, False)
    )
    never = there & ~beyond & np.isnat(first)
    twice = there & ~never & ~beyond & (first != second) & (repeated == "refused")
    found = np.where(twice | never, np.datetime64("NaT", "us"), second if repeated == "second" else first)
    faults = {Fault.BEYOND: beyond, Fault.NEVER: never, Fault.TWICE: twice}
    return found, {int(place): fault for fault, places in faults.items() for place in np.flatnonzero(places)}


def localize(frame: pd.DataFrame, zones: dict[str, str], repeated: Repeated = "refused") -> pd.DataFrame:
    """The same rows, with columns of times that are in UTC by name only moved to where they are by their zone.

    Raises:
        BrokenContract: A time is there twice or never; the text names the first one of each column.
    """
    moved: dict[str, Any] = {}
    faults = []
    for name, zone in zones.items():
        shown = frame[name].dt.tz_localize(None).to_numpy(dtype="datetime64[us]")
        codes, levels = pd.factorize(shown)
        ticks, wrong = to_utc(np.asarray(levels, dtype="datetime64[us]"), zone, repeated)
        rows = np.flatnonzero(np.isin(codes, list(wrong)))
        if len(rows):
            text = columns.example(pd.Timestamp(shown[rows[0]]))
            others = f"; {wording.count(len(rows))} such cells in all" if len(rows) > 1 else ""
            why = wrong[int(codes[rows[0]])].format(zone=zone)
            faults.append(f"Column {name!r}: {text!r} in row {rows[0] + 1} {why}{others}.")
        known = np.append(ticks, np.datetime64("NaT", "us"))[codes]
        moved[name] = pd.Series(pd.DatetimeIndex(known).tz_localize("UTC"), index=frame.index)
    if faults:
        raise BrokenContract(" ".join(faults), len(frame))
    return frame.assign(**moved) if moved else frame
