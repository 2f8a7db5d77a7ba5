"""No model: what a constant would have cost. Small, so that `status` need not load numpy for it."""

import math

_EDGE = 1e-6
"""As in `intervals`: predictions are kept this far from 0 and 1."""


def log_loss(base_rate: float, *, positives: int, rows: int) -> float | None:
    """Mean log loss of the share of positives in the training data, said for every row. None without rows."""
    if rows == 0:
        return None
    said = min(max(base_rate, _EDGE), 1 - _EDGE)
    return -(positives * math.log(said) + (rows - positives) * math.log(1 - said)) / rows
