"""Guard `calibration`: of a yes or no and of classes, the shares that are predicted are those that come."""

from tasks.domain import turns, wording
from tasks.problems import kinds
from tasks.promotion.guards import base
from tasks.promotion.guards.base import Case


class Calibration:
    """Objects to an expected calibration error above the limit; `bias` is asked of a number."""

    title = "calibration"

    def ask(self, case: Case) -> turns.Guard | None:
        """Compare the error with its limit and with that of the live model."""
        problem = kinds.of(case.probe)
        if problem.level_guard != self.title:
            return None
        most = case.settings.guards.max_calibration_error
        error, live = (base.value(score, problem.level_metric) for score in (case.probe, case.champion))
        good = error <= most
        text = f"calibration error {wording.loss(error)}, {base.limit(good, most)}"
        return base.unless_live_is_worse(turns.Guard(self.title, not good, text), live > error, wording.loss(live))
