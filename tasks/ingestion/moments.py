"""Times that follow from other columns: from text by a format, or from the number of the row.

Add a way to derive a time here when a source has it in no column of its own. All times are UTC.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd

from configs.errors import BrokenContract
from configs.ingestion import DerivedTime, Source
from tasks.domain import wording
from tasks.ingestion import columns
from tasks.ingestion.zones import localize, to_utc

_PLAIN = Source()

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_PARTS = {
    "%Y": "[0-9]{4}",
    "%y": "[0-9]{2}",
    "%B": "[A-Za-z]+",
    "%p": "[AaPp]\\.?[Mm]\\.?",
    "%f": "[0-9]{1,6}",
    "%s": "[0-9]{1,12}",
    **dict.fromkeys(("%m", "%d", "%H", "%I", "%M", "%S"), "[0-9]{1,2}"),
}
_WIDTHS = {"%Y": "{4}", "%s": "{10}", "%f": "{1,6}"}
"""Figures of a part that touches others; two of all that are not named."""
_NUMERIC = [part for part in _PARTS if part not in ("%B", "%p")]
_NAMES = {
    **{
        "%Y": "year",
        "%y": "short_year",
        "%m": "month",
        "%B": "month",
        "%d": "day",
        "%H": "hour",
        "%I": "half_day_hour",
    },
    **{"%p": "half", "%M": "minute", "%S": "second", "%f": "decimals", "%s": "seconds"},
}
_FIRST_SHORT_YEAR = 1969


def derive(frame: pd.DataFrame, wanted: Mapping[str, DerivedTime], source: Source = _PLAIN) -> pd.DataFrame:
    """The same rows with the derived times that they do not have yet, as columns of UTC times.

    Args:
        frame: Rows in the order of their file; of a whole file where times follow from the number of the row.
        wanted: How each time is made.
        source: With the time zone of its clocks, where a time has none of its own.

    Raises:
        BrokenContract: A column that is needed is missing, or a text does not fit the format.
    """
    made = {
        name: _by_row(len(frame), time, source) if time.rows_per_day else _by_text(frame, name, time)
        for name, time in wanted.items()
        if name not in frame.columns
    }
    zones = {name: _zone(wanted[name], source) for name in made}
    kept = {name: zone for name, zone in zones.items() if zone != "UTC" and not wanted[name].rows_per_day}
    return localize(frame.assign(**made), kept, source.repeated_hour) if made else frame


def _zone(time: DerivedTime, source: Source) -> str:
    """The time zone of its text; seconds since 1970 are the same in all of them."""
    return "UTC" if "%s" in (time.format or "") else time.timezone or source.timezone or "UTC"


def _by_row(rows: int, time: DerivedTime, source: Source) -> pd.DatetimeIndex:
    start = datetime.fromisoformat(time.start or "")
    first = np.datetime64((start if start.tzinfo is None else start.astimezone(UTC)).replace(tzinfo=None), "us")
    zone = time.timezone or source.timezone or "UTC"
    if start.tzinfo is None and zone != "UTC":
        (first,), wrong = to_utc(np.array([first]), zone, source.repeated_hour)
        if wrong:
            raise BrokenContract(f"ingestion.derive: start {time.start!r} {wrong[0].format(zone=zone)}.", rows)
    step = np.timedelta64(86400 // (time.rows_per_day or 1), "s")
    return pd.DatetimeIndex((first + np.arange(rows) * step).astype("datetime64[us]")).tz_localize("UTC")


def _by_text(frame: pd.DataFrame, name: str, time: DerivedTime) -> pd.DatetimeIndex:
    absent = [column for column in time.columns if column not in frame.columns]
    if absent:
        raise BrokenContract(f"Column {name!r} cannot be derived: column {absent[0]!r} is missing.", len(frame))
    texts = _joined(frame, time)
    codes, levels = pd.factorize(texts)
    shape = _shape(time.format or "")
    ticks = [_tick(shape.fullmatch(str(text))) for text in levels]
    wrong = np.flatnonzero(np.isin(codes, [place for place, tick in enumerate(ticks) if tick is None]))
    if len(wrong):
        text, others = columns.example(texts.iloc[wrong[0]]), wording.count(len(wrong))
        raise BrokenContract(
            f"Column {name!r} cannot be derived: {text!r} in row {wrong[0] + 1} is no time of the form "
            f"{time.format!r}{f'; {others} such rows in all' if len(wrong) > 1 else ''}.{_hint(time.format or '')}",
            len(frame),
        )
    moments = np.array([*ticks, np.datetime64("NaT", "us")], dtype="datetime64[us]")[codes]
    return pd.DatetimeIndex(moments).tz_localize("UTC")


def _joined(frame: pd.DataFrame, time: DerivedTime) -> "pd.Series[Any]":
    """The text of each row; missing where a column of it is. Whole numbers are written without a decimal point."""
    pieces = re.split(r"\{([^{}]+)\}", time.text or "")
    joined: pd.Series[Any] = pd.Series(pieces[0], index=frame.index, dtype="str")
    for column, after in zip(pieces[1::2], pieces[2::2], strict=True):
        joined = joined + _texts(frame[column]) + after
    return joined


def _texts(values: "pd.Series[Any]") -> "pd.Series[Any]":
    codes, levels = pd.factorize(values)
    named = [f"{level:.0f}" if isinstance(level, float) and level.is_integer() else str(level) for level in levels]
    texts = np.array([*named, None], dtype=object)[codes]
    return pd.Series(texts, index=values.index, dtype="str")


def _shape(form: str) -> re.Pattern[str]:
    """What a text of this format looks like, its parts by their names.

    A number that touches another figure has its full width: `1152024` could be 1 or 11 by `%m%d%Y`, and is neither.
    """
    pieces = re.split("(%.)", form)
    shape = ""
    for place, piece in enumerate(pieces):
        if piece not in _PARTS:
            shape += re.escape(piece)
        elif _touches(pieces, place):
            shape += f"(?P<{_NAMES[piece]}>[0-9]{_WIDTHS.get(piece, '{2}')})"
        else:
            shape += f"(?P<{_NAMES[piece]}>{_PARTS[piece]})"
    return re.compile(shape)


def _touches(pieces: list[str], place: int) -> bool:
    """Whether a part is a number, and stands beside a figure, or beside a part that is a number too."""
    before, after = "".join(pieces[:place]), "".join(pieces[place + 1 :])
    beside = before[-2:] in _NUMERIC or before[-1:].isdecimal(), after[:2] in _NUMERIC or after[:1].isdecimal()
    return pieces[place] in _NUMERIC and any(beside)


def _hint(form: str) -> str:
    pieces = re.split("(%.)", form)
    if not any(_touches(pieces, place) for place in range(len(pieces))):
        return ""
    return " Numbers that touch are written in full width, 01 and not 1; or put a sign between the columns of the text."


def _tick(found: re.Match[str] | None) -> np.datetime64 | None:
    if found is None:
        return None
    parts = {"month": "1", "day": "1", **found.groupdict()}
    decimals = np.timedelta64(int(parts.get("decimals", "").ljust(6, "0")), "us")
    if "seconds" in parts:
        return np.datetime64(0, "us") + np.timedelta64(int(parts["seconds"]), "s") + decimals
    name = parts["month"]
    numbers = {**parts, "month": _month(name) if name.isalpha() else name}
    month, day, minute, second = (int(numbers.get(part, 0)) for part in ("month", "day", "minute", "second"))
    try:
        text = f"{_year(parts):04}-{month:02}-{day:02}T{_hour(parts):02}:{minute:02}:{second:02}"
        return np.datetime64(text, "us") + decimals
    except ValueError:
        return None


def _year(parts: Mapping[str, str]) -> int:
    """In four figures; of two that year of the hundred from 1969 on."""
    if "year" in parts:
        return int(parts["year"])
    return _FIRST_SHORT_YEAR + (int(parts["short_year"]) - _FIRST_SHORT_YEAR) % 100


def _hour(parts: Mapping[str, str]) -> int:
    """From 0 to 23; one that there is not on a clock of twelve is no hour."""
    if "half_day_hour" not in parts:
        return int(parts.get("hour", 0))
    hour, is_late = int(parts["half_day_hour"]), parts["half"].lower().startswith("p")
    return hour % 12 + 12 * is_late if 1 <= hour <= 12 else 99


def _month(name: str) -> int:
    """The number of a month by its English name, or by its first three letters or more."""
    return next(
        (place for place, whole in enumerate(_MONTHS, start=1) if len(name) >= 3 and whole.startswith(name.lower())), 0
    )
