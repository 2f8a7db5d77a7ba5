"""Which time a batch is about, where its name is a month or a day: told as such only if its rows say the same.

A name says where a batch begins; where its rows end, they say themselves: three years of rows named `1955-01` are not
January. Times are in UTC, names are often in the zone of the source: rows that lie as far off as a zone may are taken
to be of the day that the name says. Names for people of everything else belong to `titles`.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from tasks.domain.records import Batch

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DATE = re.compile(r"(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?", re.ASCII)
_NONE, _SUMMER = timedelta(0), timedelta(hours=1)
_WEST, _EAST = timedelta(hours=12), timedelta(hours=14)
"""How far the clocks of zones are behind UTC, and before it."""


@dataclass(frozen=True)
class Period:
    """One or several days, or months (of which the first day stands for the month)."""

    first: date
    last: date
    in_days: bool

    @property
    def is_one(self) -> bool:
        """Whether it is one day, or one month."""
        return self.first == self.last

    @property
    def short(self) -> str:
        """`Dec`, `Jan–Mar`, `1955–57`; `5 Dec`, `3–9 Dec`, `28 Nov–4 Dec`."""
        if self.in_days or self.first.year == self.last.year:
            return str(self.first.year) if self._in_years else _joined(self._ends("b", years=False), "–")
        return f"{self.first.year}–{self.last.year % 100:02}"

    @property
    def medium(self) -> str:
        """The same with its year: `Dec 2013`, `Jan–Mar 2013`, `28 Nov–4 Dec 2013`."""
        return _joined(self._ends("b"), "–")

    @property
    def when(self) -> str:
        """`in December 2013`, `from January to March 2013`, `on 5 December 2013`: ready for a sentence."""
        first, last = self._ends("B")
        if first:
            return f"from {first} to {last}"
        return f"{'on' if self.in_days else 'in'} {last}"

    @property
    def _in_years(self) -> bool:
        return not self.in_days and self.first.month == 1 and self.last.month == 12

    def _ends(self, form: str, *, years: bool = True) -> tuple[str, str]:
        """First and last, without in the first what the last says as well; the first is empty where they are one."""
        same_year = self.first.year == self.last.year
        if self._in_years:
            return "" if same_year else str(self.first.year), str(self.last.year)
        month, other = (_month(moment, form) for moment in (self.first, self.last))
        year = f" {self.last.year}" if years else ""
        end = f"{self.last.day} {other}{year}" if self.in_days else f"{other}{year}"
        if self.is_one:
            return "", end
        begin = f"{self.first.day} {month}" if self.in_days else month
        if self.in_days and same_year and month == other:
            return str(self.first.day), end
        return begin if same_year or not years else f"{begin} {self.first.year}", end


def of(batch: Batch) -> Period | None:
    """The time that a batch is about; None where its name is no date, or its rows lie elsewhere or are not known."""
    period = _of_name(batch.name)
    if period is None or batch.first_event is None or batch.last_event is None:
        return None
    day, in_days = period.first, period.in_days
    behind = batch.first_event - datetime(day.year, day.month, day.day, tzinfo=UTC)
    begins = -_EAST <= behind < _NONE or _unit(batch.first_event.date(), in_days) == day
    last = _unit((batch.last_event + _shift(behind)).date(), in_days)
    return Period(day, max(day, last), in_days) if begins else None


def named(batch: Batch) -> Period | None:
    """The day or month that the name of a batch says, if nothing is known of its rows."""
    return _of_name(batch.name) if batch.first_event is None else None


def _of_name(name: str) -> Period | None:
    found = _DATE.fullmatch(name)
    try:
        day = date(int(found[1]), int(found[2]), int(found[3] or 1)) if found else None
    except ValueError:  # 30 February
        return None
    return Period(day, day, found[3] is not None) if found and day else None


def _shift(behind: timedelta) -> timedelta:
    """What takes a time in UTC to the source's, as far as its first row lets one guess; less an hour of summer time."""
    if behind < _NONE:
        return -behind - _SUMMER
    return -min(behind + _SUMMER, _WEST) if behind else _NONE


def _unit(day: date, in_days: bool) -> date:
    return day if in_days else day.replace(day=1)


def _month(moment: date, form: str) -> str:
    name = MONTHS[moment.month - 1]
    return name[:3] if form == "b" else name


def _joined(ends: tuple[str, str], sign: str) -> str:
    return sign.join(end for end in ends if end)
