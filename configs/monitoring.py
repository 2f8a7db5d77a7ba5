"""Room 5 of the settings: how the live model and its inputs are watched."""

from typing import Annotated

from pydantic import Field

from configs.section import LATER, Positive, Section, Share


class DriftSettings(Section):
    """When an input counts as moved."""

    level: Annotated[float, Field(gt=0, lt=0.5)] = 0.05
    """False discovery rate over the columns (Benjamini-Hochberg)."""
    min_effect: Annotated[float, Field(ge=0, lt=1)] = 0.1
    """Smallest distance between the two distributions that counts (0 to 1)."""
    share: Annotated[float, Field(gt=0, le=1)] = 0.5
    """A batch has drifted when its moved columns are this part of what moves the live model's answers; one may do."""
    max_rows: Annotated[int, Field(ge=100, le=10_000_000)] = 20_000
    """Rows of the samples that are drawn in the Evidently report."""


class HealthSettings(Section):
    """When the live model needs watching; beyond five times these limits, and beyond chance, it is not well."""

    max_share_error: Share = 0.03
    """Largest difference of the expected and the actual share of positives, as a share of all rows."""
    max_bias: Positive = 0.2
    """Of a number: largest difference of its mean and the mean answer, in standard deviations of the number."""
    max_coverage_error: Annotated[Share | None, LATER] = None
    """Of a quantile or a median: largest difference of the share of labels below the answers and the share that is
    asked for; without it a third of the smaller of that share and the rest, at most 0.05."""

    def coverage_limit(self, share: float) -> float:
        """The largest difference that there may be from the share that is asked for."""
        usual = min(min(share, 1 - share) / 3, 0.05)
        return usual if self.max_coverage_error is None else self.max_coverage_error


class SliceSettings(Section):
    """Parts of the rows that nobody named, on which a model loses too much: found on each batch that is judged."""

    find: bool = True
    """Whether they are looked for, by every delivered column, hour, weekday and month, and pairs of them."""
    share: Annotated[float, Field(ge=0.01, le=0.4)] = 0.05
    """Smallest share of the rows."""
    rise: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.2
    """Smallest rise of the loss there, relative to what it is compared with: the gate, no model, or the live model."""
    level: Annotated[float, Field(gt=0, lt=0.5)] = 0.02
    """Chance that a batch shows one where there is none (Holm)."""


class MonitoringSettings(Section):
    """Room 5: how the live model and its inputs are watched."""

    drift: DriftSettings = DriftSettings()
    health: HealthSettings = HealthSettings()
    slices: Annotated[SliceSettings, LATER] = SliceSettings()
