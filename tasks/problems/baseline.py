"""No model: what a constant would have cost. Small, so that `status` need not load numpy for it."""

import math

from tasks.domain.records import Score

_EDGE = 1e-6
"""As in `metrics`: predictions are kept this far from 0 and 1."""


def loss(constant: float, score: Score) -> float | None:
    """Mean loss of one answer for every row that was scored. None without rows.

    Args:
        constant: Share of positives, or mean label, in the training data.
        score: What rows these are; of a number, their mean and variance.
    """
    if score.variance is None or score.mean_actual is None:
        return log_loss(constant, positives=score.positives, rows=score.rows)
    return score.variance + (score.mean_actual - constant) ** 2 if score.rows else None


def log_loss(base_rate: float, *, positives: int, rows: int) -> float | None:
    """Mean log loss of the share of positives in the training data, said for every row. None without rows."""
    if rows == 0:
        return None
    said = min(max(base_rate, _EDGE), 1 - _EDGE)
    return -(positives * math.log(said) + (rows - positives) * math.log(1 - said)) / rows
