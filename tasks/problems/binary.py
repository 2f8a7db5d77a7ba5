"""A yes or no: the answer is the probability of a yes, the log loss decides.

Add here what is so for this kind alone. Small, so that `status` need not load numpy for it.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from configs.errors import IncumbentError
from configs.promotion import FirstChampion, GuardSettings
from configs.reporting import ReportingSettings
from tasks.domain import wording
from tasks.domain.records import Batch, Model, Score, SliceScore, Snapshot
from tasks.problems.base import Constant, Limit
from tasks.problems.edge import EDGE
from tasks.problems.probabilities import Probabilities

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from configs.training import TrainingSettings
    from tasks.problems.outcomes import Outcomes

    Floats = NDArray[np.float64]


class Binary(Probabilities):
    """A yes or no."""

    name = "binary"
    needed = ("log_loss", "roc_auc", "calibration_error")
    average_name = "positive_share"
    level_metric = "calibration_error"

    def counts(self, total: float, rows: int) -> tuple[int, float | None]:
        """The number of positives says it all."""
        return int(total), None

    def tally(self, outcomes: "Floats | Outcomes", classes: Sequence[str] = ()) -> tuple[tuple[str, int], ...]:
        """Each positive is 1."""
        positives = int(outcomes.sum())
        return ("positive", positives), ("negative", len(outcomes) - positives)

    def tally_of(self, snapshot: Snapshot) -> tuple[tuple[str, int], ...]:
        """By its number of positives."""
        return ("positive", snapshot.positives), ("negative", snapshot.rows - snapshot.positives)

    def actual(self, rows: Score | SliceScore) -> float | None:
        """Share of positives."""
        return rows.positives / rows.rows if rows.rows else None

    def delivered(self, batch: Batch) -> float | None:
        """Share of positives."""
        labelled = batch.accepted - batch.unlabelled
        return batch.positives / labelled if labelled > 0 else None

    def labelled_as(self, positives: int, mean: float | None) -> tuple[str, float]:
        """The number of positives."""
        return "positives", positives

    def delivery(self, batch: Batch, others: str, words: ReportingSettings) -> str:
        """`24 % of them were late.`"""
        return f"{wording.share(self.delivered(batch))} of {others} were {words.outcome}."

    def training_level(self, model: Model, words: ReportingSettings) -> str:
        """`24 % of them late`."""
        return f"{wording.share(model.base_rate)} of them {words.outcome}"

    def early(self, days: str, early: float, later: float) -> str:
        """Both shares."""
        first, then = wording.share(early), wording.share(later)
        return f"labels that are known within {days} days are {first} positive, later ones {then}"

    def constant_loss(self, constant: Constant, score: Score) -> float | None:
        """Mean log loss of the share of positives in the training data, said for every row. None without rows."""
        assert isinstance(constant, float), "there is one share"
        return constant_loss(constant, positives=score.positives, rows=score.rows)

    def floor(self, policy: FirstChampion) -> Limit:
        """The AUC."""
        return Limit("roc_auc", policy.min_roc_auc)

    def most_change(self, limits: GuardSettings) -> float:
        """A share of decisions at 0.5."""
        return limits.max_churn

    def changed(self, churn: float, most: float) -> str:
        """`4.1 % of decisions change, at most 25 %`."""
        limit = f"{'at most' if churn <= most else 'more than'} {wording.share(most)}"
        return f"{wording.share(churn)} of decisions change, {limit}"

    def level_sentence(self, expected: str, actual: str, words: ReportingSettings) -> str:
        """`It expected 20 % of flights to be late; 32 % were.`"""
        return f"It expected {expected} of {words.row[1]} to be {words.outcome}; {actual} were."

    def happened(self, actual: str) -> str:
        """`32 % were`."""
        return f"{actual} were"

    def column(self, outcome: str) -> str:
        """The outcome itself."""
        return outcome

    def across(self, outcome: str) -> str:
        """`share late`."""
        return f"share {outcome}"

    def expected_title(self, words: ReportingSettings) -> str:
        """`The expected share of late flights`."""
        return f"The expected share of {words.outcome} {words.row[1]}"

    def happened_more(self, more: bool, version: int | None, groups: str, rows: str, outcome: str) -> str:
        """`Flights were late more often than v3 said in 8 of 10 groups.`"""
        return f"{rows} were {outcome} {'more' if more else 'less'} often than v{version} said in {groups}."

    def on_the_line(self, outcome: str) -> tuple[str, str]:
        """It happened as often as expected."""
        return f"{outcome} as often", "as expected"

    def levels(self, outcome: str) -> tuple[str, str]:
        """`were late`, `expected late`."""
        return f"were {outcome}", f"expected {outcome}"

    def glossary(self, row: str) -> str:
        """The log loss, and the share that is its mark to beat."""
        return (
            f"How surprised a model was by what happened, per {row}; lower is better. Saying the same share for every "
            f"{row} (“no model”: that in the training data of the champion, at a gate that of the challenger) is the "
            "mark to beat."
        )

    def outcomes(self, labels: "pd.Series[Any]", settings: "TrainingSettings") -> "Floats":
        """1 where the label is one of the positive values, else 0."""
        import numpy as np

        from tasks.problems import outcomes

        yes = outcomes.positives(settings)
        same = labels == yes[0] if len(yes) == 1 else labels.isin(yes)
        hits = same.to_numpy(dtype=bool, na_value=False)
        return np.where(labels.isna().to_numpy(dtype=bool), np.nan, hits.astype(np.float64))

    def learned(self, outcomes: "Floats") -> "Outcomes":
        """Booleans."""
        return outcomes.astype(bool)

    def require_learnable(self, outcomes: "Outcomes") -> None:
        """There are both a yes and a no."""
        positives = int(outcomes.sum())
        if positives in (0, len(outcomes)):
            raise IncumbentError(
                f"A model cannot be trained on one outcome: {positives:,} of {len(outcomes):,} training rows are "
                "positive. Widen training.window, or look at the label."
            )

    def is_answered_by(self, pipeline: "Pipeline") -> bool:
        """It gives probabilities; a fitted one of two classes."""
        from tasks.problems import outcomes

        return hasattr(pipeline, "predict_proba") and (outcomes.classes_known(pipeline) or 2) <= 2

    def answers(self, pipeline: "Pipeline", prepared: "pd.DataFrame") -> "NDArray[Any]":
        """The probability of a yes."""
        answers: NDArray[Any] = pipeline.predict_proba(prepared)[:, 1]
        return answers

    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """Log loss of each row; NaN for what is not a probability."""
        from tasks.problems import losses

        return losses.log_losses(outcomes, answers)

    def largest(self, losses: "Floats") -> float:
        """The log loss of an answer that is as wrong as answers may be."""
        from tasks.problems import losses as bounds

        return bounds.LARGEST_LOSS

    def decided(self, answers: "Floats") -> "NDArray[np.intp]":
        """0 below a half, else 1."""
        import numpy as np

        return (answers >= 0.5).astype(np.intp)

    def exchanged(self, outcomes: "Floats") -> "Floats":
        """The same with yes and no exchanged."""
        return 1 - outcomes

    def churn(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """Share of decisions at 0.5 that change."""
        return float(((base >= 0.5) != (challenger >= 0.5)).mean())

    def righted_share(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """How much larger the share of right decisions at 0.5 is."""
        right, was_right = (challenger >= 0.5) == (outcomes >= 0.5), (base >= 0.5) == (outcomes >= 0.5)
        return float(right.mean()) - float(was_right.mean())

    def draw(
        self,
        folder: Path,
        outcomes: "Outcomes",
        answers: "NDArray[np.floating]",
        score: Score,
        importance: Sequence[tuple[str, float]],
    ) -> list[Path]:
        """ROC and precision-recall, which need both outcomes, calibration and importance."""
        from tasks.problems import plots

        drawn = plots.both_curves(folder, outcomes, answers) if 0 < int(outcomes.sum()) < len(outcomes) else []
        drawn += [plots.calibration(folder, score.calibration)] if score.calibration else []
        return [*drawn, *([plots.importance(folder, importance, self.title)] if importance else [])]


def constant_loss(base_rate: float, *, positives: int, rows: int) -> float | None:
    """Mean log loss of one probability, said for every row. None without rows."""
    if rows == 0:
        return None
    said = min(max(base_rate, EDGE), 1 - EDGE)
    return -(positives * math.log(said) + (rows - positives) * math.log(1 - said)) / rows
