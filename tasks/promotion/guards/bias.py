"""Guard `bias`: of a number, the mean answer is near the mean label."""

from tasks.domain import turns, wording
from tasks.problems import kinds
from tasks.promotion.guards import base
from tasks.promotion.guards.base import Case


class Bias:
    """Objects to a mean answer that is off by more than the limit; `calibration` is asked of a yes or no."""

    title = "bias"

    def ask(self, case: Case) -> turns.Guard | None:
        """Compare the difference with its limit and with that of the live model."""
        if kinds.of(case.probe).level_guard != self.title:
            return None
        most = case.settings.guards.max_bias
        bias, live = (base.value(score, "bias") for score in (case.probe, case.champion))
        good = bias <= most
        text = f"mean answer {wording.loss(bias)} standard deviations off, {base.limit(good, most)}"
        return base.unless_live_is_worse(turns.Guard(self.title, not good, text), live > bias, wording.loss(live))
