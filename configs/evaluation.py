"""Room 4 of the settings: how a model is measured."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from configs.section import Column, Number, Section

MetricName = Literal["log_loss", "brier", "roc_auc", "average_precision", "calibration_error"]


class Cluster(Section):
    """Rows that share their luck. By default the day of the event time."""

    column: Column | None = None
    """Column that names the cluster, such as a customer; without it the day."""
    timezone: str = "UTC"
    """Time zone in which a day begins."""

    @model_validator(mode="after")
    def _zone_exists(self) -> Self:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as err:
            raise ValueError(f"no such time zone: {self.timezone!r}; write it as in 'America/New_York'") from err
        return self


class Slice(Section):
    """A column whose values (or bands of values) are judged apart."""

    column: Column
    edges: tuple[Number, ...] | None = None
    """Inner borders of the bands of a number; without it each value is a slice."""


class EvaluationSettings(Section):
    """Room 4: how a model is measured."""

    cluster: Cluster = Cluster()
    metrics: tuple[MetricName, ...] = ("log_loss", "brier", "roc_auc", "calibration_error")
    """What is measured beside the log loss, which decides."""
    slices: tuple[Slice, ...] = ()
    min_slice_rows: Annotated[int, Field(ge=2)] = 300
    """Slices with fewer rows, or with rows in fewer than five clusters, are pooled and called insufficient."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Coverage of the intervals."""
    importance_rows: Annotated[int, Field(ge=100)] = 2000
    """Rows of the sample on which permutation importance is measured."""
