"""What the settings choose to measure by: metrics that are built in, scorers of scikit-learn, metrics of users.

Add here another way to name a metric. How each is computed belongs to `metrics` and `scorers`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from configs import metrics, plugs
from configs.evaluation import MetricChoice
from configs.plugs import Use
from configs.problems import KINDS
from configs.worth import Worth
from tasks.evaluation import worth
from tasks.evaluation.metrics import Estimate, Floats
from tasks.problems.base import Problem

Amounts = Mapping[str, Floats]
"""Of each column that values are multiplied with, what it has in every row."""


@dataclass(frozen=True)
class Choice:
    """A metric that is measured."""

    estimate: Estimate
    greater_is_better: bool
    title: str = ""
    """Kept with what was measured, if it is not built in."""
    amount: bool = False


def chosen(choices: tuple[MetricChoice, ...], problem: Problem, amounts: Amounts) -> dict[str, Choice]:
    """What is measured, by the name that it has in records: what decides first, and all that guards look at."""
    first, *others = problem.needed
    return dict(_choice(one, problem, amounts) for one in (first, *choices, *others))


def _choice(choice: MetricChoice, problem: Problem, amounts: Amounts) -> tuple[str, Choice]:
    if isinstance(choice, str):
        # What decides has one name in records, whether it is asked for or not; that of a quantile ends with its share.
        name = problem.metric if choice == KINDS[problem.name].metric else choice
        entry = metrics.entry(name)
        assert entry is not None, "settings let no other name through"
        function = plugs.built_in(entry.path)
        return name, Choice(function(problem) if entry.asks_kind else function, entry.greater_is_better)
    from tasks.evaluation import scorers  # not before it is needed: it imports half of scikit-learn

    if isinstance(choice, Worth):
        of_rows = None if choice.amount is None else amounts[choice.amount]
        return choice.name, Choice(worth.estimate(choice, of_rows), True, choice.shown, amount=True)
    if isinstance(choice, Use):
        own = plugs.make(choice)
        estimate, better = scorers.estimate(own.value), own.greater_is_better
        return choice.name, Choice(estimate, better, choice.title, getattr(own, "amount", False))
    estimate = scorers.estimate(scorers.named(choice.sklearn, problem.learner))
    return choice.name, Choice(estimate, choice.greater_is_better, choice.shown, choice.amount)
