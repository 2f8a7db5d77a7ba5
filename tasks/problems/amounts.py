"""Numbers: what every kind of problem has whose answer is a number, whatever decides.

Add here what is so for all of them; a kind of its own says which loss decides and how it is told. Here a loss is told
as it is, and the mean answer is to be near the mean label. Small, so that `status` need not load numpy for it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.monitoring import HealthSettings
from configs.promotion import FirstChampion, GuardSettings
from configs.reporting import ReportingSettings
from tasks.domain import wording
from tasks.domain.records import Batch, Model, Score, SliceScore, Snapshot
from tasks.problems.base import Constant, Limit, Problem

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from configs.training import TrainingSettings
    from tasks.problems.outcomes import Outcomes

    Floats = NDArray[np.float64]


class Number(Problem):
    """A number."""

    average = "mean"
    average_name = "mean_label"
    shares = False
    label_faults = ("constant", "unit")
    idle = ("positives",)
    level_guard = "bias"
    level_metric = "bias"
    righted = "come nearer than go farther"

    def value(self, loss: float | None) -> float | None:
        """The loss itself."""
        return loss

    def gained(self, gain: float | None, base: float | None) -> float | None:
        """The gain itself."""
        return gain

    def rise(self, rise: float, base: float | None) -> tuple[float, str]:
        """The rise itself."""
        return rise, wording.amount(rise)

    def write(self, value: float | None) -> str:
        """An amount."""
        return wording.amount(value)

    def gain(self, gain: float | None, base: float | None) -> str:
        """`+12.31`."""
        return wording.signed_amount(self.gained(gain, base))

    def difference(self, gain: float | None, base: float | None) -> str:
        """`12.31`."""
        return wording.amount_of(self.gained(gain, base))

    def per_row(self, row: str) -> str:
        """A mean over rows."""
        return f" per {row}"

    def level(self, mean: float | None) -> str:
        """An amount."""
        return wording.amount(mean)

    def counts(self, total: float, rows: int) -> tuple[int, float | None]:
        """The mean says it; none is positive."""
        return 0, total / rows if rows else None

    def tally(self, outcomes: "Floats | Outcomes", classes: Sequence[str] = ()) -> tuple[tuple[str, int], ...]:
        """Numbers are not counted."""
        return ()

    def tally_of(self, snapshot: Snapshot) -> tuple[tuple[str, int], ...]:
        """Numbers are not counted."""
        return ()

    def variance(self, outcomes: "Floats") -> float | None:
        """Mean squared distance from the mean, of numbers that are not too large for it; None without rows."""
        from tasks.problems import losses

        return float(losses.measurable(outcomes).var()) if len(outcomes) else None

    def actual(self, rows: Score | SliceScore) -> float | None:
        """Mean label."""
        return rows.mean_actual if rows.rows else None

    def delivered(self, batch: Batch) -> float | None:
        """Mean label."""
        return batch.label_mean if batch.accepted > batch.unlabelled else None

    def labelled_as(self, positives: int, mean: float | None) -> tuple[str, float]:
        """The mean label."""
        return "mean_label", math.nan if mean is None else mean

    def delivery(self, batch: Batch, others: str, words: ReportingSettings) -> str:
        """`On average 140 rentals per hour.`"""
        return f"On average {words.quantity(wording.amount(batch.label_mean))} per {words.row[0]}."

    def training_level(self, model: Model, words: ReportingSettings) -> str:
        """`140 rentals on average`."""
        return f"{words.quantity(wording.amount(model.snapshot.label_mean))} on average"

    def early(self, days: str, early: float, later: float) -> str:
        """Both means."""
        first, then = wording.number(early), wording.number(later)
        return f"labels that are known within {days} days are {first} on average, later ones {then}"

    def constant_loss(self, constant: Constant, score: Score) -> float | None:
        """What a model lost, less what it lost beyond the constant of its own training data. None without rows."""
        excess = score.excess
        if not score.rows or score.loss.value is None or excess is None or excess.value is None:
            return None
        return score.loss.value - excess.value

    def floor(self, policy: FirstChampion) -> Limit:
        """D²."""
        return Limit("d2", policy.min_d2)

    def most_change(self, limits: GuardSettings) -> float:
        """In standard deviations of the label."""
        return limits.max_change

    def changed(self, churn: float, most: float) -> str:
        """`answers change by 0.120 standard deviations, at most 1`."""
        limit = f"{'at most' if churn <= most else 'more than'} {wording.number(most)}"
        return f"answers change by {wording.loss(churn)} standard deviations, {limit}"

    def bias(self, score: Score) -> float | None:
        """In standard deviations of the label."""
        actual = self.actual(score)
        if actual is None:
            return None
        off = score.mean_predicted - actual
        if score.variance is None:
            return off
        return off / math.sqrt(score.variance) if score.variance > 0 else math.copysign(math.inf, off) if off else 0.0

    def most_off(self, settings: HealthSettings) -> float:
        """In standard deviations of the label."""
        return settings.max_bias

    def off_by(self, settings: HealthSettings, times: int = 1) -> str:
        """`0.2 standard deviations`."""
        most = times * settings.max_bias
        return f"{wording.number(most)} standard deviation{'' if most == 1 else 's'}"

    def off_unit(self, score: Score) -> float:
        """The standard deviation of the label."""
        return math.sqrt(score.variance or 0.0)

    def off_most(self, settings: HealthSettings) -> float:
        """In standard deviations."""
        return settings.max_bias

    def write_off(self, value: float | None) -> str:
        """An amount."""
        return wording.amount(value)

    def level_sentence(self, expected: str, actual: str, words: ReportingSettings) -> str:
        """`It expected 140 rentals for the average hour; it was 151.2.`"""
        return f"It expected {words.quantity(expected)} for the average {words.row[0]}; it was {actual}."

    def happened(self, actual: str) -> str:
        """`it was 151.2`."""
        return f"it was {actual}"

    def column(self, outcome: str) -> str:
        """`Mean`."""
        return "Mean"

    def across(self, outcome: str) -> str:
        """`mean`."""
        return "mean"

    def expected_title(self, words: ReportingSettings) -> str:
        """`The mean answer`."""
        return "The mean answer"

    def happened_more(self, more: bool, version: int | None, groups: str, rows: str, outcome: str) -> str:
        """`The mean label was above what v3 said in 8 of 10 groups.`"""
        return f"The mean label was {'above' if more else 'below'} what v{version} said in {groups}."

    def on_the_line(self, outcome: str) -> tuple[str, str]:
        """The mean was as expected."""
        return "the mean", "as expected"

    def levels(self, outcome: str) -> tuple[str, str]:
        """`actual`, `expected`."""
        return "actual", "expected"

    def outcomes(self, labels: "pd.Series[Any]", settings: "TrainingSettings") -> "Floats":
        """The numbers themselves."""
        numbers: Floats = labels.to_numpy(dtype="float64", na_value=math.nan)
        return numbers

    def learned(self, outcomes: "Floats") -> "Outcomes":
        """The numbers themselves."""
        return outcomes

    def require_learnable(self, outcomes: "Outcomes") -> None:
        """Any numbers will do."""

    def is_answered_by(self, pipeline: "Pipeline") -> bool:
        """It gives no probabilities."""
        return not hasattr(pipeline, "predict_proba")

    def answers(self, pipeline: "Pipeline", prepared: "pd.DataFrame") -> "NDArray[Any]":
        """Numbers."""
        answers: NDArray[Any] = pipeline.predict(prepared)
        return answers

    def kept(self, answers: "Floats") -> "Floats":
        """As they are."""
        return answers

    def largest(self, losses: "Floats") -> float:
        """What one row had at most."""
        from tasks.problems import losses as bounds

        return bounds.bound(losses)

    def churn(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """Mean change of the answer in standard deviations of the label."""
        from tasks.problems import losses

        change = float(abs(losses.measurable(base) - losses.measurable(challenger)).mean())
        return change / (float(outcomes.std()) or 1.0)

    def righted_share(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """Share of answers that come nearer to the label, less that of those that go farther."""
        import numpy as np

        return float(np.sign(np.abs(outcomes - base) - np.abs(outcomes - challenger)).mean())

    def draw(
        self,
        folder: Path,
        outcomes: "Outcomes",
        answers: "NDArray[np.floating]",
        score: Score,
        importance: Sequence[tuple[str, float]],
    ) -> list[Path]:
        """Answers over labels and the errors, calibration, and what the loss rises by."""
        from tasks.problems import plots

        drawn = [draw(folder, outcomes, answers) for draw in (plots.answers, plots.errors) if len(outcomes)]
        label = f"{self.constant_title} of labels"
        drawn += [plots.groups(folder, score.calibration, label)] if score.calibration else []
        if not importance:
            return drawn
        base = float(self.losses(outcomes.astype("float64"), answers.astype("float64")).mean())
        rises = [(name, self.rise(value, base)[0]) for name, value in importance]
        return [*drawn, plots.importance(folder, rises, self.title)]
