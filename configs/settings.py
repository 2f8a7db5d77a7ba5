"""WHAT a pipeline is: frozen, closed models, one per room; the YAML sections have the same names.

Add a setting here when a user must be able to choose. Where things run is not a setting: see `environment.py`.
The JSON schema in `pipeline.schema.json` is generated from this module (`make schema`).
"""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from configs.coordination import CoordinationSettings
from configs.section import Section

Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Column = Annotated[str, Field(min_length=1, max_length=200)]
Folder = Annotated[str, Field(min_length=1, pattern=r"^[^\x00-\x1f]*$")]

ColumnType = Literal["integer", "number", "category", "boolean", "timestamp"]
MetricName = Literal["log_loss", "brier", "roc_auc", "average_precision", "calibration_error"]


class Source(Section):
    """Where batches come from."""

    kind: Literal["parquet"] = "parquet"
    """Format of the files in the landing folder; each file is one batch."""
    folder: Folder | None = None
    """Landing folder; by default landing/<pipeline> in the home. A relative path starts from the home."""


class Times(Section):
    """The three times of each row. Without `arrival` a row is known when it happens, without `label` its label too."""

    event: Column
    """Column that says when it happened."""
    arrival: Column | None = None
    """Column that says when we learned of it."""
    label: Column | None = None
    """Column that says when its label was known."""


class IngestionSettings(Section):
    """Room 1: what is taken in."""

    source: Source = Source()
    times: Times


class ColumnRule(Section):
    """What the contract demands of one column."""

    type: ColumnType
    nullable: bool = False
    """Whether a missing value is allowed."""
    min: Number | None = None
    """Smallest allowed value."""
    max: Number | None = None
    """Largest allowed value."""
    values: tuple[str, ...] | None = None
    """The only allowed values of a category."""
    unit: str | None = None
    """Unit, for messages and the report."""
    reason: str | None = None
    """Why the rule is there; shown beside what it kept out."""

    @model_validator(mode="after")
    def _rules_fit_the_type(self) -> Self:
        if (self.min is not None or self.max is not None) and self.type not in ("integer", "number"):
            raise ValueError(f"min and max are for integers and numbers, not for a {self.type}")
        if self.values is not None and self.type != "category":
            raise ValueError(f"values are for categories, not for a {self.type}")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min ({self.min:g}) is above max ({self.max:g})")
        return self


class TriageSettings(Section):
    """When a batch whose rows keep the contract is refused whole: its values do not fit those before."""

    enabled: bool = True
    """Whether a batch is compared with the accepted ones next to it in time. Off when a change is meant."""
    min_rows: Annotated[int, Field(ge=20)] = 200
    """Smaller batches are not compared."""
    scale: Annotated[float, Field(ge=1.05, allow_inf_nan=False)] = 1.25
    """Smallest factor on every value of a column that counts as a change of unit."""
    missing_rise: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Rise of the share of missing values that counts; a column that goes missing wholly always does."""
    unseen_share: Annotated[float, Field(gt=0, le=1)] = 0.1
    """Share of rows with values never seen before that counts as renamed, beyond what is usual for the column."""


class ValidationSettings(Section):
    """Room 2: the contract. Rows that break it go to quarantine; a batch that breaks it as a whole is refused."""

    columns: dict[Column, ColumnRule] = Field(min_length=2)
    """Every column that a batch must have. Other columns are kept but not used."""
    key: tuple[Column, ...] = ()
    """Columns that together name a row; two different rows with one key are both quarantined."""
    max_quarantined: Share = 0.05
    """Largest tolerable share of quarantined rows; above it the batch is refused."""
    triage: TriageSettings = TriageSettings()


class Window(Section):
    """Which rows before a batch are trained on."""

    days: Annotated[int, Field(ge=1)] | None = None
    """Length in days, counted back from the batch; without it everything before the batch."""

    @property
    def length(self) -> timedelta | None:
        """The window as a time span; None means everything."""
        return None if self.days is None else timedelta(days=self.days)


class LogisticRegressionCandidate(Section):
    """A linear model: standardised numbers with missing indicators, one-hot categories."""

    family: Literal["logistic_regression"]
    c: Positive = 1.0
    """Inverse strength of the L2 penalty."""
    max_iter: Annotated[int, Field(ge=1)] = 200
    """Largest number of solver steps."""
    min_frequency: Annotated[int, Field(ge=1)] = 50
    """Categories with fewer training rows are pooled."""


class HistGradientBoostingCandidate(Section):
    """Histogram gradient boosting; categories and missing values are handled natively."""

    family: Literal["hist_gradient_boosting"]
    learning_rate: Positive = 0.06
    max_iter: Annotated[int, Field(ge=1)] = 120
    """Number of trees."""
    max_leaf_nodes: Annotated[int, Field(ge=2)] = 15
    min_samples_leaf: Annotated[int, Field(ge=1)] = 200
    l2: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """L2 penalty on leaf values."""


Candidate = Annotated[LogisticRegressionCandidate | HistGradientBoostingCandidate, Field(discriminator="family")]


class TrainingSettings(Section):
    """Room 3: what is learned from what."""

    label: Column
    """Column to predict; a boolean of the contract."""
    features: tuple[Column, ...] = Field(min_length=1)
    """Columns of the contract that are known when a prediction is asked for."""
    window: Window = Window()
    min_rows: Annotated[int, Field(ge=1)] = 500
    """Fewest labelled rows to train on, and to judge on."""
    first_model_share: Annotated[float, Field(gt=0.1, lt=0.95)] = 0.5
    """Share of the first batch's clusters, oldest first, that the first model learns from; the others judge it."""
    candidates: tuple[Candidate, ...] = Field(min_length=1)
    """Families to train each turn, in the order of preference; the better of the last batch is the next probe."""
    seed: Count = 0
    threads: Annotated[int, Field(ge=1, le=64)] = 1
    """Threads of one fit; more than the cores that are free makes fits slower."""


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


