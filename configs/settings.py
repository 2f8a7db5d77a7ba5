"""WHAT a pipeline is: frozen, closed models, one module per room; the YAML sections have the same names.

Add a setting to its room when a user must be able to choose; what rooms must agree on is checked here. Where things
run is not a setting: see `environment.py`. The JSON schema in `pipeline.schema.json` is made from this (`make schema`).
"""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from configs import expectations, family_names, label_values, late_labels, lookups, metrics, plugs
from configs.coordination import CoordinationSettings
from configs.evaluation import EvaluationSettings
from configs.features import FeaturesSettings, Step
from configs.ingestion import IngestionSettings
from configs.monitoring import MonitoringSettings
from configs.problems import KINDS, Kind
from configs.promotion import PromotionSettings
from configs.reporting import ReportingSettings
from configs.scoring import ScoringSettings
from configs.section import LATER, ColumnType, Section
from configs.training import BALANCED, TrainingSettings
from configs.validation import ColumnRule, ValidationSettings
from configs.worth import Worth


class PipelineSettings(Section):
    """One model kept alive."""

    title: str = Field(min_length=1, max_length=300)
    """The question that the model answers, in one sentence."""
    ingestion: IngestionSettings
    validation: ValidationSettings
    features: Annotated[FeaturesSettings, LATER] = FeaturesSettings()
    training: TrainingSettings
    evaluation: EvaluationSettings = EvaluationSettings()
    monitoring: MonitoringSettings = MonitoringSettings()
    promotion: PromotionSettings = PromotionSettings()
    scoring: Annotated[ScoringSettings, LATER] = ScoringSettings()
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
        if self.evaluation.cluster.column == self.training.label:
            raise ValueError(f"evaluation.cluster.column: rows that share their {self.training.label!r} share no luck")
        if len({part.column for part in self.evaluation.slices}) < len(self.evaluation.slices):
            raise ValueError("evaluation.slices: a column is named twice")
        nameless = [name for name in self.reporting.notes if name not in self.reporting.groups]
        if nameless:
            raise ValueError(f"reporting.notes: there is no group {nameless[0]!r} in reporting.groups")
        return self

    @model_validator(mode="after")
    def _labels_that_come_later_find_their_rows(self) -> Self:
        late_labels.require(self.ingestion, self.validation, self.training.label)
        return self

    @model_validator(mode="after")
    def _values_of_the_label_are_in_the_contract(self) -> Self:
        rule = self.validation.columns.get(self.training.label)
        if rule is not None:
            label_values.require(self.training, rule)
        return self

    @model_validator(mode="after")
    def _labels_are_as_the_problem_has_them(self) -> Self:
        training, kind = self.training, KINDS[self.training.problem]
        if kind.takes_share and training.quantile is None:
            raise ValueError("training.quantile is missing: say which share of labels is to lie below, such as 0.9")
        if not kind.takes_share and training.quantile is not None:
            raise ValueError(f"training.quantile {_is_not_for(kind)}; write 'problem: {_taking_a_share()}' beside it")
        if kind.takes_value and (training.value is None or training.value.implied is None):
            raise ValueError(
                "training.value must say what outcomes are worth, right ones more than wrong ones, such as "
                "{true_positive: 120, false_positive: -15}"
            )
        if not kind.takes_value and training.value is not None:
            raise ValueError(f"training.value {_is_not_for(kind)}")
        least = self.validation.columns[training.label].min
        if kind.least is not None and (least is None or float(least) < kind.least):
            raise ValueError(
                f"training.problem: {kind.words} is never below {kind.least:g}, so rows where it is must not come in; "
                f"write 'min: {kind.least:g}' for {training.label!r} in validation.columns"
            )
        return self

    @model_validator(mode="after")
    def _what_is_asked_for_fits_the_problem(self) -> Self:
        problem = self.training.problem
        kind = KINDS[problem]
        families, learned = family_names.of(kind), [candidate.name for candidate in self.training.candidates]
        twice = [family for family in learned if learned.count(family) > 1]
        if twice:
            raise ValueError(f"training.candidates: {twice[0]} is named twice; a turn trains each family once")
        for family in (candidate.family for candidate in self.training.candidates):
            if family in plugs.ESTIMATORS and family not in families:
                raise ValueError(f"training.candidates: {family} {_is_not_for(kind)}; {_known(families)}")
        for metric in self.evaluation.measured(problem):
            name, known = metrics.choice(metric, problem)
            if name not in known:
                raise ValueError(f"evaluation.metrics: {name} {_is_not_for(kind)}; {_known(known)}")
        for column in self.evaluation.amounts:
            if self.validation.columns[column].nullable:
                raise ValueError(f"evaluation.metrics: {column!r} says what rows are worth, so it must not be nullable")
        named = [metric.name for metric in self.evaluation.metrics or () if isinstance(metric, Worth)]
        again = [name for name in named if named.count(name) > 1]
        if again:
            raise ValueError(f"evaluation.metrics: two values are called {again[0]!r}; give one another title")
        return self

    @model_validator(mode="after")
    def _limits_are_of_what_is_measured(self) -> Self:
        problem = self.training.problem
        for place, limit in enumerate(self.promotion.guards.metrics):
            where = f"promotion.guards.metrics[{place}]"
            if self.evaluation.called(limit.metric, problem) is None:
                measured = [one if isinstance(one, str) else one.name for one in self.evaluation.measured(problem)]
                raise ValueError(
                    f"{where}: {limit.metric!r} is not measured; evaluation.metrics has {', '.join(measured)}"
                )
            if limit.slices and not self.evaluation.slices:
                raise ValueError(f"{where}: there are no evaluation.slices to hold to it")
        return self

    @model_validator(mode="after")
    def _cases_are_rows_that_models_are_asked_about(self) -> Self:
        types = {name: rule.type for name, rule in self.validation.columns.items()}
        expectations.require(self.promotion.guards.cases, self.inputs, types, self.training.classes)
        return self

    @model_validator(mode="after")
    def _scale_and_weights_fit_the_label(self) -> Self:
        rules, kind = self.training, KINDS[self.training.problem]
        if rules.target and kind.learner != "regressor":
            raise ValueError(f"training.target {_is_not_for(kind)}")
        if rules.target and kind.fitted_by == "poisson":
            raise ValueError(f"training.target {_is_not_for(kind)}: it is learned as the logarithm of a mean anyway")
        if rules.weights == BALANCED and kind.learner != "classifier":
            raise ValueError(f"training.weights: balanced {_is_not_for(kind)}; name a column of weights")
        column = self.validation.columns.get(rules.weight_column or "")
        if column is not None and (column.nullable or column.min is None or column.min < 0):
            raise ValueError(f"training.weights: column {rules.weights!r} must have no nulls, and min: 0 or more")
        means = [step.called for step in self.features.steps if kind.names_classes and _averages_label(step)]
        if means:
            raise ValueError(
                f"features.steps: {means[0]} takes the mean of the label, which {kind.words} does not have; learn from "
                "the category itself, or write a step of your own"
            )
        return self

    @model_validator(mode="after")
    def _steps_take_what_there_is(self) -> Self:
        columns, times = self.validation.columns, self.ingestion.times
        there: dict[str, ColumnType] = {name: rule.type for name, rule in columns.items()}
        for place, step in enumerate(self.features.steps):
            where = f"features.steps[{place}]"
            for name in self.taken(step):
                if name not in there:
                    raise ValueError(
                        f"{where} takes the column {name!r}, which neither validation.columns has nor a step before it "
                        "makes"
                    )
                if name in (self.training.label, times.label):
                    raise ValueError(f"{where}: {name!r} is not known before the label is")
                if there[name] not in step.takes:
                    wanted = " or ".join(step.takes)
                    raise ValueError(f"{where}: column {name!r} must be of type {wanted} (is {there[name]})")
            if len({there[name] == "timestamp" for name in step.of or ()}) > 1 and "use" not in type(step).model_fields:
                raise ValueError(f"{where} takes either times or numbers, not both")
            for name, kind in step.outputs.items():
                if name in columns:
                    raise ValueError(
                        f"{where} makes a column {name!r}, which validation.columns has; name it otherwise"
                    )
                there[name] = kind
        return self

    @model_validator(mode="after")
    def _lookups_fill_columns_that_can_be_missing(self) -> Self:
        times = self.ingestion.times
        own = {*self.validation.key, times.event, times.arrival, times.label, self.training.label}
        lookups.require(self.features, self.validation.columns, own)
        return self

    def taken(self, step: Step) -> tuple[str, ...]:
        """The columns that a feature step takes, in order."""
        return self.training.features if step.of is None else step.of

    @property
    def inputs(self) -> tuple[str, ...]:
        """Columns of the contract that a model asks for: training.features, and what feature steps take beside them."""
        made = self.features.outputs
        taken = [name for step in self.features.steps for name in self.taken(step) if name not in made]
        return tuple(dict.fromkeys((*self.training.features, *taken)))

    @property
    def compared(self) -> tuple[str, ...]:
        """Those of the inputs that are compared from batch to batch; times go on by themselves."""
        return tuple(name for name in self.inputs if self.validation.columns[name].type != "timestamp")

    @property
    def learned(self) -> tuple[str, ...]:
        """Columns that a model learns from: training.features, and what feature steps make."""
        return (*self.training.features, *self.features.outputs)

    @property
    def rules(self) -> dict[str, ColumnRule]:
        """The columns of the contract, and those that feature steps make, by name."""
        made = {name: ColumnRule(type=kind, nullable=True) for name, kind in self.features.outputs.items()}
        return {**self.validation.columns, **made}

    def _used_columns(self) -> list[tuple[str, str, tuple[str, ...]]]:
        times, cluster = self.ingestion.times, self.evaluation.cluster.column
        named = {"event": times.event, "arrival": times.arrival, "label": times.label}
        used: list[tuple[str, str, tuple[str, ...]]] = [
            (f"ingestion.times.{role}", name, ("timestamp",)) for role, name in named.items() if name
        ]
        used += [(f"ingestion.derive.{name}", name, ("timestamp",)) for name in self.ingestion.derive]
        used += [("validation.key", name, ()) for name in self.validation.key]
        used += [("training.label", self.training.label, KINDS[self.training.problem].labels)]
        weights = self.training.weight_column
        used += [("training.weights", weights, ("integer", "number"))] if weights else []
        features = ("integer", "number", "category", "boolean")
        used += [("training.features", name, features) for name in self.training.features]
        used += [("evaluation.cluster.column", cluster, ())] if cluster else []
        used += [("evaluation.metrics", name, ("integer", "number")) for name in self.evaluation.amounts]
        for part in self.evaluation.slices:
            types = ("integer", "number") if part.edges else ("integer", "category", "boolean")
            used.append(("evaluation.slices", part.column, types))
        for group, members in self.reporting.groups.items():
            used += [(f"reporting.groups.{group}", name, ()) for name in members]
        return used

    @property
    def late_columns(self) -> tuple[str, ...]:
        """Columns of the contract that rows need not have when they come.

        Late labels, what is looked up, and where `validation.changes` lets columns be dropped, what may be missing.
        """
        return tuple(dict.fromkeys([*self.late_labels, *self.features.joined, *self.droppable]))

    @property
    def droppable(self) -> tuple[str, ...]:
        """Those that a source may leave out: not key, times and label, without which nothing can be said of a row."""
        if self.validation.changes.dropped == "refuse":
            return ()
        times, rules = self.ingestion.times, self.validation.columns
        own = {*self.validation.key, times.event, times.arrival, times.label, self.training.label}
        return tuple(name for name, rule in rules.items() if rule.nullable and name not in own)

    @property
    def late_labels(self) -> tuple[str, ...]:
        """Those of them that come later: the label, and when it was known."""
        known = self.ingestion.times.label
        return () if self.ingestion.labels is None or known is None else (self.training.label, known)

    def canonical(self) -> dict[str, Any]:
        """All settings, defaults included, as plain JSON values; what is kept and logged."""
        return self.model_dump(mode="json")


def _taking_a_share() -> str:
    return next(name for name, kind in KINDS.items() if kind.takes_share)


def _averages_label(step: object) -> bool:
    return bool(getattr(step, "averages_label", False))


def _is_not_for(kind: Kind) -> str:
    return f"is not for {kind.words}{kind.set_by}"


def _known(names: tuple[str, ...]) -> str:
    return f"there are {', '.join(names)}"
