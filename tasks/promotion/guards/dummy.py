"""Guard `beats a dummy`: a challenger loses less than a constant, however bad the live model is."""

from tasks.domain import turns
from tasks.problems import kinds
from tasks.promotion.guards import base
from tasks.promotion.guards.base import Case


class BeatsADummy:
    """Objects to a loss that is not below that of a constant; of a first champion the gate asks it by the interval."""

    title = "beats a dummy"

    def ask(self, case: Case) -> turns.Guard | None:
        """Compare the loss with that of the constant."""
        if case.champion is None:
            return None
        problem = kinds.of(case.probe)
        loss = base.value(case.probe, problem.metric)
        good = case.dummy_loss is not None and loss < case.dummy_loss
        text = f"{problem.title} {problem.loss(loss)}, no model {problem.loss(case.dummy_loss)}"
        return turns.Guard(self.title, not good, text)
