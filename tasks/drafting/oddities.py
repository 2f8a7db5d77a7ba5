"""Cells that mean a number or a day to a person and are not read as one, with the sentence that says so.

Add a way of writing here that is often met and that no setting reads.
"""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tasks.drafting import time_forms

_DRESSED = re.compile(
    r"\s*[(+-]?\s*[$€£¥]?\s*[+-]?([0-9]+|[0-9]{1,3}([.,'’ \u00a0][0-9]{3})+)([.,][0-9]+)?\s*[%$€£¥]?\)?\s*"
)
_FIGURES = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_MANY, _ALMOST = 20, 0.98
_LOOKED_AT = 2_000
"""Different words that are looked at, the most frequent ones: what is written otherwise is so from the first on."""
_SERIALS = (30_000.0, 60_000.0)
"""Days from 1982 to 2064, as spreadsheets count them."""
_DAY_0 = np.datetime64("1899-12-30", "us")


def of_text(texts: Sequence[str], counts: NDArray[np.int64]) -> tuple[str, ...]:
    """What is to be said of many different words that are numbers to a person; nothing of names such as 0123.

    Args:
        texts: The different cells, most frequent first, without those that mean a missing value.
        counts: How often each comes.
    """
    if len(texts) <= _MANY:
        return ()
    texts, counts = texts[:_LOOKED_AT], counts[:_LOOKED_AT]
    fits = np.array([_DRESSED.fullmatch(text) is not None for text in texts])
    odd = next((text for text, fit in zip(texts, fits, strict=True) if fit and not _FIGURES.fullmatch(text)), None)
    if odd is None or counts[fits].sum() < _ALMOST * counts.sum():
        return ()
    if all(_FIGURES.fullmatch(text) for text in texts if text[:1] == "0") and any(text[:1] == "0" for text in texts):
        return ()
    return (f"it has numbers written as {odd!r}, which are not read; write them as 1234.5",)


def of_numbers(name: str, numbers: NDArray[np.float64] | None) -> tuple[str, ...]:
    """What is to be said of numbers that seem to be days, as a spreadsheet counts them."""
    there = np.zeros(0) if numbers is None else numbers[~np.isnan(numbers)]
    if not len(there) or not time_forms.is_clocklike(name):
        return ()
    if there.min() < _SERIALS[0] or there.max() > _SERIALS[1] or there.min() == there.max():
        return ()
    day = (_DAY_0 + np.timedelta64(int(there[0]), "D")).astype("datetime64[D]")
    return (f"it seems to count days as a spreadsheet does ({there[0]:g} is {day}), which is not read; write the date",)
