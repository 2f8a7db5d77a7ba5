"""Groups of rows: the cluster that each one shares its luck with, and the slices that it is in.

Add here how a group is named from the values of its rows. What is measured in a group belongs to `scores`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.evaluation import Cluster, Slice
from configs.ingestion import Times
from configs.validation import ColumnRule

Labels = NDArray[Any]
"""One text per row."""

MISSING, POOL = "(missing)", "other"


def clusters(frame: pd.DataFrame, times: Times, cluster: Cluster) -> Labels:
    """Name the cluster of each row: the value of its column, or the day (`2013-02-01`) of its event in the zone.

    Where nothing tells which rows share their luck, each row is its own.
    """
    if cluster.independent:
        return np.arange(len(frame)).astype(str).astype(object)
    if cluster.column is not None:
        return _texts(frame[cluster.column], _unmistakable)
    events = frame[times.event]
    aware = events if events.dt.tz is not None else events.dt.tz_localize("UTC")
    days = aware.dt.tz_convert(cluster.timezone).dt.tz_localize(None).to_numpy().astype("datetime64[D]")
    codes, unique = pd.factorize(days)
    names: Labels = np.append(np.datetime_as_string(unique).astype(object), MISSING)
    return _named(names, codes)


def slice_labels(
    frame: pd.DataFrame, slices: Sequence[Slice], columns: Mapping[str, ColumnRule] | None = None
) -> dict[str, Labels]:
    """Name the slice of each row, per column: its value, or its band.

    An edge belongs to the band above it: edges (8, 16) of an integer make `up to 7`, `8 to 15`, `16 or more`. With the
    `columns` of the contract an integer is known as such, and its min and max close the outer bands: `0 to 7`.
    """
    rules = columns or {}
    return {
        part.column: _bands(frame[part.column], part.edges, rules.get(part.column))
        if part.edges
        else _texts(frame[part.column], _level)
        for part in slices
    }


def _texts(values: pd.Series, write: Callable[[str], str]) -> Labels:
    codes, unique = pd.factorize(values)
    return _named(np.array([*(write(_text(value)) for value in unique), MISSING], dtype=object), codes)


def _named(names: Labels, codes: NDArray[np.intp]) -> Labels:
    """The name of each row by its code; the last name is that of the code −1."""
    named: Labels = names[codes]
    return named


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return str(value).lower()
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def _level(text: str) -> str:
    """The name of a level: itself, or in quotes where it reads like a name of ours, or like another level on a page."""
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    reads_alone = text.isprintable() and text == " ".join(text.split()) and not is_quoted
    return text if text and reads_alone and text not in (MISSING, POOL) else repr(text)


def _unmistakable(text: str) -> str:
    """The name of a cluster: itself, unless it reads like that of the rows without one."""
    return repr(text) if text.strip("'") == MISSING else text


def _bands(values: pd.Series, edges: Sequence[float], rule: ColumnRule | None) -> Labels:
    numbers = pd.to_numeric(values).to_numpy(dtype=np.float64, na_value=np.nan)
    there = ~np.isnan(numbers)
    borders = np.unique(np.asarray(edges, dtype=np.float64))
    whole = rule.type == "integer" if rule else bool((numbers[there] % 1 == 0).all())
    names = np.array([*_band_names(borders.tolist(), whole, rule), MISSING], dtype=object)
    return _named(names, np.where(there, np.searchsorted(borders, numbers, side="right"), -1))


def _band_names(borders: Sequence[float], whole: bool, rule: ColumnRule | None) -> list[str]:
    lows = [rule.min if rule else None, *borders]
    highs = [*borders, rule.max if rule else None]
    ends = [False] * len(borders) + [True]
    bands = list(zip(lows, highs, ends, strict=True))
    names = [_band_name(low, high, whole, last) for low, high, last in bands]
    if len(set(names)) < len(names):  # borders that ten figures do not tell apart
        names = [_band_name(low, high, whole, last, ".17g") for low, high, last in bands]
    return names


def _band_name(low: float | None, high: float | None, whole: bool, last: bool, form: str = ".10g") -> str:
    if whole:
        low = None if low is None else float(np.ceil(low))
        high = None if high is None else float(np.floor(high) if last else np.ceil(high) - 1)
    if low is None:
        return f"{'up to' if whole else 'below'} {high:{form}}"
    if high is None:
        return f"{low:{form}} or more"
    return f"{low:{form}}" if low == high else f"{low:{form}} to {high:{form}}"
