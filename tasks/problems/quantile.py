"""A quantile: the answer is what a share of the labels is to lie below, the pinball loss decides.

Add here what is so for this kind alone. The level of such answers is not their mean: it is the share of labels that lie
below them, held against the share that is asked for (`training.quantile`). Small, so that `status` need not load numpy
for it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from configs.monitoring import HealthSettings
from configs.reporting import ReportingSettings
from tasks.domain import wording
from tasks.domain.records import Batch, Score
from tasks.problems.amounts import Number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


class Quantile(Number):
    """What a share of the labels is to lie below."""

    name = "quantile"
    decides = "pinball loss"
    title = "pinball loss"
    gain_title = "gain"
    average = "share"
    average_name = "share_below"
    expected_name = "share_asked"
    expects = "answers on average"
    level_guard = "coverage"
    level_metric = "coverage_error"
    righted = "lose less than lose more"

    def __init__(self, text: str) -> None:
        quantile = float(text)
        self.quantile: float = quantile
        self.needed = (f"pinball_loss_{quantile}", "d2", "coverage", "coverage_error")

    @property
    def constant_title(self) -> str:
        """`90 % quantile`."""
        return f"{_percent(self.quantile)} quantile"

    @property
    def reached_shares(self) -> bool:
        """Shares of labels, whatever these are."""
        return True

    @property
    def answers_mean(self) -> bool:
        """A quantile need not lie near the mean."""
        return False

    def judged_as(self, positives: int, mean: float | None) -> tuple[str, float]:
        """The share of labels that were below."""
        return self.average_name, self.labelled_as(positives, mean)[1]

    def reached(self, level: float | None) -> str:
        """A share with one digit, none where it is 0."""
        return wording.MISSING if level is None else _percent(level)

    def variance(self, outcomes: "Floats") -> float | None:
        """Not kept: a share is off by points."""
        return None

    def constant(self, outcomes: "Floats") -> float:
        """The smallest label that such a share does not exceed."""
        import numpy as np

        return float(np.quantile(outcomes, self.quantile, method="inverted_cdf"))

    def levels_of(self, batch: Batch, classes: Sequence[str] = ()) -> tuple[float, ...] | None:
        """None: a mean of labels says nothing of quantiles."""
        return None

    def level_of(self, outcomes: "Floats", answers: "Floats") -> "tuple[Floats, Floats]":
        """Whether a label lies below the answer, and the share that is asked for.

        What is equal to its answer counts as below as far as the share asks for it: a median of 0 is right where 80 %
        of the labels are 0, and none is less.
        """
        import numpy as np

        below, equal = (outcomes < answers).astype(np.float64), outcomes == answers
        short = self.quantile * len(outcomes) - below.sum()
        weight = min(max(short / equal.sum(), 0.0), 1.0) if equal.any() else 0.0
        return below + weight * equal, np.full(len(outcomes), self.quantile)

    def bias(self, score: Score) -> float | None:
        """As a share of rows: answers are too low where fewer labels lie below them than are to."""
        actual = self.actual(score)
        return None if actual is None else actual - score.mean_predicted

    def most_off(self, settings: HealthSettings) -> float:
        """A share of rows."""
        return settings.coverage_limit(self.quantile)

    def off_by(self, settings: HealthSettings, times: int = 1) -> str:
        """`3 points`."""
        return f"{wording.number(round(times * 100 * self.most_off(settings), 2))} points"

    def off_unit(self, score: Score) -> float:
        """A point."""
        return 0.01

    def off_most(self, settings: HealthSettings) -> float:
        """In points."""
        return 100 * self.most_off(settings)

    def write_off(self, value: float | None) -> str:
        """Points with one digit."""
        return wording.MISSING if value is None else f"{value:.1f}"

    def level_sentence(self, expected: str, actual: str, words: ReportingSettings) -> str:
        """`90 % of labels were to lie below its answers; 87 % did.`"""
        return f"{expected} of labels were to lie below its answers; {actual} did."

    def happened(self, actual: str) -> str:
        """`87 % lay below`."""
        return f"{actual} lay below"

    def column(self, outcome: str) -> str:
        """`Below`."""
        return "Below"

    def label_column(self, outcome: str) -> str:
        """`Mean`."""
        return "Mean"

    def across(self, outcome: str) -> str:
        """`90 % quantile of the labels`."""
        return f"{self.constant_title} of the labels"

    def expected_title(self, words: ReportingSettings) -> str:
        """What lies below."""
        return "The share of labels below the answers"

    def happened_more(self, more: bool, version: int | None, groups: str, rows: str, outcome: str) -> str:
        """`The 90 % quantile of the labels was above what v3 said in 8 of 10 groups.`"""
        return f"The {self.across(outcome)} was {'above' if more else 'below'} what v{version} said in {groups}."

    def on_the_line(self, outcome: str) -> tuple[str, str]:
        """The quantile was as expected."""
        return f"the {self.constant_title}", "as expected"

    def levels(self, outcome: str) -> tuple[str, str]:
        """`lay below`, `asked for`."""
        return "lay below", "asked for"

    def glossary(self, row: str) -> str:
        """The pinball loss, and the quantile that is its mark to beat."""
        share, rest = _percent(self.quantile), _percent(1 - self.quantile)
        return (
            f"Mean distance between answer and label, in the unit of the label, times {share} where the label lies "
            f"above and times {rest} where it lies below; lower is better. Saying the same number for every {row} "
            f"(“no model”: the {self.constant_title} of the training data of the champion, at a gate that of the "
            "challenger) is the mark to beat."
        )

    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """Pinball loss of each row; NaN where a number is too large to be squared twice."""
        from tasks.problems import losses

        return losses.pinball_losses(outcomes, answers, self.quantile)

    def righted_share(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """Share of answers that lose less, less that of those that lose more."""
        import numpy as np

        return float(np.sign(self.losses(outcomes, base) - self.losses(outcomes, challenger)).mean())


def _percent(share: float) -> str:
    """`90 %`, `97.5 %`, `0.1 %`: nothing is rounded away that is asked for."""
    points = 100 * share
    return f"{wording.number(round(points, 1 if 1 <= points <= 99 else 2))}\u202f%"
