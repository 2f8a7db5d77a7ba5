"""The times of a row: when it happened, when it was delivered, when its label was known; or that nothing tells.

Add a rule here by which a time can be told from another. How times are written belongs to `time_forms`, how rows are
cut by them to `rhythm`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from configs.errors import MistakeOfUser
from configs.ingestion import DerivedTime
from tasks.drafting.guess import Ask, Guess, nearest
from tasks.drafting.survey import Column

_EVENT = re.compile(
    r"event|created|issue|start|order|book|visit|purchase|pickup|request|arriv|occur|when|timestamp|datetime|^(date|time|day|ts|dt)$",
    re.IGNORECASE,
)
_NOT_EVENT = re.compile(
    r"birth|dob|earliest|since|first|expir|due|end|last|updat|clos|status|pymnt|pay|deliver|return|modif|load|ingest|insert|extract|learn|receiv",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"status|clos|resol|outcome|decision|paid|paym|pymnt|settl|known|label|result|end|finish|deliver|return|cancel|complet",
    re.IGNORECASE,
)
_DELIVERED = re.compile(r"load|ingest|insert|extract|learn|receiv|etl|import|deliver", re.IGNORECASE)
_YEAR, _MONTH, _DAY = (re.compile(rf"(^|_){word}", re.IGNORECASE) for word in ("year", "month", "day"))
_HOUR = re.compile(r"^(hour|hr|hh|h|stunde|hour_of_day)$", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MOSTLY = 0.95
_FEW = 0.01
"""Share of the rows that may lack the time by which all are told apart."""
COMPOSED = "event_time"
"""Name of a time that is put together from several columns."""


@dataclass(frozen=True)
class Moment:
    """A time of a row: one that a column has, or one that is put together."""

    name: str
    """As the settings call it."""
    values: NDArray[np.datetime64]
    """In UTC; NaT where there is none. Shape (rows,)."""
    derived: DerivedTime | None = None
    columns: tuple[str, ...] = ()
    """From which columns of the rows it is read."""
    is_naive: bool = False
    is_date: bool = False
    rival: str | None = None

    @property
    def missing(self) -> int:
        """Rows without it."""
        return int(np.isnat(self.values).sum())

    @property
    def is_mostly_there(self) -> bool:
        """Whether all rows have it but for a few, which the contract sets aside."""
        return self.missing <= _FEW * len(self.values)

    @property
    def there(self) -> NDArray[np.datetime64]:
        """Those that are there; shape (rows with a time,)."""
        return self.values[~np.isnat(self.values)]


@dataclass(frozen=True)
class Times:
    """The times of the rows; no event where nothing tells when they happened."""

    event: Moment | None
    arrival: Moment | None = None
    label: Moment | None = None
    guesses: tuple[Guess, ...] = ()
    others: tuple[str, ...] = field(default=())
    """Columns with times that are none of these."""


def choose(columns: Sequence[Column], label: str, wanted: str | None, ask: Ask) -> Times:
    """The times of the rows.

    Args:
        columns: All columns.
        label: The one that is predicted.
        wanted: The column that says when a row happened, as the user names it; None to guess.
        ask: Asked where several could be meant.

    Raises:
        MistakeOfUser: The column that was named is not there, or holds no times.
    """
    there = {one.name: one for one in candidates(columns) if not set(one.columns) & {label}}
    event: Moment | None
    if wanted is not None:
        named = _named(wanted, there, columns)
        event, guesses = named, [Guess("ingestion.times.event", named.name, "as you said")]
    else:
        event, guesses = _event(list(there.values()), ask)
    if event is None:
        return Times(None, guesses=tuple(guesses), others=tuple(there))
    others = [one for one in there.values() if not set(one.columns) & set(event.columns)]
    arrivals = (one for one in others if _DELIVERED.search(one.name) and one.is_mostly_there)
    arrival = next((one for one in arrivals if _follows(one, event, 1.0)), None)
    outcomes = [one for one in others if one is not arrival and _is_outcome(one, event)]
    label_time = max(
        outcomes,
        key=lambda one: (_OUTCOME.search(one.name) is not None, one.values[~np.isnat(one.values)].max()),
        default=None,
    )
    guesses += [*_guessed("arrival", arrival, "its name, and it never lies before the event")]
    guesses += [
        *_guessed(
            "label",
            label_time,
            "its name" if label_time and _OUTCOME.search(label_time.name) else "it lies after the event",
        )
    ]
    used = {name for one in (event, arrival, label_time) if one for name in one.columns}
    rest = tuple(one.name for one in others if not used & set(one.columns))
    return Times(event, arrival, label_time, tuple(guesses), rest)


def candidates(columns: Sequence[Column]) -> list[Moment]:
    """All times that the columns have, those that are put together first."""
    single = [_single(column) for column in columns if column.kind == "time"]
    hour = next((one for one in columns if _HOUR.match(one.name) and _within(one, 0, 23)), None)
    joined = [_with_hour(one, hour, columns) for one in single if one.is_date and hour is not None]
    parts = _of_parts(columns)
    return [*([parts] if parts else []), *joined, *single]


def _single(column: Column) -> Moment:
    assert column.moments is not None and column.form is not None
    form = column.form
    if not form.needs_derivation:
        return Moment(column.name, column.moments, None, (column.name,), form.is_naive, form.is_date)
    name = f"{column.name}_at"
    return Moment(
        name, column.moments, form.derivation(column.name), (column.name,), form.is_naive, form.is_date, form.rival
    )


def _with_hour(day: Moment, hour: Column | None, columns: Sequence[Column]) -> Moment:
    """A day in one column and its hour in another."""
    assert hour is not None and hour.numbers is not None
    column = day.columns[0]
    form = next(one for one in columns if one.name == column).form
    written = (form.form if form is not None else None) or "%Y-%m-%d"
    hours = np.where(np.isnan(hour.numbers), 0, hour.numbers).astype(np.int64).astype("timedelta64[h]")
    values = np.where(np.isnan(hour.numbers), np.datetime64("NaT", "us"), day.values + hours)
    derived = DerivedTime(text=f"{{{column}}} {{{hour.name}}}", format=f"{written} %H")
    return Moment(COMPOSED, values, derived, (column, hour.name), is_naive=True)


def _of_parts(columns: Sequence[Column]) -> Moment | None:
    """Year, month and day in columns of their own; the day may be missing."""
    year = next((one for one in columns if _YEAR.search(one.name) and _within(one, 1900, 2100)), None)
    month = next(
        (one for one in columns if _MONTH.search(one.name) and (_within(one, 1, 12) or _are_months(one))), None
    )
    if year is None or month is None:
        return None
    day = next((one for one in columns if _DAY.search(one.name) and one is not month and _within(one, 1, 31)), None)
    parts = [year, month, *([day] if day else [])]
    form = " ".join(("%Y", "%m" if month.numbers is not None else "%B", *(["%d"] if day else [])))
    derived = DerivedTime(text=" ".join(f"{{{one.name}}}" for one in parts), format=form)
    values = _composed(year, month, day)
    return Moment(COMPOSED, values, derived, tuple(one.name for one in parts), is_naive=True, is_date=True)


def _composed(year: Column, month: Column, day: Column | None) -> NDArray[np.datetime64]:
    assert year.numbers is not None
    months = (
        month.numbers
        if month.numbers is not None
        else np.append([_MONTHS.index(text[:3].lower()) + 1.0 for text, _ in month.common], np.nan)[month.codes]
    )
    days = day.numbers if day is not None and day.numbers is not None else np.ones(len(months))
    absent = np.isnan(year.numbers) | np.isnan(months) | np.isnan(days)
    y, m, d = (np.where(absent, 1, part).astype(np.int64) for part in (year.numbers, months, days))
    whole = ((y - 1970) * 12 + m - 1).astype("datetime64[M]").astype("datetime64[D]") + (d - 1)
    return np.where(absent, np.datetime64("NaT", "us"), whole.astype("datetime64[us]"))


def _within(column: Column, low: float, high: float) -> bool:
    return (
        column.kind == "integer"
        and column.numbers is not None
        and column.levels > 0
        and bool(np.nanmin(column.numbers) >= low and np.nanmax(column.numbers) <= high)
    )


def _are_months(column: Column) -> bool:
    return (
        column.kind == "category"
        and 1 < column.levels <= 12
        and all(text[:3].lower() in _MONTHS for text, _ in column.common)
    )


# ── which is which ────────────────────────────────────────────────────────────────────────────────────────────────
def _named(wanted: str, there: Mapping[str, Moment], columns: Sequence[Column]) -> Moment:
    matching = [one for one in there.values() if wanted in (one.name, *one.columns)]
    if matching:
        return min(matching, key=lambda one: (one.name != wanted and one.name != f"{wanted}_at", len(one.columns)))
    column = next((one for one in columns if one.name == wanted), None)
    if column is None:
        hint = nearest(wanted, [one.name for one in columns])
        raise MistakeOfUser(
            f"There is no column {wanted!r} for --time{hint}. Columns with times: {', '.join(there) or 'none'}."
        )
    shown = ", ".join(repr(value) for value, _ in column.common[:3]) or "nothing"
    raise MistakeOfUser(
        f"{wanted!r} holds no times that can be read: {shown}. Times are written as 2025-01-31, 2025-01-31 14:30, "
        f"31.01.2025, 01/31/2025, Jan-2025, or in seconds since 1970. Columns with times: {', '.join(there) or 'none'}."
    )


def _event(there: Sequence[Moment], ask: Ask) -> tuple[Moment | None, list[Guess]]:
    whole = [one for one in there if one.is_mostly_there]
    if not whole:
        lacking = f"{there[0].name} is missing in {there[0].missing:,} rows" if there else "no column holds times"
        return None, [
            Guess("ingestion.derive", "by order", f"{lacking}: nothing is known about when", is_doubtful=True)
        ]
    ranked = sorted(whole, key=_likeliness, reverse=True)
    best = ranked[0]
    close = [one for one in ranked[1:] if _likeliness(one) == _likeliness(best) and one.columns != best.columns]
    if close:
        chosen = ask("Which time says when a row happened?", [one.name for one in ranked], best.name)
        best = next((one for one in ranked if chosen in (one.name, *one.columns)), best)
    why = _reason(best) if len(whole) > 1 else "the only time that every row has"
    if best.missing:
        why = f"{_reason(best)}; it is missing in {best.missing:,} of {len(best.values):,} rows, which are set aside"
    return best, [Guess("ingestion.times.event", best.name, why, is_doubtful=bool(close))]


def _likeliness(one: Moment) -> tuple[float, ...]:
    name = " ".join((one.name, *one.columns))
    named = (_EVENT.search(name) is not None) - 2 * (_NOT_EVENT.search(name) is not None)
    return float(named), float(len(one.columns)), float(_is_ordered(one))


def _reason(one: Moment) -> str:
    if len(one.columns) > 1:
        return f"put together from {', '.join(one.columns)}"
    if _EVENT.search(one.name):
        return "its name" + (", and the rows are in its order" if _is_ordered(one) else "")
    return "the rows are in its order" if _is_ordered(one) else "the likeliest of the times that every row has"


def _is_ordered(one: Moment) -> bool:
    steps = np.diff(one.values.astype(np.int64))
    return bool((steps >= 0).mean() > _MOSTLY) if len(steps) else True


def _follows(one: Moment, event: Moment, share: float) -> bool:
    there = ~np.isnat(one.values) & ~np.isnat(event.values)
    return bool(there.any() and (one.values[there] >= event.values[there]).mean() >= share)


def _is_outcome(one: Moment, event: Moment) -> bool:
    if _OUTCOME.search(" ".join(one.columns)) is not None:
        return _follows(one, event, 0.3)
    if len(one.columns) > 1:
        return False
    there = ~np.isnat(one.values) & ~np.isnat(event.values)
    late = float(np.median((one.values - event.values)[there].astype(np.int64))) if there.any() else 0.0
    return late > 0 and _follows(one, event, 1.0)


def _guessed(role: str, one: Moment | None, why: str) -> list[Guess]:
    return [] if one is None else [Guess(f"ingestion.times.{role}", one.name, why)]
