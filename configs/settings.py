"""WHAT a pipeline is: frozen, closed models, one module per room; the YAML sections have the same names.

Add a setting to its room when a user must be able to choose; what rooms must agree on is checked here. Where things
run is not a setting: see `environment.py`. The JSON schema in `pipeline.schema.json` is generated from this (`make schema`).
"""

from typing import Any, Self

from pydantic import Field, model_validator

from configs.coordination import CoordinationSettings
from configs.evaluation import EvaluationSettings
from configs.ingestion import IngestionSettings
from configs.monitoring import MonitoringSettings
from configs.promotion import PromotionSettings
from configs.reporting import ReportingSettings
from configs.section import Section
from configs.training import TrainingSettings
from configs.validation import ValidationSettings


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
