"""The section `coordination` of a pipeline file: what starts a turn, and what holds one back."""

import re
from datetime import UTC, datetime
from typing import Annotated

from cronsim import CronSim, CronSimError
from pydantic import AfterValidator, Field

from configs.section import LATER, Days, Many, Section

_LARGEST = (59, 23, 31, 12, 7)
"""Of minute, hour, day, month and weekday: a step beyond it never comes."""


def _is_cron(text: str) -> str:
    """Five fields that a clock can follow: minute, hour, day, month, weekday."""
    wrong = f"no cron expression: {text!r}; write minute hour day month weekday, as in '0 6 * * *'"
    fields = text.split()
    if len(fields) != len(_LARGEST):
        raise ValueError(wrong)
    try:
        CronSim(text, datetime(2000, 1, 1, tzinfo=UTC))
    except CronSimError as err:
        raise ValueError(f"{wrong} ({str(err).lower()})") from None
    for field, largest in zip(fields, _LARGEST, strict=True):
        beyond = next((step for step in re.findall(r"/(\d+)", field) if int(step) > largest), None)
        if beyond is not None:
            raise ValueError(f"{wrong} (a step of {beyond} in {field!r} never comes)")
    return text


Cron = Annotated[str, AfterValidator(_is_cron)]


def _is_block(text: str) -> str:
    """A kind of block and the name of one, as Prefect shows them."""
    if re.fullmatch(r"[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*", text) is None:
        raise ValueError(f"no block: {text!r}; write kind and name as Prefect shows them, as in 'slack-webhook/team'")
    return text


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
    alert_block: Annotated[Annotated[str, AfterValidator(_is_block)] | None, LATER] = None
    """Prefect's notification block for this pipeline's alerts, as in 'slack-webhook/fraud-team'; null for the one that
    INCUMBENT_ALERT_BLOCK names."""
    max_attempts: Annotated[int, Field(ge=1, le=20)] = 4
    """How often a turn that fails is begun before it is given up, with an alert."""
