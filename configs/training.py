"""Room 3 of the settings: what is learned from what."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from configs.section import Column, Count, Positive, Section


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
