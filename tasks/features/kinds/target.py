"""Target encoding: what the label was on average for a value, without telling a row its own label."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from configs.feature_steps import Made, StepSettings
from configs.section import ColumnType
from tasks.features.base import Step

if TYPE_CHECKING:
    from tasks.features.transforms import Transform


class TargetMeanSettings(StepSettings):
    """The mean label of each value of a category: `origin` gives `origin_target`."""

    step: Literal["target_mean"]
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    """While a model is fitted, a row gets the mean of rows that are in other folds than itself (cross-fitting)."""
    takes: ClassVar[tuple[ColumnType, ...]] = ("category",)
    averages_label: ClassVar[bool] = True

    @property
    def outputs(self) -> Mapping[str, Made]:
        """One number for each column."""
        return {f"{name}_target": "number" for name in self.of}


class TargetMean(Step[TargetMeanSettings]):
    """Of one or several categories."""

    title = "target mean"
    Settings = TargetMeanSettings

    @staticmethod
    def build(settings: TargetMeanSettings, types: Sequence[ColumnType]) -> "Transform":
        """Learns the mean label of each value."""
        from tasks.features.transforms import TargetMeans

        return TargetMeans(settings.folds)
