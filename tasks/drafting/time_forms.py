"""How times are written: which of the usual forms fits every cell of a column, and how the settings say it.

Add a form here when sources write times in another way that can mean one thing only. Reading them belongs to
`ingestion.moments`; a form that it does not know is no use here.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import BrokenContract
from configs.ingestion import DerivedTime
from tasks.ingestion import cells, moments

Moments = NDArray[np.datetime64]

_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?P<time>[T ][0-9:.]+(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?")
_DAYS = (
    "%Y/%m/%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%m-%d-%Y", "%d-%m-%Y", "%d-%B-%Y", "%d %B %Y", "%B %d, %Y",
    "%m/%d/%y", "%d/%m/%y", "%d-%B-%y", "%d.%m.%y",
)  # fmt: skip
_TIMES = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_MONTHS = ("%B-%Y", "%B %Y", "%Y-%m", "%Y/%m", "%m/%Y", "%B-%y")
FORMS = (*_MONTHS, *(f"{day}{time}" for day in _DAYS for time in _TIMES))
_WRITTEN_OUT = tuple(
    f"%Y-%m-%d{time}"
    for time in ("", "T%H:%M:%SZ", " %H:%M:%SZ", "T%H:%M:%S.%fZ", " %H:%M:%S.%f", "T%H:%M:%S.%f", *_TIMES)
)
"""Of ISO 8601, for text that is not read as a time by itself."""
_NUMERIC = ("%Y%m%d", "%Y%m%d%H%M%S", "%Y%m")
_CLOCKLIKE = re.compile(
    r"(^|_|[a-z])(time|timestamp|date|datetime|ts|epoch|unix|created|updated|at|dt|day|month|period|when|since|until|moment|stamp)(_|$)|date|time",
    re.IGNORECASE,
)
_SAMPLE = 400
_SHORTEST, _FIGURES = 6, 2
_FIRST, _LAST = 1900, 2100
_SECONDS, _MILLISECONDS = (3e8, 5e9), (3e11, 5e12)


@dataclass(frozen=True)
class TimeForm:
    """How the times of a column are written."""

    form: str | None = None
    """The format by which they are read; None where they are read as they stand."""
    is_date: bool = False
    """Whether they are days without a time of the day."""
    is_naive: bool = False
    """Whether they have no time zone of their own."""
    is_typed: bool = False
    """Whether the file has them as times, and not as text."""
    rival: str | None = None
    """Another format that fits every cell as well."""

    @property
    def needs_derivation(self) -> bool:
        """Whether the settings must say how they are read."""
        return self.form is not None or (self.is_typed and self.is_date)

    def derivation(self, column: str) -> DerivedTime:
        """How the settings say it."""
        form = self.form or "%Y-%m-%d"
        return DerivedTime(text=f"{{{column}}}", format=form, timezone="UTC" if form.endswith("Z") else None)

    def read(self, texts: Sequence[str]) -> Moments:
        """Different texts as times in UTC."""
        if self.form is not None:
            return _derived(texts, self.form)
        frame = pd.DataFrame({"time": list(texts)}, dtype="str")
        zoned = cells.Notation(clocks={"time": "UTC"}, repeated="first")
        read: Moments = (
            cells.read(frame, {"time": "timestamp"}, zoned)["time"].dt.tz_localize(None).to_numpy("datetime64[us]")
        )
        return read

    def of_numbers(self, numbers: NDArray[np.float64]) -> Moments:
        """Whole numbers as times in UTC."""
        texts, codes = np.unique(numbers, return_inverse=True)
        there = ~np.isnan(texts)
        read = np.full(len(texts), np.datetime64("NaT", "us"))
        read[there] = _derived([f"{number:.0f}" for number in texts[there]], self.form or "")
        return read[codes]


def recognise(name: str, there: Sequence[str], *, are_read: bool = True) -> "tuple[TimeForm, Moments] | None":
    """How a column of text writes its times, and the times of its cells; None if it has none.

    Args:
        name: Of the column: figures alone are a time only where it says so.
        there: The different cells that have a value.
        are_read: Whether text such as 2025-01-31 14:30 is read as a time by itself; in parquet it is not.
    """
    if not there or len(there) < 2 or not any(map(str.isdigit, there[0])):
        return None
    if all(map(str.isdigit, there)):
        form = _of_figures(name, [float(text) for text in there])
        if form is None:
            return None
        return TimeForm(form=form, is_naive=form not in ("%s", "%s%f")), _derived(there, form)
    if not all(map(_is_like_a_time, there[:_SAMPLE])):
        return None
    shapes = [_ISO.fullmatch(text) for text in there]
    if are_read and all(shapes) and (moments := _read(there, None)) is not None:
        times = [shape for shape in shapes if shape is not None and shape["time"]]
        naive = any(not shape["zone"] for shape in shapes if shape is not None)
        return TimeForm(is_date=not times, is_naive=naive), moments
    return _by_a_format(there, FORMS if are_read else (*_WRITTEN_OUT, *FORMS))


def _by_a_format(texts: Sequence[str], forms: Sequence[str]) -> "tuple[TimeForm, Moments] | None":
    likely = [form for form in forms if _read(texts[:_SAMPLE], form) is not None]
    fitting = {form: moments for form in likely if (moments := _read(texts, form)) is not None}
    if not fitting:
        return None
    # The shorter year fits the longer one's figures nowhere; day and month can be exchanged only where both are small.
    first = sorted(next(iter(fitting)))
    rivals = [form for form in fitting if sorted(form) == first]
    chosen = min(rivals, key=lambda form: _largest_gap(fitting[form]))
    has_time = "%H" in chosen or "%I" in chosen
    rival = next((form for form in rivals if form != chosen), None)
    form = TimeForm(form=chosen, is_date=not has_time, is_naive=not chosen.endswith("Z"), rival=rival)
    return form, fitting[chosen]


def _largest_gap(moments: Moments) -> float:
    """Between one time and the next: read rightly, times lie close together. In µs."""
    return float(np.diff(np.sort(moments)).astype(np.float64).max())


def is_clocklike(name: str) -> bool:
    """Whether the name of a column says that it has times."""
    return _CLOCKLIKE.search(name) is not None


def _is_like_a_time(text: str) -> bool:
    """Whether a text may be one, at a glance."""
    return len(text) >= _SHORTEST and sum(map(str.isdigit, text)) >= _FIGURES and not text.replace(".", "", 1).isdigit()


def recognise_numbers(name: str, numbers: NDArray[np.float64]) -> TimeForm | None:
    """The same for a column of numbers."""
    there = np.unique(numbers[~np.isnan(numbers)])
    if len(there) < 2 or not np.array_equal(there, np.floor(there)):
        return None
    form = _of_figures(name, [float(number) for number in there])
    return None if form is None else TimeForm(form=form)


def _of_figures(name: str, numbers: Sequence[float]) -> str | None:
    """The format of whole numbers that are times: seconds or milliseconds since 1970, or the figures of a day."""
    if not numbers or not is_clocklike(name):
        return None
    low, high = min(numbers), max(numbers)
    for form, (least, most) in (("%s", _SECONDS), ("%s%f", _MILLISECONDS)):
        if least <= low <= high <= most:
            return form
    texts = [f"{number:.0f}" for number in numbers]
    lengths = {len(text) for text in texts}
    for form, length in zip(_NUMERIC, (8, 14, 6), strict=True):
        if lengths == {length} and _read(texts, form) is not None:
            return form
    return None


def _read(texts: Sequence[str], form: str | None) -> Moments | None:
    """Texts as times of years in which there are data; None if one of them is none."""
    try:
        read = TimeForm(form=form).read(texts)
    except BrokenContract:
        return None
    years = read.astype("datetime64[Y]").astype(np.int64) + 1970
    return read if ((years >= _FIRST) & (years <= _LAST)).all() else None


def _derived(texts: Sequence[str], form: str) -> Moments:
    frame = pd.DataFrame({"text": list(texts)}, dtype="str")
    derived = moments.derive(frame, {"time": DerivedTime(text="{text}", format=form)})["time"]
    read: Moments = derived.dt.tz_localize(None).to_numpy("datetime64[us]")
    return read
