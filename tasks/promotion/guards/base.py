"""What a guard is, and what guards have in common.

Add here what several guards need. A guard has a file of its own and a line in `configs.plugs`; it sees values only:
what has to be looked up in the ledger is asked by the steps.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from configs.promotion import PromotionSettings
from tasks.domain import turns, wording
from tasks.domain.records import BundleFacts, Comparison, Score


@dataclass(frozen=True)
class Answered:
    """What a model answers to a row of which its user expects something."""

    row: float
    changed: float
    """To the same with what an ordering or an invariance changes."""


@dataclass(frozen=True)
class Case:
    """A challenger, as guards see it."""

    champion: Score | None
    """The live model on the same rows; None if there is none."""
    probe: Score
    comparison: Comparison
    dummy_loss: float | None
    """Loss of a constant on the same rows."""
    bundle: BundleFacts
    settings: PromotionSettings
    causes: tuple[str, ...] = ()
    """What speaks against the rows that it is judged on, and is open."""
    answered: tuple[Answered, ...] = ()
    """What it answers to each of `promotion.guards.cases`."""


class Guard(Protocol):
    """One guard."""

    title: str
    """As it stands in verdicts, reports and the ledger."""

    def ask(self, case: Case) -> turns.Guard | None:
        """Whether it objects, and what it has seen; None where there is nothing for it to look at."""


def value(score: Score | None, name: str) -> float:
    """Value of a metric, NaN where it is not defined: no comparison with it holds."""
    found = next((metric.value for metric in score.metrics if metric.name == name), None) if score else None
    return math.nan if found is None else found


def limit(good: bool, most: float) -> str:
    """`at most 0.15`, `more than 0.15`."""
    return f"{'at most' if good else 'more than'} {wording.number(most)}"


def unless_live_is_worse(answer: turns.Guard, worse: bool, live: str) -> turns.Guard:
    """To keep the live model would be no protection where it is the one that is further from the limit."""
    if answer.objects and worse:
        return turns.Guard(answer.name, False, f"{answer.text}; the live model is further from it: {live}")
    return answer