class DriftSettings(Section):
    """When an input counts as moved."""

    level: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """False discovery rate over the columns (Benjamini-Hochberg)."""
    min_effect: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Smallest distance between the two distributions that counts (0 to 1)."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """Share of moved columns from which the batch as a whole has drifted."""
    max_rows: Annotated[int, Field(ge=100)] = 20_000
    """Rows of the samples that are drawn in the Evidently report."""


class HealthSettings(Section):
    """When the live model needs watching."""

    max_share_error: Share = 0.03
    """Largest difference of the expected and the actual share of positives, as a share of all rows."""


class MonitoringSettings(Section):
    """Room 5: how the live model and its inputs are watched."""

    drift: DriftSettings = DriftSettings()
    health: HealthSettings = HealthSettings()


class FirstChampion(Section):
    """What the first model must show, with no champion to compare it with."""

    min_gain_over_dummy: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Relative gain in log loss over a constant that must lie below its interval."""
    min_roc_auc: Annotated[float, Field(ge=0.5, le=1)] = 0.55
    """Floor of the AUC."""


class GuardSettings(Section):
    """Guards may veto a promotion, never cause one."""

    slice_level: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Familywise error rate (Holm) at which a slice counts as worse."""
    max_calibration_error: Share = 0.15
    """Largest expected calibration error of a new champion."""
    max_churn: Share = 0.25
    """Largest share of rows whose decision (at 0.5) changes."""
    max_bundle_mb: Positive = 200
    max_latency_ms: Positive = 250
    """Largest processor time to answer one row; the quickest of five answers counts."""


class PromotionSettings(Section):
    """Room 6: when a challenger takes over."""

    false_promotion_every: Annotated[float, Field(ge=2)] = 200
    """Decisions that on average lie between two false promotions; the evidence that is needed."""
    min_relative_gain: Annotated[float, Field(ge=0, lt=0.5)] = 0.005
    """Smallest relative gain in loss that is worth a change."""
    first: FirstChampion = FirstChampion()
    guards: GuardSettings = GuardSettings()


class ReportingSettings(Section):
    """Room 8: how it is told."""

    row: tuple[str, str] = ("row", "rows")
    """What a row is, singular and plural."""
    outcome: str = "positive"
    """What a positive label means, as in '26 % of flights were *late*'."""
    groups: dict[str, tuple[Column, ...]] = Field(default={})
    """Named groups of columns, such as weather, for sentences about drift."""
    notes: dict[str, str] = Field(default={})
    """What a group's movement usually means, as in `weather: the season`."""
    unlabelled: str | None = None
    """Why an accepted row may have no label."""


class PipelineSettings(Section):
    """One model kept alive."""

    title: str = Field(min_length=1, max_length=300)
    """The question that the model answers, in one sentence."""
    ingestion: IngestionSettings
    validation: ValidationSettings
    training: TrainingSettings
    evaluation: EvaluationSettings = EvaluationSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    promotion: PromotionSettings = PromotionSettings()
    coordination: CoordinationSettings = CoordinationSettings()
    reporting: ReportingSettings = ReportingSettings()

    @model_validator(mode="after")
    def _columns_exist(self) -> Self:
        columns = self.validation.columns
        for where, name, types in self._used_columns():
            if name not in columns:
                raise ValueError(f"{where} names the column {name!r}, which validation.columns does not have")
            if types and columns[name].type not in types:
                wanted = " or ".join(types)
                raise ValueError(f"{where}: column {name!r} must be of type {wanted} (is {columns[name].type})")
        if columns[self.ingestion.times.event].nullable:
            raise ValueError(f"ingestion.times.event: {self.ingestion.times.event!r} must not be nullable")
        for late in (self.training.label, self.ingestion.times.label):
            if late in self.training.features:
                raise ValueError(f"training.features: {late!r} is not known before the label is")
        if len(set(self.training.features)) != len(self.training.features):
            raise ValueError("training.features: a column is named twice")
        return self

    def _used_columns(self) -> list[tuple[str, str, tuple[str, ...]]]:
        times, cluster = self.ingestion.times, self.evaluation.cluster.column
        named = {"event": times.event, "arrival": times.arrival, "label": times.label}
        used: list[tuple[str, str, tuple[str, ...]]] = [
            (f"ingestion.times.{role}", name, ("timestamp",)) for role, name in named.items() if name
        ]
        used += [("validation.key", name, ()) for name in self.validation.key]
        used += [("training.label", self.training.label, ("boolean",))]
        features = ("integer", "number", "category", "boolean")
        used += [("training.features", name, features) for name in self.training.features]
        used += [("evaluation.cluster.column", cluster, ())] if cluster else []
        for part in self.evaluation.slices:
            types = ("integer", "number") if part.edges else ("integer", "category", "boolean")
            used.append(("evaluation.slices", part.column, types))
        for group, members in self.reporting.groups.items():
            used += [(f"reporting.groups.{group}", name, ()) for name in members]
        return used

    def canonical(self) -> dict[str, Any]:
        """All settings, defaults included, as plain JSON values; what is hashed and logged."""
        return self.model_dump(mode="json")
