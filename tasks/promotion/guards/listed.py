"""Every guard asked: those that are built in, in the order of `configs.plugs`, then those of the pipeline file."""

from dataclasses import replace

from configs import plugs
from tasks.domain import turns
from tasks.promotion.guards.base import Case, Guard


def ask(case: Case) -> tuple[turns.Guard, ...]:
    """Ask every guard about a challenger; what has nothing to look at says nothing.

    A limit on how good a model must be protects from a bad one: it does not object if the live model is further from it
    on the same rows. Without a champion there are no slices and no decisions to lose; beating the constant and the
    floor are then the policy of `gate.judge_first`, and not asked twice.
    """
    guards: list[Guard] = [plugs.built_in(path)() for path in plugs.GUARDS.values()]
    answers = [guard.ask(case) for guard in guards]
    for one in case.settings.guards.own:
        answer: turns.Guard | None = plugs.make(one).ask(case)
        answers.append(answer and replace(answer, name=one.title))
    return tuple(answer for answer in answers if answer is not None)
