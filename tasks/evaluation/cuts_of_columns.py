"""Columns cut into cells, in which parts of the rows are looked for, and what such a part is called.

Add here how a kind of column is cut and named. What is measured in the cells belongs to `spot_search`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.training.groups import POOL

Codes = NDArray[np.intp]

_VALUES, _QUANTILES, _LEVELS = 32, 20, 30
"""Numbers with more values than that are cut at so many quantiles; so many levels of a category are looked at."""
_DISTINCT = 0.5
"""A text with more different values than this share of its rows is a name of the row."""
_FIGURES = 3
_NAMED = 5
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_CLOCKS: dict[str, tuple[str, range, Sequence[str]]] = {
    "hour": ("hour of the day", range(24), [str(hour) for hour in range(24)]),
    "weekday": ("weekday", range(7), _WEEKDAYS),
    "month": ("month", range(1, 13), _MONTHS),
}


@dataclass(frozen=True, eq=False)
class Cut:
    """A column in cells: those that can be named, then one for missing values, then one for all the rest."""

    column: str
    title: str
    """As a sentence calls it."""
    values: tuple[Any, ...] = ()
    """One cell each."""
    edges: tuple[float, ...] = ()
    """Or the borders between cells of a number; one belongs to the cell above it."""
    ordered: bool = True
    """Whether neighbouring cells make a range."""
    clock: str = ""
    """`hour`, `weekday` or `month` of a time."""
    zone: str = "UTC"
    names: tuple[str, ...] = ()
    """Of the values."""

    @property
    def name(self) -> str:
        """The column; of a time also which part of it: `at (hour)`."""
        return f"{self.column} ({self.clock})" if self.clock else self.column

    @property
    def named(self) -> int:
        """Number of cells that hold values which can be named."""
        return len(self.edges) + 1 if self.edges else len(self.values)

    @property
    def size(self) -> int:
        """Number of all cells."""
        return self.named + 2

    def codes(self, frame: pd.DataFrame) -> Codes:
        """The cell of each row, shape (rows,)."""
        values = read_clock(frame[self.column], self.clock, self.zone) if self.clock else frame[self.column]
        if self.edges:
            numbers = _numbers(values)
            places = np.searchsorted(np.asarray(self.edges), numbers, side="right")
            return np.where(np.isnan(numbers), self.named, places).astype(np.intp)
        if self.ordered:
            numbers = _numbers(values)
            known = np.asarray(self.values, dtype=np.float64)
            places = np.clip(np.searchsorted(known, numbers), 0, self.named - 1)
            places = np.where(known[places] == numbers, places, self.named + 1)
            return np.where(np.isnan(numbers), self.named, places).astype(np.intp)
        codes = pd.Index(self.values).get_indexer(pd.Index(_texts(values)))
        codes = np.where(codes < 0, self.named + 1, codes)
        return np.where(values.isna().to_numpy(), self.named, codes).astype(np.intp)

    def words(self, chosen: NDArray[np.bool_]) -> str:
        """What the rows of some cells have in common: `hour is 0 to 8 or 13 to 23`."""
        runs = list(_runs(chosen[: self.named]))
        told = [self._range(*run) for run in runs] if self.ordered else self._listed(np.flatnonzero(chosen))
        told += ["missing"] if chosen[self.named] else []
        return f"{self.title} is {_either(told)}"

    def _range(self, first: int, last: int) -> str:
        if not self.edges:
            ends = self.names[first], self.names[last]
            return ends[0] if first == last else f"{ends[0]} to {ends[1]}"
        if first == 0:
            return f"below {wording.number(self.edges[last])}"
        if last == len(self.edges):
            return f"from {wording.number(self.edges[first - 1])} on"
        return f"{wording.number(self.edges[first - 1])} to {wording.number(self.edges[last])}"

    def _listed(self, chosen: Codes) -> list[str]:
        names = [self.names[code] for code in chosen if code < self.named]
        more = len(names) - _NAMED
        return [*names[:_NAMED], f"one of {wording.count(more)} more"] if more > 1 else names


def cut(frame: pd.DataFrame, settings: PipelineSettings) -> list[Cut]:
    """The columns of `cut_with_codes` alone."""
    return [one for one, _ in cut_with_codes(frame, settings)]


def cut_with_codes(frame: pd.DataFrame, settings: PipelineSettings) -> list[tuple[Cut, Codes]]:
    """All columns that were delivered, and hour, weekday and month of the event, as far as they tell rows apart.

    Each with the cell of every row. Left out are the label, all times (when something was known is no property of the
    row), what names the row, and what comes to the same cells as a column before it.

    Args:
        frame: Accepted rows; the borders follow from their quantiles.
        settings: Of the pipeline.
    """
    times, zone = settings.ingestion.times, _zone(settings)
    known_later = {settings.training.label, times.event, times.arrival, times.label, *_names_of_rows(settings)}
    features = settings.inputs
    columns = sorted((name for name in frame.columns if name not in known_later), key=lambda name: name not in features)
    cuts = [one for name in columns if (one := _column(str(name), frame[name])) is not None]
    if times.event in frame:
        cuts += [_clock(times.event, clock, zone, frame[times.event]) for clock in _CLOCKS]
    return list(_distinct([one for one in cuts if one.named > 1], frame))


def read_clock(times: "pd.Series[Any]", clock: str, zone: str) -> "pd.Series[Any]":
    """Hour, weekday or month of times, in a zone; missing where the time is."""
    aware = times if times.dt.tz is not None else times.dt.tz_localize("UTC")
    local = aware.dt.tz_convert(zone).dt
    read: pd.Series[Any] = {"hour": local.hour, "weekday": local.weekday, "month": local.month}[clock]
    return read.astype("float64")


def _zone(settings: PipelineSettings) -> str:
    """Where days begin, or else where times were written."""
    zone = settings.evaluation.cluster.timezone
    written = settings.ingestion.source.zone(settings.ingestion.times.event)
    return written if zone == "UTC" and written else zone


def _names_of_rows(settings: PipelineSettings) -> tuple[str, ...]:
    """The key, where it is one column."""
    key = settings.validation.key
    return key if len(key) == 1 else ()


def _column(name: str, values: "pd.Series[Any]") -> Cut | None:
    """How a column is cut; None if there is nothing to tell apart in it, or it holds none of what can be named."""
    kind = values.dtype
    if pd.api.types.is_bool_dtype(kind):
        return Cut(name, name, ("false", "true"), ordered=False, names=("false", "true"))
    if pd.api.types.is_numeric_dtype(kind):
        return _number(name, _numbers(values))
    return _category(name, values) if pd.api.types.is_string_dtype(kind) or pd.api.types.is_object_dtype(kind) else None


def _number(name: str, numbers: NDArray[np.float64]) -> Cut | None:
    there = numbers[np.isfinite(numbers)]
    values = np.unique(there)
    if not len(values):
        return None
    if len(values) <= _VALUES:
        return Cut(name, name, tuple(values.tolist()), names=tuple(wording.number(value) for value in values.tolist()))
    borders = np.quantile(there, np.arange(1, _QUANTILES) / _QUANTILES)
    edges = sorted({float(f"{border:.{_FIGURES}g}") for border in borders.tolist()})
    return Cut(name, name, edges=tuple(edge for edge in edges if values[0] < edge <= values[-1]))


def _category(name: str, values: "pd.Series[Any]") -> Cut | None:
    there = values.dropna()
    if values.dtype == object and not there.map(lambda value: isinstance(value, str)).all():
        return None
    counts = pd.Series(_texts(there)).value_counts()
    if not len(counts) or len(counts) > _DISTINCT * len(there):
        return None
    levels = tuple(sorted(str(level) for level in counts.index[:_LEVELS] if level != POOL))
    return Cut(name, name, levels, ordered=False, names=tuple(repr(level) for level in levels))


def _clock(column: str, clock: str, zone: str, times: "pd.Series[Any]") -> Cut:
    title, values, names = _CLOCKS[clock]
    there = np.unique(read_clock(times, clock, zone).dropna())
    kept = [value for value in values if value in there]
    told = [names[value - values[0]] for value in kept]
    return Cut(column, title, tuple(map(float, kept)), clock=clock, zone=zone, names=tuple(told))


def _distinct(cuts: Sequence[Cut], frame: pd.DataFrame) -> Iterator[tuple[Cut, Codes]]:
    """Without those that come to the same cells as one before."""
    before: set[bytes] = set()
    for one in cuts:
        codes = one.codes(frame)
        content = pd.factorize(codes)[0].astype(np.int16).tobytes()
        if content not in before:
            before.add(content)
            yield one, codes


def _numbers(values: "pd.Series[Any]") -> NDArray[np.float64]:
    numbers: NDArray[np.float64] = values.to_numpy(dtype=np.float64, na_value=np.nan)
    return numbers


def _texts(values: "pd.Series[Any]") -> NDArray[Any]:
    if pd.api.types.is_bool_dtype(values.dtype):
        return np.where(values.fillna(False).to_numpy(dtype=bool), "true", "false").astype(object)
    texts: NDArray[Any] = values.astype(object).to_numpy()
    return texts


def _runs(chosen: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and last place of each row of neighbours."""
    for _, run in groupby(enumerate(np.flatnonzero(chosen).tolist()), key=lambda one: one[1] - one[0]):
        places = [place for _, place in run]
        yield places[0], places[-1]


def _either(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"
