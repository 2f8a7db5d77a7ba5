"""Parts of a date, and places on a circle: the hour of the day, the month of the year."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from configs.feature_steps import Made, StepSettings
from configs.ingestion import Zone
from configs.section import ColumnType, Positive
from tasks.features.base import Step

if TYPE_CHECKING:
    from tasks.features.transforms import Transform

Part = Literal["year", "quarter", "month", "week", "day", "day_of_year", "weekday", "weekend", "hour", "minute"]
_ROUND = {"month": 12.0, "week": 52.0, "day": 31.0, "day_of_year": 366.0, "weekday": 7.0, "hour": 24.0, "minute": 60.0}
"""How many there are of a part before it begins anew."""


class DatePartsSettings(StepSettings):
    """Numbers that are parts of a time: `departed` gives `departed_hour`, `departed_weekday`."""

    step: Literal["date_parts"]
    parts: Annotated[tuple[Part, ...], Field(min_length=1)] = ("hour", "weekday", "month")
    """Which ones: weekday counts from Monday, 0; weekend is 1 on Saturday and Sunday."""
    timezone: Zone = "UTC"
    """In which time zone."""
    takes: ClassVar[tuple[ColumnType, ...]] = ("timestamp",)

    @property
    def outputs(self) -> Mapping[str, Made]:
        """One number for each part of each column."""
        return {f"{name}_{part}": "number" for name in self.of for part in dict.fromkeys(self.parts)}


class DateParts(Step[DatePartsSettings]):
    """Of one or several times."""

    title = "date parts"
    Settings = DatePartsSettings

    @staticmethod
    def build(settings: DatePartsSettings, types: Sequence[ColumnType]) -> "Transform":
        """Needs no fit."""
        from tasks.features.transforms import DateParts as Computed

        return Computed(list(dict.fromkeys(settings.parts)), settings.timezone)


class CycleSettings(StepSettings):
    """A place on a circle, as sine and cosine, so that 23 lies beside 0: `hour` gives `hour_sin` and `hour_cos`."""

    step: Literal["cycle"]
    period: Positive | None = None
    """After how much a number begins anew: 24 for an hour. Of a time it follows from `part`."""
    part: Part | None = None
    """Which part of a time, where the column is one."""
    timezone: Zone = "UTC"
    takes: ClassVar[tuple[ColumnType, ...]] = ("integer", "number", "timestamp")

    @model_validator(mode="after")
    def _a_number_or_a_time(self) -> Self:
        if (self.period is None) == (self.part is None):
            raise ValueError("give period, of a number, or part, of a time")
        if self.part is not None and self.part not in _ROUND:
            raise ValueError(f"part must be one that begins anew: {', '.join(_ROUND)} (got {self.part!r})")
        return self

    @property
    def outputs(self) -> Mapping[str, Made]:
        """Two numbers for each column."""
        stems = [f"{name}_{self.part}" if self.part else name for name in self.of]
        return {f"{stem}_{end}": "number" for stem in stems for end in ("sin", "cos")}

    @property
    def length(self) -> float:
        """After how much it begins anew."""
        return self.period if self.period is not None else _ROUND[self.part or ""]


class Cycle(Step[CycleSettings]):
    """Of numbers, or of one part of times."""

    title = "cycle"
    Settings = CycleSettings

    @staticmethod
    def build(settings: CycleSettings, types: Sequence[ColumnType]) -> "Transform":
        """Needs no fit."""
        from tasks.features.transforms import Cycle as Computed

        return Computed(settings.length, settings.part or "", settings.timezone)
