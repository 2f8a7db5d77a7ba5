"""Metrics: what a model can be measured by. One entry each; its function is named as text, not imported.

Add an entry here together with its function, which gives the value and an interval that holds over clusters (see
`tasks.evaluation.metrics`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal


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


METRICS: dict[str, Entry] = {
    "log_loss": Entry("log loss", "tasks.evaluation.metrics:log_loss", ("binary",)),
    "brier": Entry("Brier", "tasks.evaluation.metrics:brier", ("binary",)),
    "roc_auc": Entry("AUC", "tasks.evaluation.metrics:roc_auc", ("binary",), greater_is_better=True),
    "average_precision": Entry(
        "average precision",
        "tasks.evaluation.metrics:average_precision",
        ("binary",),
        greater_is_better=True,
        usual=False,
    ),
    "calibration_error": Entry("calibration error", "tasks.evaluation.metrics:calibration_error", ("binary",)),
    "squared_error": Entry("RMSE", "tasks.evaluation.metrics:squared_error", ("regression",), amount=True),
    "rmse": Entry("RMSE", "tasks.evaluation.metrics:rmse", ("regression",), amount=True),
    "mae": Entry("MAE", "tasks.evaluation.metrics:mae", ("regression",), amount=True),
    "r2": Entry("R²", "tasks.evaluation.metrics:r2", ("regression",), greater_is_better=True),
    "bias": Entry("bias", "tasks.evaluation.metrics:bias", ("regression",)),
}
if TYPE_CHECKING:
    MetricName = str
else:
    MetricName = Literal[tuple(METRICS)]


def of(problem: str) -> tuple[str, ...]:
    """The metrics of a kind of problem, the usual ones first."""
    names = [name for name, entry in METRICS.items() if problem in entry.problems]
    return tuple(sorted(names, key=lambda name: not METRICS[name].usual))


def usual(problem: str) -> tuple[str, ...]:
    """What is shown of a kind of problem where the settings name no metrics."""
    return tuple(name for name in of(problem) if METRICS[name].usual)
