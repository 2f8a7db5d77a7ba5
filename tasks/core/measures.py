"""Measures: what the loss that decides is called and how it is written, for a yes or no and for a number.

Add here what differs between the two when they are told to people; how a loss is computed belongs to `intervals`.
Small, so that `status` need not load numpy for it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from configs.section import Problem
from tasks.core import wording
from tasks.core.records import Batch, Comparison, Score, SliceScore
from tasks.core.turns import Turn

LARGEST_LABEL = 1e38
"""Size below which a label can be learned and measured: trees sum gradients, differences of two labels, in 32 bits
(up to 3.4e38). The squares of squared errors, by which evidence and intervals are taken, end far beyond."""
Write = Callable[[float | None], str]


@dataclass(frozen=True)
class Measure:
    """A loss and its words."""

    name: str
    """As in `Metric.name`."""
    title: str
    """`log loss`"""
    short: str
    """The same, for a column of eight letters."""
    loss: Write
    """How a value of it is written; so is an answer's mean."""
    gain: Write
    """How a paired difference is written, with its sign."""
    difference: Write
    """How the size of such a difference is written."""
    level: Write
    """How the mean of answers or of labels is written: a share, or a number."""


LOG_LOSS = Measure("log_loss", "log loss", "log loss", wording.loss, wording.gain, wording.difference, wording.share)
SQUARED_ERROR = Measure(
    "squared_error",
    "squared error",
    "sq error",
    wording.amount,
    wording.signed_amount,
    wording.amount_of,
    wording.amount,
)
TITLES = {
    "log_loss": "log loss",
    "brier": "Brier",
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
    "squared_error": "squared error",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "bias": "bias",
}
"""Every metric as people call it."""
_AMOUNTS = ("squared_error", "rmse", "mae")


def unit(largest: float) -> float:
    """A power of two as large as the largest of some numbers: in this unit their squares are neither 0 nor infinite.

    Dividing by it and multiplying by it changes no digit.
    """
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if 0 < largest < math.inf else 1.0


def of_problem(problem: Problem) -> Measure:
    """What decides in a pipeline."""
    return SQUARED_ERROR if problem == "regression" else LOG_LOSS


def of(judged: Score | Comparison | None) -> Measure:
    """What decided."""
    name = judged.measure if isinstance(judged, Comparison) else judged.loss.name if judged else LOG_LOSS.name
    return SQUARED_ERROR if name == SQUARED_ERROR.name else LOG_LOSS


def of_turn(turn: Turn) -> Measure:
    """What decided in a turn; without any judgement, the log loss."""
    return of(turn.champion or turn.probe or turn.comparison)


def write(metric: str) -> Write:
    """How a value of a metric is written."""
    return wording.amount if metric in _AMOUNTS else wording.loss


def actual(rows: Score | SliceScore) -> float | None:
    """Share of positives, or mean label; None without rows."""
    if not rows.rows:
        return None
    return rows.positives / rows.rows if rows.mean_actual is None else rows.mean_actual


def delivered(batch: Batch) -> float | None:
    """Share of positives, or mean label, of the accepted rows with a label; None without any."""
    labelled = batch.accepted - batch.unlabelled
    if labelled <= 0:
        return None
    return batch.positives / labelled if batch.label_mean is None else batch.label_mean


def bias(score: Score) -> float | None:
    """How far the mean answer lies above the mean label, of a number in its standard deviations; None without rows."""
    seen = actual(score)
    if seen is None:
        return None
    off = score.mean_predicted - seen
    if score.variance is None:
        return off
    return off / math.sqrt(score.variance) if score.variance > 0 else math.copysign(math.inf, off) if off else 0.0
