"""Kinds of problem: what a pipeline can predict. One row each; the class of a kind is named as text, not imported.

Add a row here together with a file in `tasks/problems`, which has all that differs between kinds; here stands what the
settings of a pipeline must fit.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from configs.section import ColumnType


@dataclass(frozen=True)
class Kind:
    """What settings may say of one kind of problem."""

    path: str
    """Its class, `package.module:Class`."""
    metric: str
    """The loss that decides. No other kind has it: a score tells by it of which kind it is."""
    words: str
    """What is predicted, in a sentence."""
    set_by: str
    """The setting to look at, in brackets, if it is not the default."""
    labels: tuple[ColumnType, ...]
    """Types that a label may have."""
    learner: Literal["classifier", "regressor"]
    """What scikit-learn and MLflow call a model of this kind."""
    names_values: bool
    """Whether values of the label are named as positive or negative."""
    fitted_by: str
    """The loss that models are fitted by, as scikit-learn calls it."""
    names_classes: bool = False
    """Whether the settings list the classes of the label."""
    takes_share: bool = False
    """Whether `training.quantile` says which share of labels an answer is to lie above."""
    takes_value: bool = False
    """Whether `training.value` says what each outcome is worth."""
    least: float | None = None
    """What no label is below, which the contract has to say."""


KINDS: dict[str, Kind] = {
    "binary": Kind(
        path="tasks.problems.binary:Binary",
        metric="log_loss",
        words="a yes or no",
        set_by="",
        labels=("boolean", "integer", "category"),
        learner="classifier",
        names_values=True,
        fitted_by="log_loss",
    ),
    "decisions": Kind(
        path="tasks.problems.decision:Decisions",
        metric="regret",
        words="decisions on a yes or no",
        set_by=" (training.problem)",
        labels=("boolean", "integer", "category"),
        learner="classifier",
        names_values=True,
        fitted_by="log_loss",
        takes_value=True,
    ),
    "multiclass": Kind(
        path="tasks.problems.multiclass:Multiclass",
        metric="cross_entropy",
        words="one of several classes",
        set_by=" (training.problem)",
        labels=("category", "integer"),
        learner="classifier",
        names_values=False,
        fitted_by="log_loss",
        names_classes=True,
    ),
    "regression": Kind(
        path="tasks.problems.regression:Regression",
        metric="squared_error",
        words="a number to predict",
        set_by=" (training.problem)",
        labels=("number", "integer"),
        learner="regressor",
        names_values=False,
        fitted_by="squared_error",
    ),
    "median": Kind(
        path="tasks.problems.median:Median",
        metric="absolute_error",
        words="a number by its absolute error",
        set_by=" (training.problem)",
        labels=("number", "integer"),
        learner="regressor",
        names_values=False,
        fitted_by="absolute_error",
    ),
    "count": Kind(
        path="tasks.problems.counts:Count",
        metric="poisson_deviance",
        words="a count",
        set_by=" (training.problem)",
        labels=("integer",),
        learner="regressor",
        names_values=False,
        fitted_by="poisson",
        least=0,
    ),
    "quantile": Kind(
        path="tasks.problems.quantile:Quantile",
        metric="pinball_loss",
        words="a quantile",
        set_by=" (training.problem)",
        labels=("number", "integer"),
        learner="regressor",
        names_values=False,
        fitted_by="quantile",
        takes_share=True,
    ),
}
"""Among those that a model answers in the same way, the plainest stands first: a Pipeline by itself is taken for it."""
if TYPE_CHECKING:
    ProblemName = str
else:
    ProblemName = Literal[tuple(KINDS)]
