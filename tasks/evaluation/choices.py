"""What the settings choose to measure by: metrics that are built in, scorers of scikit-learn, metrics of users.

Add here another way to name a metric. How each is computed belongs to `metrics` and `scorers`.
"""

from dataclasses import dataclass

from configs import plugs
from configs.evaluation import MetricChoice
from configs.metrics import METRICS
from configs.plugs import Use
from tasks.evaluation.metrics import Estimate
from tasks.problems.base import Problem


@dataclass(frozen=True)
class Choice:
    """A metric that is measured."""

    estimate: Estimate
    greater_is_better: bool
    title: str = ""
    """Kept with what was measured, if it is not built in."""
    amount: bool = False


def chosen(choices: tuple[MetricChoice, ...], problem: Problem) -> dict[str, Choice]:
    """What is measured, by the name that it has in records: what decides first, and all that guards look at."""
    first, *others = problem.needed
    return dict(_choice(one, problem) for one in (first, *choices, *others))


def _choice(choice: MetricChoice, problem: Problem) -> tuple[str, Choice]:
    if isinstance(choice, str):
        entry = METRICS[choice]
        return choice, Choice(plugs.built_in(entry.path), entry.greater_is_better)
    from tasks.evaluation import scorers  # not before it is needed: it imports half of scikit-learn

    if isinstance(choice, Use):
        own = plugs.make(choice)
        estimate, better = scorers.estimate(own.value), own.greater_is_better
        return choice.name, Choice(estimate, better, choice.title, getattr(own, "amount", False))
    estimate = scorers.estimate(scorers.named(choice.sklearn, problem.learner))
    return choice.name, Choice(estimate, choice.greater_is_better, choice.shown, choice.amount)
