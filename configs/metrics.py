"""Metrics: what a model can be measured by. One entry each; its function is named as text, not imported.

Add an entry here together with its function, which gives the value and an interval that holds over clusters (see
`tasks.evaluation.metrics`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from configs.problems import KINDS
from configs.section import Section
from configs.worth import Worth


@dataclass(frozen=True)
class Entry:
    """One metric."""

    title: str
    """As people call it."""
    path: str
    """Its function, `package.module:function`: labels, answers, clusters and confidence in, value and interval out."""
    problems: tuple[str, ...]
    """Kinds of problem that it is for."""
    greater_is_better: bool = False
    amount: bool = False
    """Whether a value is an amount in the unit of the label; others are written with three digits."""
    usual: bool = True
    """Whether it is shown where the settings name no metrics."""
    asks_kind: bool = False
    """Whether its function makes one of this form out of the kind of problem."""


_YES_OR_NO = ("binary", "decisions")
_OF_KIND = "tasks.evaluation.metrics_of_kind"
METRICS: dict[str, Entry] = {
    "log_loss": Entry("log loss", "tasks.evaluation.metrics:log_loss", _YES_OR_NO),
    "brier": Entry("Brier", "tasks.evaluation.metrics:brier", _YES_OR_NO),
    "roc_auc": Entry("AUC", "tasks.evaluation.metrics:roc_auc", _YES_OR_NO, greater_is_better=True),
    "average_precision": Entry(
        "average precision",
        "tasks.evaluation.metrics:average_precision",
        _YES_OR_NO,
        greater_is_better=True,
        usual=False,
    ),
    "calibration_error": Entry("calibration error", "tasks.evaluation.metrics:calibration_error", _YES_OR_NO),
    "cross_entropy": Entry("log loss", "tasks.evaluation.class_metrics:cross_entropy", ("multiclass",)),
    "accuracy": Entry("accuracy", "tasks.evaluation.class_metrics:accuracy", ("multiclass",), greater_is_better=True),
    "macro_f1": Entry("macro F1", "tasks.evaluation.class_metrics:macro_f1", ("multiclass",), greater_is_better=True),
    "auc_ovr": Entry(
        "AUC, each class against the rest",
        "tasks.evaluation.class_metrics:auc_ovr",
        ("multiclass",),
        greater_is_better=True,
    ),
    "class_calibration": Entry("calibration error", "tasks.evaluation.class_metrics:calibration", ("multiclass",)),
    "squared_error": Entry("RMSE", "tasks.evaluation.metrics:squared_error", ("regression",), amount=True),
    "regret": Entry("regret", f"{_OF_KIND}:loss", ("decisions",), amount=True, asks_kind=True),
    "absolute_error": Entry("MAE", f"{_OF_KIND}:loss", ("median",), amount=True, asks_kind=True),
    "poisson_deviance": Entry("Poisson deviance", f"{_OF_KIND}:loss", ("count",), amount=True, asks_kind=True),
    "pinball_loss": Entry("pinball loss", f"{_OF_KIND}:loss", ("quantile",), amount=True, asks_kind=True),
    "rmse": Entry("RMSE", "tasks.evaluation.metrics:rmse", ("regression", "median", "count"), amount=True),
    "mae": Entry("MAE", "tasks.evaluation.metrics:mae", ("regression", "count"), amount=True),
    "r2": Entry("R²", "tasks.evaluation.metrics:r2", ("regression", "count"), greater_is_better=True),
    "d2": Entry("D²", f"{_OF_KIND}:d2", ("median", "count", "quantile"), greater_is_better=True, asks_kind=True),
    "bias": Entry("bias", "tasks.evaluation.metrics:bias", ("regression", "count")),
    "coverage": Entry("coverage", f"{_OF_KIND}:coverage", ("median", "quantile"), asks_kind=True),
    "coverage_error": Entry("coverage error", f"{_OF_KIND}:coverage_error", ("median", "quantile"), asks_kind=True),
}
_ENDINGS = ("", "_macro", "_micro", "_weighted")
_OF_YES_OR_NO = (
    "accuracy",
    "average_precision",
    "balanced_accuracy",
    "d2_brier_score",
    "d2_log_loss_score",
    *(f"{name}{ending}" for name in ("f1", "jaccard", "precision", "recall") for ending in _ENDINGS),
    "matthews_corrcoef",
    "neg_brier_score",
    "neg_log_loss",
    "neg_negative_likelihood_ratio",
    "positive_likelihood_ratio",
    "roc_auc",
)
_OF_NUMBERS = (
    "d2_absolute_error_score",
    "explained_variance",
    "neg_max_error",
    "neg_mean_absolute_error",
    "neg_mean_absolute_percentage_error",
    "neg_mean_gamma_deviance",
    "neg_mean_poisson_deviance",
    "neg_mean_squared_error",
    "neg_mean_squared_log_error",
    "neg_median_absolute_error",
    "neg_root_mean_squared_error",
    "neg_root_mean_squared_log_error",
    "r2",
)
SCORERS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_YES_OR_NO, _OF_YES_OR_NO),
    "multiclass": (
        "accuracy",
        "balanced_accuracy",
        "d2_log_loss_score",
        *(f"{name}{ending}" for name in ("f1", "jaccard", "precision", "recall") for ending in _ENDINGS[1:]),
        "matthews_corrcoef",
        "neg_log_loss",
        "roc_auc_ovo",
        "roc_auc_ovo_weighted",
        "roc_auc_ovr",
        "roc_auc_ovr_weighted",
    ),
    **dict.fromkeys(("regression", "median", "count", "quantile"), _OF_NUMBERS),
}
"""Scorers of scikit-learn that are for each kind of problem. Of one that begins with `neg_`, less is better."""
if TYPE_CHECKING:
    MetricName = str
    ScorerName = str
else:
    MetricName = Literal[tuple(METRICS)]
    ScorerName = Literal[tuple(dict.fromkeys(name for names in SCORERS.values() for name in names))]


class Scorer(Section):
    """A scorer of scikit-learn as a metric."""

    sklearn: ScorerName
    """Its name there, such as `matthews_corrcoef`."""
    title: Annotated[str, Field(max_length=60)] = ""
    """As people call it; by default its name in words."""
    amount: bool = False
    """Whether a value is an amount in the unit of the label; others are written with three digits."""

    @property
    def greater_is_better(self) -> bool:
        """As scikit-learn has it: values are shown without the sign that it puts before errors."""
        return not self.sklearn.startswith("neg_")

    @property
    def name(self) -> str:
        """Its name in records, which is no name of a metric of ours."""
        return f"sklearn_{self.sklearn.removeprefix('neg_')}"

    @property
    def shown(self) -> str:
        """Its title, also where none is chosen."""
        return self.title or f"{self.sklearn.removeprefix('neg_').replace('_', ' ')} (scikit-learn)"


def entry(name: str) -> Entry | None:
    """The entry of a metric by its name in records, which may end with the share of a quantile; None if it has none."""
    plain, _, share = name.rpartition("_")
    of_kind = METRICS.get(plain)
    return METRICS.get(name) or (of_kind if of_kind is not None and of_kind.asks_kind and share else None)


def of(problem: str) -> tuple[str, ...]:
    """The metrics of a kind of problem, the usual ones first."""
    names = [name for name, entry in METRICS.items() if problem in entry.problems]
    return tuple(sorted(names, key=lambda name: not METRICS[name].usual))


def usual(problem: str) -> tuple[str, ...]:
    """What is shown of a kind of problem where the settings name no metrics."""
    return tuple(name for name in of(problem) if METRICS[name].usual)


def choice(metric: object, problem: str) -> tuple[str, tuple[str, ...]]:
    """The name of what was chosen, and those among which it has to be for a kind of problem."""
    if isinstance(metric, Scorer):
        return metric.sklearn, SCORERS[problem]
    if isinstance(metric, Worth):
        return "value", ("value",) if KINDS[problem].names_values else of(problem)
    return (metric, of(problem)) if isinstance(metric, str) else ("", ("",))
