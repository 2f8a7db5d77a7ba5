"""Measures: what the loss that decides is called and how it is told, for a yes or no and for a number.

Add here what differs between the two when they are told to people; how a loss is computed belongs to `metrics`. A
squared error is told as its root, in the unit of the label, and a gain as what the root falls by; the ledger and what
machines get keep the loss itself. Small, so that `status` need not load numpy for it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from configs.section import Problem
from tasks.domain import wording
from tasks.domain.records import Batch, Comparison, Metric, Score, SliceScore
from tasks.domain.turns import Turn

LARGEST_LABEL = 1e38
"""Size below which a label can be learned and measured: trees sum gradients, differences of two labels, in 32 bits
(up to 3.4e38). The squares of squared errors, by which evidence and intervals are taken, end far beyond."""
Write = Callable[[float | None], str]


@dataclass(frozen=True)
class Measure:
    """A loss, and how it is told to people."""

    name: str
    """As in `Metric.name`."""
    decides: str
    """The loss itself, in a sentence that speaks of it already: `loss`, `squared error`."""
    title: str
    """What is told of it: `log loss`, `RMSE`."""
    gain_title: str
    """`gain`, or `RMSE gain`."""
    is_number: bool
    """Whether the label is a number: the loss is told as its root, which is not a mean over rows."""
    level: Write
    """How the mean of answers or of labels is written: a share, or a number."""

    def value(self, loss: float | None) -> float | None:
        """What is told of a mean loss: itself, or its root."""
        if loss is None or not self.is_number:
            return loss
        return math.sqrt(loss) if loss >= 0 else 0.0 if loss < 0 else math.nan

    def gained(self, gain: float | None, base: float | None) -> float | None:
        """What is told of a gain over a mean loss: itself, or by how much the root is lower."""
        if gain is None or not self.is_number:
            return gain
        if base is None or not (math.isfinite(base) and math.isfinite(gain)):
            return None
        return math.sqrt(max(base, 0.0)) - math.sqrt(max(base - gain, 0.0))

    def loss(self, loss: float | None) -> str:
        """A mean loss: `0.590`, `83.42`."""
        return wording.amount(self.value(loss)) if self.is_number else wording.loss(loss)

    def gain(self, gain: float | None, base: float | None) -> str:
        """A gain over a mean loss with its sign: `+0.0244`, `+12.31`."""
        told = self.gained(gain, base)
        return wording.signed_amount(told) if self.is_number else wording.gain(told)

    def difference(self, gain: float | None, base: float | None) -> str:
        """The size of a gain whose direction the sentence tells."""
        told = self.gained(gain, base)
        return wording.amount_of(told) if self.is_number else wording.difference(told)


LOG_LOSS = Measure("log_loss", "loss", "log loss", "gain", False, wording.share)
SQUARED_ERROR = Measure("squared_error", "squared error", "RMSE", "RMSE gain", True, wording.amount)
TITLES = {
    "log_loss": "log loss",
    "brier": "Brier",
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
    "squared_error": "RMSE",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R²",
    "bias": "bias",
}
"""Every metric as people call it."""
_AMOUNTS = ("rmse", "mae")


def unit(largest: float) -> float:
    """A power of two as large as the largest of some numbers: in this unit their squares are neither 0 nor infinite.

    Dividing by it and multiplying by it changes no digit.
    """
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if 0 < largest < math.inf else 1.0


def of_problem(problem: Problem) -> Measure:
    """What decides in a pipeline."""
    return SQUARED_ERROR if problem == "regression" else LOG_LOSS


def of(judged: Score | Comparison) -> Measure:
    """What decided."""
    name = judged.measure if isinstance(judged, Comparison) else judged.loss.name
    return SQUARED_ERROR if name == SQUARED_ERROR.name else LOG_LOSS


def of_turn(turn: Turn, problem: Problem) -> Measure:
    """What decided in a turn; where nothing was judged, what decides in its pipeline."""
    judged = turn.champion or turn.probe or turn.comparison
    return of(judged) if judged else of_problem(problem)


def write(metric: str) -> Write:
    """How a value of a metric is written."""
    if metric == SQUARED_ERROR.name:
        return SQUARED_ERROR.loss
    return wording.amount if metric in _AMOUNTS else wording.loss


def shown(metric: Metric) -> Metric:
    """A metric with the numbers that are told of it, for pictures."""
    if metric.name != SQUARED_ERROR.name:
        return metric
    value, low, high = (SQUARED_ERROR.value(number) for number in (metric.value, metric.low, metric.high))
    return replace(metric, value=value, low=low, high=high)


def base(pair: Comparison) -> float | None:
    """Mean loss of what a challenger was compared with; None without rows."""
    return math.fsum(pair.base_loss) / pair.rows if pair.rows else None


def gains(pair: Comparison) -> tuple[float | None, float | None, float | None]:
    """Gain, low and high end of its interval, as they are told."""
    told, over = of(pair), base(pair)
    return told.gained(pair.gain, over), told.gained(pair.low, over), told.gained(pair.high, over)


def gain(pair: Comparison) -> str:
    """The gain with its sign: `+0.0244`."""
    return of(pair).gain(pair.gain, base(pair))


def difference(pair: Comparison) -> str:
    """The size of the gain."""
    return of(pair).difference(pair.gain, base(pair))


def ends(pair: Comparison) -> str:
    """The interval of the gain: `+0.0129 to +0.0387`."""
    told, over = of(pair), base(pair)
    return wording.interval(pair.low, pair.high, lambda end: told.gain(end, over))


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
    if not of(score).is_number or score.variance is None:
        return off
    return off / math.sqrt(score.variance) if score.variance > 0 else math.copysign(math.inf, off) if off else 0.0
