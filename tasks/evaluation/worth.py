"""What decisions were worth, from labels and answers: the business metric of `evaluation.metrics`.

Add here another way to value decisions. How it is shown and guarded is the matter of all metrics.
"""

import numpy as np

from configs.worth import Worth
from tasks.evaluation import metrics
from tasks.evaluation.metrics import UNDEFINED, Estimate, Floats, Groups, Interval
from tasks.problems.losses import bound, is_measurable


def of_rows(y: Floats, p: Floats, worth: Worth, amounts: Floats | None = None) -> Floats:
    """What the decision about each row brought; amounts have one entry per row."""
    value, says_yes = worth.value, p >= worth.said_from
    of_yes = np.where(says_yes, value.true_positive, value.false_negative)
    of_no = np.where(says_yes, value.false_positive, value.true_negative)
    brought = np.where(y > 0.5, of_yes, of_no)
    return brought if amounts is None else brought * amounts


def estimate(worth: Worth, amounts: Floats | None) -> Estimate:
    """The mean per row, with an interval over clusters; not defined where an amount is missing."""

    def estimated(y: Floats, p: Floats, units: Groups, confidence: float) -> Interval:
        brought = of_rows(y, p, worth, amounts)
        if not len(y) or not is_measurable(brought):
            return UNDEFINED
        mean = metrics.means(brought, metrics.everything(len(y)), units, confidence, bound(brought))
        ends = (float(mean.low[0]), float(mean.high[0])) if units.size > 1 else (None, None)
        return Interval(float(mean.value[0]), *ends)

    return estimated
