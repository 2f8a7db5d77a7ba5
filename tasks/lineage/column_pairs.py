"""One column on two sides: what it holds, how far apart both are, and in which stretch of time that happened.

Add here what is measured of a single column. Which rows are compared, and in which order columns are told, is decided
in `differences`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.ingestion import digits
from tasks.lineage import stretches
from tasks.lineage.stretches import Place
from tasks.monitoring import levels, numbers, two_sample

Value = float | str | None
Flags = NDArray[np.bool_]
WORTH_PLACING = 0.02
"""Distance from which on it is asked where it comes from: below, single stretches differ by chance."""
CHANCE = 0.01
"""P-value below which two samples are not taken to be of the same."""
_LONGEST, _MOST = 60, 20
"""Characters of a level that are kept, and how many levels that only one side has."""


@dataclass(frozen=True)
class SchemaChange:
    """A column that only one side has, or that has another type there."""

    column: str
    was: str | None
    now: str | None


@dataclass(frozen=True)
class Facts:
    """What a column holds on one side."""

    missing: float
    """Share of rows without a value."""
    zeros: float | None = None
    """Share of rows that are zero, of numbers."""
    levels: int | None = None
    """How many values there are, of what is not a number."""
    low: Value = None
    high: Value = None


@dataclass(frozen=True)
class ColumnDifference:
    """One column on both sides."""

    column: str
    kind: str
    """`number`, `category`, `time` or `other`."""
    was: Facts
    now: Facts
    distance: float | None = None
    """KS distance (numbers) or total variation distance (categories), 0 to 1; missing counts as a value."""
    p_value: float | None = None
    """That two samples of the same would be so far apart."""
    text: str = ""
    """Where they differ most: `89 % above 43.9, was 70 %`."""
    added: tuple[str, ...] = ()
    """Levels that only the second side has, the most frequent ones first; at most so many."""
    gone: tuple[str, ...] = ()
    """Levels that only the first side has."""
    added_levels: int = 0
    """How many there are."""
    gone_levels: int = 0
    matters: float | None = None
    """What it is worth to the model: its permutation importance as a share of the largest one."""
    places: tuple[Place, ...] = ()
    """Where the difference comes from, largest part first."""
    histogram: tuple[tuple[str, float, float], ...] = ()
    """Bin (or level), share of the rows on the first side, on the second one."""

    @property
    def weight(self) -> float:
        """Distance times what the column matters."""
        return (self.distance or 0.0) * (self.matters or 0.0)


def schema(was: pd.DataFrame, now: pd.DataFrame) -> tuple[SchemaChange, ...]:
    """Columns that only one side has, or that have another type there, in the order of the columns."""
    names = [str(name) for name in dict.fromkeys((*was.columns, *now.columns)) if not digits.is_ours(name)]
    changes = [SchemaChange(name, _type(was, name), _type(now, name)) for name in names]
    return tuple(one for one in changes if one.was != one.now and not _is_open(was, now, one.column))


def facts(column: "pd.Series[object]") -> Facts:
    """What a column holds."""
    kind, missing = _kind(column), float(column.isna().mean()) if len(column) else 0.0
    values = column.dropna()
    if kind == "other" or values.empty:
        return Facts(missing)
    if kind == "category":
        return Facts(missing, levels=int(values.nunique()))
    if kind == "time":
        return Facts(missing, low=values.min().isoformat(), high=values.max().isoformat())
    floats = values.to_numpy(dtype=np.float64)
    zeros = float((floats == 0).sum() / len(column))
    return Facts(missing, zeros=zeros, low=_plain(floats.min()), high=_plain(floats.max()))


def compare(
    name: str, was: "pd.Series[object]", now: "pd.Series[object]", matters: float | None, when: NDArray[np.str_]
) -> ColumnDifference:
    """Compare both sides of a column.

    Args:
        name: Of the column.
        was: Its values on the first side.
        now: Its values on the second side.
        matters: What it is worth to the model.
        when: Of which stretch of time each row of the second side is, shape (rows,).
    """
    kinds = {_kind(side) for side in (was, now) if not side.isna().all()}
    kind = kinds.pop() if len(kinds) == 1 else "other"
    sides = facts(was), facts(now)
    if kind not in ("number", "category") or not len(was) or not len(now):
        return ColumnDifference(name, kind, *sides, matters=matters)
    was, now = (_as(kind, side) for side in (was, now))
    compared = (numbers if kind == "number" else levels).compare(was, now)
    share, flags = _widest(kind, was, now)
    is_worth = compared.effect >= WORTH_PLACING and compared.p_value < CHANCE
    return ColumnDifference(
        column=name,
        kind=kind,
        was=sides[0],
        now=sides[1],
        distance=round(compared.effect, 6),
        p_value=compared.p_value,
        text=compared.text,
        histogram=compared.histogram,
        matters=matters,
        places=stretches.places(flags, share, when) if is_worth else (),
        **(_levels(was, now) if kind == "category" else {}),
    )


def _widest(kind: str, was: "pd.Series[object]", now: "pd.Series[object]") -> tuple[float, Flags]:
    """Which rows are on the side of the cut, or of the level, where both differ most, and what share was before."""
    lost = was.isna().to_numpy(dtype=bool), now.isna().to_numpy(dtype=bool)
    jump = abs(float(lost[1].mean()) - float(lost[0].mean()))
    if kind == "category":
        shares = [side.value_counts() / len(side) for side in (was, now)]
        apart = shares[1].sub(shares[0], fill_value=0.0).abs()
        if apart.empty or jump >= apart.max():
            return float(lost[0].mean()), lost[1]
        level = apart.idxmax()
        return float(shares[0].get(level, 0.0)), (now == level).fillna(False).to_numpy(dtype=bool)
    values = [side.to_numpy(dtype=np.float64, na_value=np.nan) for side in (was, now)]
    there = [np.sort(side[~np.isnan(side)]) for side in values]
    if not len(there[0]) or not len(there[1]):
        return float(lost[0].mean()), lost[1]
    steps = two_sample.steps(*there)
    gaps = np.abs(steps.reference - steps.current)
    if jump >= gaps.max():
        return float(lost[0].mean()), lost[1]
    cut = steps.cuts[int(gaps.argmax())]
    return float((values[0] > cut).mean()), values[1] > cut


def _levels(was: "pd.Series[object]", now: "pd.Series[object]") -> dict[str, Any]:
    """Levels that only one side has."""
    there = was.value_counts().index, now.value_counts().index
    added, gone = there[1].difference(there[0], sort=False), there[0].difference(there[1], sort=False)
    names = {
        side: tuple(str(level)[:_LONGEST] for level in levels[:_MOST])
        for side, levels in (("added", added), ("gone", gone))
    }
    return {**names, "added_levels": len(added), "gone_levels": len(gone)}


def _kind(column: "pd.Series[object]") -> str:
    """`number`, `category`, `time` or `other`, by how it is held."""
    kind = column.dtype
    if isinstance(kind, pd.ArrowDtype):
        return "other"
    if pd.api.types.is_bool_dtype(kind):
        return "category"
    if pd.api.types.is_numeric_dtype(kind):
        return "number"
    if pd.api.types.is_datetime64_any_dtype(kind):
        return "time"
    return "category" if isinstance(kind, pd.StringDtype | pd.CategoricalDtype) else "other"


def _as(kind: str, column: "pd.Series[object]") -> "pd.Series[object]":
    """A column without a value may be held as anything."""
    held = "float64" if kind == "number" else "str"
    return pd.Series(np.nan, index=column.index, dtype=held) if column.isna().all() else column


def _plain(value: float) -> Value:
    return float(value) if math.isfinite(value) else str(value)


def _type(frame: pd.DataFrame, name: str) -> str | None:
    """The type of a column in the words of a contract; of one beyond it as it is stored; None if it is not there."""
    if name not in frame.columns:
        return None
    kind = frame[name].dtype
    if pd.api.types.is_bool_dtype(kind):
        return "boolean"
    if pd.api.types.is_integer_dtype(kind):
        return "integer"
    return {"number": "number", "category": "category", "time": "timestamp"}.get(_kind(frame[name]), str(kind))


def _is_open(was: pd.DataFrame, now: pd.DataFrame, name: str) -> bool:
    """Whether both have a column, of which one holds nothing: then its type says nothing either."""
    return all(name in side.columns for side in (was, now)) and any(side[name].isna().all() for side in (was, now))
