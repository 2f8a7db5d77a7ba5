"""Guard `floors`: a challenger reaches what any model must reach, whatever it is compared with."""

from dataclasses import dataclass

from configs import metrics
from configs.promotion import FirstChampion
from tasks.domain import turns, wording
from tasks.domain.records import Score
from tasks.problems import kinds
from tasks.promotion.guards import base
from tasks.promotion.guards.base import Case


@dataclass(frozen=True)
class Floor:
    """What a model must reach, and what it has reached."""

    name: str
    value: float
    least: float


class Floors:
    """Objects to an AUC (or R²) below the floor; of a first champion the gate asks it itself."""

    title = "floors"

    def ask(self, case: Case) -> turns.Guard | None:
        """Compare it with the floor and with that of the live model."""
        if case.champion is None:
            return None
        reached, live = (floor(score, case.settings.first) for score in (case.probe, case.champion))
        good = reached.value >= reached.least
        limit = f"{'at least' if good else 'below'} {wording.number(reached.least)}"
        text = f"{reached.name} {wording.loss(reached.value)}, {limit}"
        answer = turns.Guard(self.title, not good, text)
        return base.unless_live_is_worse(answer, live.value < reached.value, wording.loss(live.value))


def floor(score: Score, policy: FirstChampion) -> Floor:
    """The floor for this kind of answer, and where a model is."""
    least = kinds.of(score).floor(policy)
    return Floor(metrics.METRICS[least.metric].title, base.value(score, least.metric), least.value)
