"""All guards, in the order in which they are asked and told. To add one: its file, and its line here."""

from tasks.domain import turns
from tasks.promotion.guards.base import Case, Guard
from tasks.promotion.guards.bias import Bias
from tasks.promotion.guards.bundle import Bundle
from tasks.promotion.guards.calibration import Calibration
from tasks.promotion.guards.churn import Churn
from tasks.promotion.guards.dummy import BeatsADummy
from tasks.promotion.guards.finite import Finite
from tasks.promotion.guards.floors import Floors
from tasks.promotion.guards.slices import Slices

GUARDS: list[Guard] = [
    Finite(),
    Calibration(),
    Bias(),
    Bundle(),
    BeatsADummy(),
    Floors(),
    Slices(),
    Churn(),
]


def ask(case: Case) -> tuple[turns.Guard, ...]:
    """Ask every guard about a challenger; what has nothing to look at says nothing.

    A limit on how good a model must be protects from a bad one: it does not object if the live model is further from it
    on the same rows. Without a champion there are no slices and no decisions to lose; beating the constant and the
    floor are then the policy of `gate.judge_first`, and not asked twice.
    """
    return tuple(answer for guard in GUARDS if (answer := guard.ask(case)) is not None)
