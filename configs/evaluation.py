"""Room 4 of the settings: how a model is measured."""

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Any, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from configs import metrics
from configs.metrics import MetricName, Scorer
from configs.plugs import Use
from configs.section import Column, Number, Section
from configs.worth import Worth


def _also_a_word(schema: dict[str, Any]) -> None:
    schema["type"] = ["object", "string"]
    schema["pattern"] = "^none$"


class Cluster(Section):
    """Rows that share their luck. By default the day of the event time; `cluster: none` where nothing tells."""

    model_config = ConfigDict(json_schema_extra=_also_a_word)

    column: Column | None = None
    """Column that names the cluster, such as a customer; without it the day."""
    timezone: str = "UTC"
    """Time zone in which a day begins."""
    independent: bool = False
    """What `cluster: none` means: nothing tells which rows share their luck. Intervals then take each row by itself,
    and no model takes over on evidence."""

    @model_validator(mode="before")
    @classmethod
    def _none(cls, given: Any) -> Any:
        return {"independent": True} if given == "none" else given

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if self.independent and self.column is not None:
            raise ValueError("cluster names a column, so its rows are not independent; leave one of the two out")
        return self

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
    edges: tuple[Number, ...] | None = Field(default=None, min_length=1)
    """Inner borders of the bands of a number, each above the one before; without it each value is a slice."""

    @model_validator(mode="after")
    def _edges_ascend(self) -> Self:
        edges = self.edges or ()
        if any(low >= high for low, high in pairwise(edges)):
            raise ValueError(f"edges must ascend (got {', '.join(f'{edge:g}' for edge in edges)})")
        return self


def _shape(given: object) -> str:
    if isinstance(given, dict):
        return next((key for key in ("sklearn", "value") if key in given), "use")
    shapes = ((str, "name"), (Scorer, "sklearn"), (Worth, "value"))
    return next((shape for kind, shape in shapes if isinstance(given, kind)), "use")


if TYPE_CHECKING:
    MetricChoice = str | Scorer | Worth | Use
else:
    MetricChoice = Annotated[
        Annotated[MetricName, Tag("name")]
        | Annotated[Scorer, Tag("sklearn")]
        | Annotated[Worth, Tag("value")]
        | Annotated[Use, Tag("use")],
        Discriminator(_shape),
    ]


class EvaluationSettings(Section):
    """Room 4: how a model is measured."""

    cluster: Cluster = Cluster()
    metrics: tuple[MetricChoice, ...] | None = None
    """What is measured beside the loss that decides (log loss, squared error); by default what is usual. A metric of
    your own is named by `use:`, a scorer of scikit-learn by `sklearn:`, and what decisions are worth by `value:`."""
    slices: tuple[Slice, ...] = ()
    min_slice_rows: Annotated[int, Field(ge=2, le=1_000_000_000)] = 300
    """Slices with fewer rows, or with rows in fewer than five clusters, are pooled and called insufficient."""
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    """Coverage of the intervals."""
    importance_rows: Annotated[int, Field(ge=100, le=10_000_000)] = 2000
    """Rows of the sample on which permutation importance is measured."""

    @property
    def amounts(self) -> tuple[str, ...]:
        """Columns with what the decisions about rows are multiplied with."""
        named = [metric.amount for metric in self.metrics or () if isinstance(metric, Worth) and metric.amount]
        return tuple(dict.fromkeys(named))

    def called(self, text: str, problem: str) -> str | None:
        """The name in records of the metric that a name, that of a scorer, or a title means; None if none is meant."""
        for metric in self.measured(problem):
            if isinstance(metric, str):
                names = {metric, metrics.METRICS[metric].title}
            else:
                names = {metric.name, metric.title, getattr(metric, "sklearn", metric.name)}
            if text in names:
                return metric if isinstance(metric, str) else metric.name
        return None

    def measured(self, problem: str) -> tuple[MetricChoice, ...]:
        """Metrics of a problem that are shown."""
        return metrics.usual(problem) if self.metrics is None else self.metrics
