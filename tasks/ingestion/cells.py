"""Cells of text, as CSV files have them, as values of the types that the contract names. Nothing is ever guessed.

Add a way to write a value here when it can mean one thing only. A cell that cannot be read makes the whole file one
that breaks its contract: with which value, in which row, is said here. Which columns there must be is asked in
`columns`, what the values may be in `validation`.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import BrokenContract
from configs.section import ColumnType
from tasks.domain import wording
from tasks.ingestion import columns, digits, zones

_WHOLE = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_PADDED = re.compile(r"[+-]?0[0-9]+(?:\.[0-9]*)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[., '\u00a0\u202f][0-9]{3})+(?:[.,][0-9]+)?")
_ENDLESS = re.compile(r"[+-]?(?:inf|infinity)", re.IGNORECASE)
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6}(?P<digits>[0-9]{0,24}))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_LARGEST = 2**63
_TRUTHS = {"true": True, "false": False}
_FAULTS = 5
_SHOWN = 40


@dataclass(frozen=True)
class Notation:
    """How a source writes its values."""

    missing: tuple[str, ...] = ("",)
    """Cells that mean that there is no value."""
    decimal: str = "."
    clocks: Mapping[str, str] = field(default_factory=dict)
    """Time zone of each column whose times may lack one."""
    repeated: zones.Repeated = "refused"
    """What is meant by a time that there is twice."""


class _Unreadable(Exception):
    """A cell that is not a value of its type; the text completes `'x' in row 3 `."""


def read(frame: pd.DataFrame, types: Mapping[str, ColumnType], notation: Notation) -> pd.DataFrame:
    """Text as values: columns of the contract by their types, all others stay text.

    Args:
        frame: Cells as they stand in the file, all of them text.
        types: Type of each column of the contract; those that the file does not have are not asked for here.
        notation: How missing values and decimals are written.

    Raises:
        BrokenContract: A cell cannot be read as what its column must be; the text names the first one of each column.
    """
    read: dict[str, pd.Series[Any]] = {}
    faults: list[str] = []
    digits.require_none(frame.columns)
    for name in frame.columns:
        wanted = types.get(name, "category")
        cells = _column(frame[name], wanted, notation)
        if cells.faults:
            faults.append(_told(str(name), wanted, cells))
        else:
            read[name] = cells.values
    for name in [name for name in read if types.get(name) == "timestamp"]:
        beyond = _digits(frame[name])
        if beyond is not None:
            read[digits.column(name)] = beyond
    if faults:
        more = f" {wording.count(len(faults) - _FAULTS)} more columns have such cells." if len(faults) > _FAULTS else ""
        raise BrokenContract(" ".join(faults[:_FAULTS]) + more, len(frame))
    return pd.DataFrame(read, index=frame.index)


def read_each(
    frame: pd.DataFrame, types: Mapping[str, ColumnType], notation: Notation
) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """The same where each row is for itself: a cell that cannot be read is missing, and is named.

    Returns:
        The values, and of each row that has such cells what they must be, by its place from 0 on.
    """
    values: dict[str, pd.Series[Any]] = {}
    wrong: dict[int, list[str]] = {}
    for name in frame.columns:
        wanted = types.get(name, "category")
        cells = _column(frame[name], wanted, notation)
        values[name] = cells.values
        for place in np.flatnonzero(np.isin(cells.codes, list(cells.faults))):
            wrong.setdefault(int(place), []).append(f"{name}: {columns.WANTED[wanted]}")
    return pd.DataFrame(values, index=frame.index), wrong


@dataclass(frozen=True)
class _Cells:
    """The cells of a column as values."""

    values: "pd.Series[Any]"
    """Those that cannot be read are missing."""
    texts: list[str]
    """The different cells."""
    codes: NDArray[np.intp]
    """Of each row, which of them it has."""
    faults: Mapping[int, str]
    """Why some of them cannot be read."""


def _column(cells: "pd.Series[Any]", wanted: ColumnType, notation: Notation) -> _Cells:
    codes, levels = pd.factorize(cells)
    texts = [str(level) for level in levels]
    there = np.array([text not in notation.missing for text in texts], dtype=bool)
    if wanted == "category":
        held = np.array([text if known else None for text, known in zip(texts, there, strict=True)] + [None], object)
        return _Cells(pd.Series(held[codes], index=cells.index, name=cells.name, dtype="str"), texts, codes, {})
    values: list[Any] = [None] * len(texts)
    faults: dict[int, str] = {}
    for place in np.flatnonzero(there):
        try:
            values[place] = _READERS[wanted](texts[place], notation)
        except _Unreadable as fault:
            faults[int(place)] = str(fault)
    if wanted == "timestamp":
        faults |= _place(values, str(cells.name), notation)
    for wrong in faults:
        values[wrong] = None
    read = pd.Series(_held(values, codes, wanted), index=cells.index, name=cells.name)
    return _Cells(read, texts, codes, faults)


def _digits(cells: "pd.Series[Any]") -> "pd.Series[Any] | None":
    """Digits of times beyond microseconds; None if there are none."""
    codes, levels = pd.factorize(cells)
    shapes = [_TIME.fullmatch(str(level)) for level in levels]
    texts = [(shape["digits"] or "").rstrip("0") or None if shape else None for shape in shapes]
    if not any(texts):
        return None
    return pd.Series(np.array([*texts, None], dtype=object)[codes], index=cells.index, dtype="str")


def _told(name: str, wanted: ColumnType, cells: _Cells) -> str:
    """Which cell is wrong, the first of its column; and how many there are."""
    wrong = np.flatnonzero(np.isin(cells.codes, list(cells.faults)))
    first = int(cells.codes[wrong[0]])
    others = f"; {wording.count(len(wrong))} such cells in all" if len(wrong) > 1 else ""
    cell = f"{columns.example(cells.texts[first])!r} in row {wrong[0] + 1}"
    return f"Column {name!r} must be {columns.WANTED[wanted]}, but {cell} {cells.faults[first]}{others}."


# ── one cell ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _number(text: str, notation: Notation) -> int | float:
    plain = text
    if notation.decimal != ".":
        if "." in text:
            raise _Unreadable("is none: the decimal sign of this source is ','")
        plain = text.replace(notation.decimal, ".")
    if _WHOLE.fullmatch(plain):
        return _whole(plain)
    if _NUMBER.fullmatch(plain):
        return float(plain)
    if _ENDLESS.fullmatch(text):
        return math.copysign(math.inf, -1 if text.startswith("-") else 1)
    raise _Unreadable(_why_no_number(text, plain))


def _whole(text: str) -> int | float:
    """Exact where 64 bits hold it; beyond, the contract says what it thinks of such a number."""
    if len(text) > 20:
        return float(text)
    value = int(text)
    return value if -_LARGEST <= value < _LARGEST else float(text)


def _why_no_number(text: str, plain: str) -> str:
    if text.strip() != text and text.strip():
        return "has a blank around it"
    if not text.strip():
        return "is blank; if that means a missing value, name it in ingestion.source.missing"
    if _PADDED.fullmatch(plain):
        return "begins with 0, which would be lost; if it is a name, make the column a category"
    if _GROUPED.fullmatch(text):
        return "has signs between its figures; write 1500, and see ingestion.source.decimal"
    return "is text; if it means a missing value, name it in ingestion.source.missing"


def _truth(text: str, notation: Notation) -> bool:
    try:
        return _TRUTHS[text.lower()]
    except KeyError:
        raise _Unreadable("is neither; for another pair of values use a category or an integer") from None


def _moment(text: str, notation: Notation) -> datetime:
    shape = _TIME.fullmatch(text)
    if shape is None:
        raise _Unreadable("is not written as 2013-01-31T23:59:00Z; see ingestion.derive for other ways to write times")
    try:
        start, end = shape.span("digits")
        value = datetime.fromisoformat(text[:start] + text[end:] if shape["digits"] else text)
        return value if shape["zone"] is None else value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise _Unreadable("is no time that there is") from None


def _place(values: list[Any], name: str, notation: Notation) -> dict[int, str]:
    """Put times that are written without a zone into UTC, in their places; gives those for which that cannot be."""
    places = [place for place, value in enumerate(values) if value is not None and value.tzinfo is None]
    zone = notation.clocks.get(name)
    if zone is None:
        told = "has no time zone; write it in UTC, or name its zone as ingestion.source.timezone"
        return dict.fromkeys(places, told)
    shown = np.array([values[place] for place in places], dtype="datetime64[us]")
    ticks, wrong = zones.to_utc(shown, zone, notation.repeated)
    for place, tick in zip(places, ticks, strict=True):
        values[place] = None if np.isnat(tick) else tick.item().replace(tzinfo=UTC)
    return {places[number]: fault.format(zone=zone) for number, fault in wrong.items()}


_READERS: dict[ColumnType, Callable[[str, Notation], Any]] = {
    "integer": _number,
    "number": _number,
    "boolean": _truth,
    "timestamp": _moment,
}


# ── all cells of a column ─────────────────────────────────────────────────────────────────────────────────────────
def _held(values: list[Any], codes: NDArray[np.intp], wanted: ColumnType) -> Any:
    """Values of all rows, in the one way in which this kind of value is held here; missing is None among the levels."""
    gaps = np.array([value is None for value in values] + [True])[codes]
    if wanted == "boolean":
        truths = np.array([bool(value) for value in values] + [False])[codes]
        return pd.arrays.BooleanArray(truths, gaps)
    if wanted == "timestamp":
        ticks = np.array([_ticks(value) for value in values] + [np.datetime64("NaT", "us")], "datetime64[us]")[codes]
        return pd.DatetimeIndex(ticks).tz_localize("UTC").array
    if any(isinstance(value, float) for value in values):
        return np.array([math.nan if value is None else float(value) for value in values] + [math.nan])[codes]
    if wanted == "number" and all(value is None for value in values):
        return np.full(len(codes), math.nan)
    whole = np.array([value or 0 for value in values] + [0], dtype=np.int64)[codes]
    return pd.arrays.IntegerArray(whole, gaps) if gaps.any() else whole


def _ticks(value: datetime | None) -> np.datetime64:
    return np.datetime64("NaT", "us") if value is None else np.datetime64(value.replace(tzinfo=None), "us")
