"""Guard `finite`: every metric and the gain are numbers."""

import math

from tasks.domain import turns
from tasks.promotion.guards.base import Case


class Finite:
    """Objects to a metric that is not defined."""

    title = "finite"

    def ask(self, case: Case) -> turns.Guard:
        """Name what is not defined."""
        metrics = case.probe.metrics
        undefined = [metric.name for metric in metrics if metric.value is None or not math.isfinite(metric.value)]
        if not math.isfinite(case.comparison.gain):
            undefined.append("gain")
        text = f"not defined: {', '.join(undefined)}" if undefined else "all metrics are finite"
        return turns.Guard(self.title, bool(undefined), text)
