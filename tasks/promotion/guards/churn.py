"""Guard `churn`: answers do not change more than is wanted, unless they change for the better."""

from tasks.domain import turns
from tasks.problems import kinds
from tasks.promotion.guards.base import Case


class Churn:
    """Objects to many answers that change, unless more of them turn right than wrong."""

    title = "churn"

    def ask(self, case: Case) -> turns.Guard | None:
        """Compare what changes with its limit."""
        if case.champion is None:
            return None
        comparison, problem = case.comparison, kinds.of(case.comparison)
        most, better = problem.most_change(case.settings.guards), comparison.righted > 0
        good = comparison.churn <= most
        which = "" if good else f", {'but more' if better else 'and not more'} of them {problem.righted}"
        return turns.Guard(self.title, not good and not better, f"{problem.changed(comparison.churn, most)}{which}")
