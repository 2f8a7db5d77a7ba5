"""Windows of days or months by their numbers: which one a day is in, when it begins, which ones are over.

It imports nothing heavy, and may be asked whenever somebody looks what waits. Windows of rows that are at hand belong
to `cuts`; the two agree.
"""

from datetime import date, datetime, timedelta

from configs.ingestion import Cut

_MONTHS = 12


def number(day: date, cut: Cut) -> int:
    """The window that a day is in."""
    start = date.fromisoformat(cut.start)
    if cut.months:
        return ((day.year - start.year) * _MONTHS + day.month - start.month) // cut.months
    return (day - start).days // (cut.days or 1)


def begin(window: int, cut: Cut) -> date:
    """The first day of a window."""
    start = date.fromisoformat(cut.start)
    if cut.months:
        months = start.year * _MONTHS + start.month - 1 + window * cut.months
        return date(months // _MONTHS, months % _MONTHS + 1, 1)
    return start + timedelta(days=window * (cut.days or 1))


def name(window: int, cut: Cut) -> str:
    """What a window is called: its first day, or its first month."""
    first = begin(window, cut)
    return first.isoformat()[:7] if cut.months else first.isoformat()


def first_open(now: datetime, cut: Cut) -> int:
    """The first window that is not over: those before it have ended, and the days to wait have passed."""
    return number((now - timedelta(days=cut.wait_days)).date(), cut)


def again(until: int, days: int, cut: Cut) -> int:
    """The first window that is read again, if those before `until` were read and rows may come so many days late."""
    return number(begin(until, cut) - timedelta(days=days), cut)
