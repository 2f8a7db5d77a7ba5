"""Guard `coverage`: of a quantile or a median, as many labels lie below the answers as are to."""

from tasks.domain import turns
from tasks.problems import kinds
from tasks.promotion.guards import base
from tasks.promotion.guards.base import Case


class Coverage:
    """Objects to a share of labels below the answers that is off by more than the limit."""

    title = "coverage"

    def ask(self, case: Case) -> turns.Guard | None:
        """Compare the difference with its limit and with that of the live model."""
        problem = kinds.of(case.probe)
        if problem.level_guard != self.title or problem.quantile is None:
            return None
        most = case.settings.guards.coverage_limit(problem.quantile)
        error, live = (base.value(score, "coverage_error") for score in (case.probe, case.champion))
        below, live_below = (base.value(score, "coverage") for score in (case.probe, case.champion))
        good = error <= most
        text = f"{problem.reached(below)} of labels below the answers, to be {problem.reached(problem.quantile)}"
        answer = turns.Guard(self.title, not good, f"{text}: {base.limit(good, most)} off")
        return base.unless_live_is_worse(answer, live > error, problem.reached(live_below))
