"""Guard `churn`: answers do not change more than is wanted, unless they change for the better."""

from tasks.domain import turns, wording
from tasks.problems import measures
from tasks.promotion.guards import base
from tasks.promotion.guards.base import Case


class Churn:
    """Objects to many answers that change, unless more of them turn right than wrong."""

    name = "churn"

    def ask(self, case: Case) -> turns.Guard | None:
        """Compare what changes with its limit."""
        if case.champion is None:
            return None
        comparison, limits = case.comparison, case.settings.guards
        better = comparison.righted > 0
        if measures.of(comparison).is_number:
            good = comparison.churn <= limits.max_change
            change = f"answers change by {wording.loss(comparison.churn)} standard deviations"
            which = "" if good else f", {'but more' if better else 'and not more'} of them come nearer than go farther"
            return turns.Guard(
                self.name, not good and not better, f"{change}, {base.limit(good, limits.max_change)}{which}"
            )
        good = comparison.churn <= limits.max_churn
        change = f"{wording.share(comparison.churn)} of decisions change"
        limit = f"{'at most' if good else 'more than'} {wording.share(limits.max_churn)}"
        which = "" if good else f", {'but more' if better else 'and not more'} of them turn right than wrong"
        return turns.Guard(self.name, not good and not better, f"{change}, {limit}{which}")
