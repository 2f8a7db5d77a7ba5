"""Room 6 of the settings: when a challenger takes over."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from configs.expectations import Expectation
from configs.plugs import Use
from configs.section import LATER, Number, Positive, Section, Share


class FirstChampion(Section):
    """What the first model must show, with no champion to compare it with."""

    min_gain_over_dummy: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """Relative gain in loss over a constant that must lie below its interval."""
    min_roc_auc: Annotated[float, Field(ge=0.5, le=1)] = 0.55
    """Floor of the AUC."""
    min_r2: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Floor of R² where a number is predicted."""
    min_d2: Annotated[float, Field(ge=0, lt=1), LATER] = 0.05
    """Floor of D², the part of the loss of the best constant that is saved: of a median, a quantile, a count."""


class MetricLimit(Section):
    """How bad a metric may be, of a new champion, or beside the live model; on all rows, or on each slice as well."""

    metric: Annotated[str, Field(min_length=1)]
    """One of evaluation.metrics: its name, the name of a scorer, or its title."""
    limit: Number | None = None
    """What it must reach: at least this where more is better, else at most this."""
    change: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """By how much it may be worse than that of the live model, beyond chance."""
    slices: bool = False
    """Whether each slice is held to it as well (evaluation.slices), beyond chance; one with too few rows is not."""

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.limit is None and self.change is None:
            raise ValueError("say 'limit', what it must reach, or 'change', by how much it may become worse")
        return self


class GuardSettings(Section):
    """Guards may veto a promotion, never cause one."""

    slice_level: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """Familywise error rate (Holm) at which a slice counts as worse."""
    max_calibration_error: Share = 0.15
    """Largest expected calibration error of a new champion."""
    max_churn: Share = 0.25
    """Largest share of rows whose decision (at 0.5) changes, unless more of them turn right than wrong."""
    max_bias: Positive = 0.5
    """Of a number: largest difference of its mean and the mean answer, in standard deviations of the number."""
    max_coverage_error: Annotated[Share | None, LATER] = None
    """Of a quantile or a median: largest difference of the share of labels below the answers and the share that is
    asked for; without it the smaller of that share and the rest, at most 0.15."""
    max_change: Positive = 1.0
    """Of a number: largest mean change of the answers, in standard deviations of the number."""
    max_bundle_mb: Positive = 200
    max_latency_ms: Positive = 250
    """Largest processor time to answer one row; the quickest of five answers counts."""
    cases: Annotated[tuple[Expectation, ...], Field(max_length=1_000), LATER] = ()
    """What you expect of any model: answers to rows, orderings, and what must not matter."""
    metrics: Annotated[tuple[MetricLimit, ...], LATER] = ()
    """Limits of metrics that are measured: floors, and how far they may fall, on all rows or on slices."""
    own: Annotated[tuple[Use, ...], LATER] = ()
    """Guards of your own, named by `use:`; they are asked after the others, in this order."""

    def coverage_limit(self, share: float) -> float:
        """The largest difference that there may be from the share that is asked for."""
        usual = min(min(share, 1 - share), 0.15)
        return usual if self.max_coverage_error is None else self.max_coverage_error


class PromotionSettings(Section):
    """Room 6: when a challenger takes over."""

    false_promotion_every: Annotated[float, Field(ge=2, le=1_000_000_000)] = 200
    """Decisions that on average lie between two false promotions; the evidence that is needed."""
    min_relative_gain: Annotated[float, Field(ge=0, lt=0.5)] = 0.005
    """Smallest relative gain in loss that is worth a change."""
    first: FirstChampion = FirstChampion()
    guards: GuardSettings = GuardSettings()
