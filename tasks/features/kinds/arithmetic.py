"""Ratio and difference of two columns."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from configs.feature_steps import Made, StepSettings
from configs.section import Column, ColumnType
from tasks.features.base import Step

if TYPE_CHECKING:
    from tasks.features.transforms import Transform


class _OfTwo(StepSettings):
    """What takes two numbers."""

    of: Annotated[tuple[Column, ...], Field(min_length=2, max_length=2)]
    """The two columns, in this order."""
    name: Column | None = None
    """Name of what is made."""
    takes: ClassVar[tuple[ColumnType, ...]] = ("integer", "number", "boolean")


class RatioSettings(_OfTwo):
    """The first divided by the second; missing where the second is 0: `a_per_b`."""

    step: Literal["ratio"]

    @property
    def outputs(self) -> Mapping[str, Made]:
        """One number."""
        return {self.name or "_per_".join(self.of): "number"}


class Ratio(Step[RatioSettings]):
    """Of two numbers."""

    title = "ratio"
    Settings = RatioSettings

    @staticmethod
    def build(settings: RatioSettings, types: Sequence[ColumnType]) -> "Transform":
        """Needs no fit."""
        from tasks.features.transforms import OfTwo

        return OfTwo("ratio")


class DifferenceSettings(_OfTwo):
    """The first less the second; of times the hours between: `a_less_b`."""

    step: Literal["difference"]
    takes: ClassVar[tuple[ColumnType, ...]] = ("integer", "number", "boolean", "timestamp")

    @property
    def outputs(self) -> Mapping[str, Made]:
        """One number."""
        return {self.name or "_less_".join(self.of): "number"}


class Difference(Step[DifferenceSettings]):
    """Of two numbers, or two times."""

    title = "difference"
    Settings = DifferenceSettings

    @staticmethod
    def build(settings: DifferenceSettings, types: Sequence[ColumnType]) -> "Transform":
        """Needs no fit."""
        from tasks.features.transforms import OfTwo

        return OfTwo("difference", hours="timestamp" in types)
