"""Guard `weak spots`: a challenger opens no weak spot, in a part of the rows that nobody named."""

from tasks.domain import turns
from tasks.evaluation import spot_sentences
from tasks.problems import kinds
from tasks.promotion.guards.base import Case


class Openings:
    """Objects to a part of the rows where it loses more, unless the live model is worse than no model on all rows."""

    title = "weak spots"

    def ask(self, case: Case) -> turns.Guard | None:
        """Name the parts; it says nothing where none was found."""
        opened = case.comparison.opened
        if case.champion is None or not opened:
            return None
        problem = kinds.of(case.comparison)
        text = "; ".join(spot_sentences.brief(spot, problem) for spot in opened)
        if case.dummy_loss is not None and (case.champion.loss.low or 0.0) > case.dummy_loss:
            return turns.Guard(self.title, False, f"{text}; the live model is worse than no model")
        return turns.Guard(self.title, True, text)
