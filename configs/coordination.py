"""The section `coordination` of a pipeline file: what starts a turn, and what holds one back."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from configs.section import Days, Many, Section

_NAMES = {
    3: ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    4: ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
}
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_PART = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?", re.ASCII)
_LONGEST = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}
"""Days of the months that have no 31st."""


def _is_cron(text: str) -> str:
    """Five fields that a clock can follow: minute, hour, day, month, weekday."""
    fields = text.lower().split()
    wrong = f"no cron expression: {text!r}; write minute hour day month weekday, as in '0 6 * * *'"
    if len(fields) != len(_FIELDS):
        raise ValueError(wrong)
    meant = []
    for place, (field, (name, low, high)) in enumerate(zip(fields, _FIELDS, strict=True)):
        for number, word in enumerate(_NAMES.get(place, ()), start=low):
            field = re.sub(rf"\b{word}\b", str(number), field)
        parts = {part: _numbers(part, low, high) for part in field.split(",")}
        bad = next((part for part, numbers in parts.items() if not numbers), None)
        if bad is not None:
            raise ValueError(f"{wrong} ({name}: {bad!r})")
        meant.append(sorted({number for numbers in parts.values() for number in numbers}))
    if all(_LONGEST.get(month, 31) < meant[2][0] for month in meant[3]):
        raise ValueError(f"{wrong} (no month of these has a day {meant[2][0]})")
    return text


def _numbers(part: str, low: int, high: int) -> range:
    """What one part of a field stands for; empty if it is not one."""
    found = _PART.fullmatch(part)
    if not found:
        return range(0)
    first, last, step = (int(bound) if bound else None for bound in found.groups())
    start = low if first is None else first
    end = last if last is not None else high if first is None or step else start
    return range(start, end + 1, step or 1) if low <= start and end <= high >= (step or 1) else range(0)


Cron = Annotated[str, AfterValidator(_is_cron)]


class Schedules(Section):
    """When flows start by themselves: cron expressions in UTC; null for never."""

    continuous_training: Cron | None = None
    """A look by the clock; new data, drift and performance start it anyway."""
    monitor: Cron | None = "17 * * * *"
    """How often the live model and what waits for it are looked at outside of turns."""
    poll: Cron | None = "* * * * *"
    """How often the source is asked for new data, and what was missed is made up for."""


class CoordinationSettings(Section):
    """Beside the rooms: what starts a turn, and what holds one back."""

    schedules: Schedules = Schedules()
    max_model_age_days: Days | None = None
    """Age of the champion from which a look is wanted; each further span of this length wants another one."""
    cooldown_minutes: Annotated[int, Field(ge=0, le=525_600)] = 0
    """Shortest time between the end of a turn and the next run; data waits meanwhile."""
    turns_per_day: Many | None = None
    """Most turns in one day of UTC; data waits for the next day."""
    min_new_rows: Annotated[int, Field(ge=0, le=1_000_000_000)] = 0
    """Fewest rows that must wait before a turn begins."""
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 4
    """How often a turn that fails is begun before it is given up, with an alert."""
