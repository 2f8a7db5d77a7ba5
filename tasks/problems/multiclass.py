"""One of several classes: the answer is a probability for each class, the log loss decides.

Outcomes are places in `training.classes`, from 0 on; answers have one column a class, in that order. Where one number
is told of an answer it is how sure the model is of the class that it names, and of what happened whether that was right
(Guo et al. 2017, confidence calibration). Add here what is so for this kind alone. Small, so that `status` need not
load numpy for it.
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

_NAMED = 4
"""So many classes are told with their shares."""


class Multiclass(Probabilities):
    """One of several classes."""

    name = "multiclass"
    needed = ("cross_entropy", "auc_ovr", "class_calibration")
    average_name = "right_share"
    idle = ("positives",)
    level_metric = "class_calibration"

    def probabilities(self, snapshot: Snapshot) -> int:
        """One for each class."""
        return len(snapshot.classes)

    def counts(self, total: float, rows: int) -> tuple[int, float | None]:
        """None is positive; of what was scored the mean is the share that was named rightly."""
        return 0, total / rows if rows else None

    def classes(self, outcomes: "Floats", settings: "TrainingSettings") -> tuple[tuple[str, int], ...]:
        """Each class and its rows, in the order of the settings."""
        return self.tally(outcomes, settings.class_names)

    def tally(self, outcomes: "Floats | Outcomes", classes: Sequence[str] = ()) -> tuple[tuple[str, int], ...]:
        """Each class and its rows."""
        import numpy as np

        places = np.asarray(outcomes, dtype=np.float64)
        counts = np.bincount(places[~np.isnan(places)].astype(np.intp), minlength=len(classes))
        return tuple(zip(classes, map(int, counts), strict=True))

    def tally_of(self, snapshot: Snapshot) -> tuple[tuple[str, int], ...]:
        """As they were counted."""
        return snapshot.classes

    def judgeable(self, tally: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        """The two classes with most rows: a rare one need not be in what is judged."""
        return tuple(sorted(tally, key=lambda pair: -pair[1])[:2])

    def level_of(self, outcomes: "Floats", answers: "Floats") -> "tuple[Floats, Floats]":
        """Whether the class that was named is right, and how sure the model was of it."""
        import numpy as np

        right = answers.argmax(axis=1) == outcomes if len(answers) else np.empty(0)
        return np.asarray(right, dtype=np.float64), answers.max(axis=1, initial=0.0)

    def actual(self, rows: Score | SliceScore) -> float | None:
        """Share of rows whose class was named rightly."""
        return rows.mean_actual if rows.rows else None

    def delivered(self, batch: Batch) -> float | None:
        """Share of the class with most rows."""
        return _largest(batch.classes)

    def averaged(self, outcomes: "Floats") -> "Floats":
        """1 where it is the class that the settings list first."""
        import numpy as np

        return np.where(np.isnan(outcomes), np.nan, (outcomes == 0).astype(np.float64))

    def averaged_title(self, settings: "TrainingSettings") -> str:
        """`drink 'tea'`."""
        return f"{settings.label} {settings.class_names[0]!r}"

    def levels_of(self, batch: Batch, classes: Sequence[str] = ()) -> tuple[float, ...] | None:
        """The share of each class; of one that was not listed when it came 0."""
        counts = dict(batch.classes)
        rows = sum(counts.get(name, 0) for name in classes)
        return tuple(counts.get(name, 0) / rows for name in classes) if rows else None

    def on_average(self, mean: float, settings: "TrainingSettings") -> str:
        """`of 5 classes`: the mean of their places says nothing."""
        return f"of {len(settings.classes)} classes"

    def base_rate(self, snapshot: Snapshot, outcomes: "Floats") -> float:
        """Share of the class with most rows."""
        return _largest(snapshot.classes) or 0.0

    def dummy(self, model: Model, classes: Sequence[str] = ()) -> Constant:
        """The shares of the classes in its training data; of one that it did not know 0."""
        counts = dict(model.snapshot.classes)
        rows = sum(counts.get(name, 0) for name in classes) or 1
        return tuple(counts.get(name, 0) / rows for name in classes)

    def labelled_as(self, positives: int, mean: float | None) -> tuple[str, float]:
        """The share that was named rightly."""
        return "right_share", math.nan if mean is None else mean

    def delivery(self, batch: Batch, others: str, words: ReportingSettings) -> str:
        """`Of 3,000 flights 41 % were late, 33 % early and 26 % on time.`"""
        return f"Of {others} {_shares(batch.classes)}."

    def training_level(self, model: Model, words: ReportingSettings) -> str:
        """`41 % late, 33 % early, 26 % on time`."""
        return _shares(model.snapshot.classes)

    def early(self, days: str, early: float, later: float) -> str:
        """The mean place of their classes: that it moves is all that it says."""
        return f"labels that are known within {days} days are of other classes than later ones"

    def constant_loss(self, constant: Constant, score: Score) -> float | None:
        """Mean log loss of the shares of the training data, said for every row. None without rows."""
        if not score.rows or isinstance(constant, float) or len(constant) != len(score.classes):
            return None
        shares = [min(max(share, EDGE), 1 - EDGE) for share in constant]
        return -sum(one.rows * math.log(share) for one, share in zip(score.classes, shares, strict=True)) / score.rows

    def floor(self, policy: FirstChampion) -> Limit:
        """The AUC, each class against the rest."""
        return Limit("auc_ovr", policy.min_roc_auc)

    def most_change(self, limits: GuardSettings) -> float:
        """A share of rows that are put in another class."""
        return limits.max_churn

    def changed(self, churn: float, most: float) -> str:
        """`4.1 % of rows change their class, at most 25 %`."""
        limit = f"{'at most' if churn <= most else 'more than'} {wording.share(most)}"
        return f"{wording.share(churn)} of rows change their class, {limit}"

    def level_sentence(self, expected: str, actual: str, words: ReportingSettings) -> str:
        """`It expected to name the class of 83 % of flights rightly; it did of 78 %.`"""
        return f"It expected to name the class of {expected} of {words.row[1]} rightly; it did of {actual}."

    def happened(self, actual: str) -> str:
        """`78 % were`."""
        return f"{actual} were"

    def column(self, outcome: str) -> str:
        """`Named rightly`."""
        return "Named rightly"

    def label_column(self, outcome: str) -> str:
        """`Largest class`."""
        return "Largest class"

    @property
    def constant_title(self) -> str:
        """The shares of all classes."""
        return "shares of the classes"

    @property
    def grouped_title(self) -> str:
        """That of the class that is named."""
        return "share"

    def across(self, outcome: str) -> str:
        """`share named rightly`."""
        return "share named rightly"

    def expected_title(self, words: ReportingSettings) -> str:
        """`How sure it was of its classes`."""
        return "How sure it was of its classes"

    def happened_more(self, more: bool, version: int | None, groups: str, rows: str, outcome: str) -> str:
        """`v3 was right more often than it was sure in 8 of 10 groups.`"""
        return f"v{version} was right {'more' if more else 'less'} often than it was sure in {groups}."

    def on_the_line(self, outcome: str) -> tuple[str, str]:
        """As often right as it was sure."""
        return "right as often", "as it was sure"

    def levels(self, outcome: str) -> tuple[str, str]:
        """`were right`, `expected right`."""
        return "were right", "expected right"

    def glossary(self, row: str) -> str:
        """The log loss, and the shares that are its mark to beat."""
        return (
            f"How surprised a model was by the class that came, per {row}; lower is better. Saying the same shares of "
            f"the classes for every {row} (“no model”: those in the training data of the champion, at a gate that of "
            "the challenger) is the mark to beat."
        )

    def outcomes(self, labels: "pd.Series[Any]", settings: "TrainingSettings") -> "Floats":
        """The place of each class in the settings; NaN for a label that is missing, or is none of them."""
        import numpy as np
        import pandas as pd

        places = pd.Index(settings.classes).get_indexer(pd.Index(labels.astype(object)))
        return np.where(places < 0, np.nan, places.astype(np.float64))

    def learned(self, outcomes: "Floats") -> "Outcomes":
        """The places."""
        return outcomes

    def require_learnable(self, outcomes: "Outcomes") -> None:
        """There is more than one class, and none between the first and the last is absent."""
        import numpy as np

        there = np.unique(outcomes)
        if len(there) < 2 or len(there) <= there.max():
            raise IncumbentError(
                f"A model of several classes cannot be trained where one has no rows: of the classes {len(there)} are "
                f"among {len(outcomes):,} training rows. Widen training.window, or leave the class out of "
                "training.classes."
            )

    def is_answered_by(self, pipeline: "Pipeline") -> bool:
        """It gives probabilities; a fitted one of more than two classes."""
        from tasks.problems import outcomes

        return hasattr(pipeline, "predict_proba") and (outcomes.classes_known(pipeline) or 3) > 2

    def answers(self, pipeline: "Pipeline", prepared: "pd.DataFrame") -> "NDArray[Any]":
        """The probability of each class, shape (rows, classes)."""
        answers: NDArray[Any] = pipeline.predict_proba(prepared)
        return answers

    def aligned(self, answers: "Floats", then: Sequence[str], now: Sequence[str]) -> "Floats":
        """A class that it does not know it never says; what it gave to one that is gone goes to the others."""
        import numpy as np

        if tuple(then) == tuple(now):
            return answers
        places = {name: place for place, name in enumerate(then)}
        nothing = np.zeros(len(answers))
        each = np.column_stack([answers[:, places[name]] if name in places else nothing for name in now])
        total = each.sum(axis=1, keepdims=True)
        return self.kept(np.where(total > 0, each / np.where(total > 0, total, 1.0), 1 / len(now)))

    def decided(self, answers: "Floats") -> "NDArray[np.intp]":
        """The place of the class with the largest probability."""
        named: NDArray[np.intp] = answers.argmax(axis=1)
        return named

    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """Log loss of each row; NaN for what is not a probability."""
        from tasks.problems import losses

        return losses.cross_entropies(outcomes, answers)

    def largest(self, losses: "Floats") -> float:
        """The log loss of an answer that is as wrong as answers may be."""
        from tasks.problems import losses as bounds

        return bounds.LARGEST_LOSS

    def churn(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """Share of rows that are put in another class."""
        return float((base.argmax(axis=1) != challenger.argmax(axis=1)).mean())

    def righted_share(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """How much larger the share of rightly named classes is."""
        right, was_right = (challenger.argmax(axis=1) == outcomes, base.argmax(axis=1) == outcomes)
        return float(right.mean()) - float(was_right.mean())

    def draw(
        self,
        folder: Path,
        outcomes: "Outcomes",
        answers: "NDArray[np.floating]",
        score: Score,
        importance: Sequence[tuple[str, float]],
    ) -> list[Path]:
        """The confusion matrix, calibration and importance."""
        from tasks.problems import plots

        names = [one.name for one in score.classes]
        drawn = [plots.confusion(folder, outcomes, answers.argmax(axis=1), names)] if names else []
        drawn += [plots.calibration(folder, score.calibration)] if score.calibration else []
        return [*drawn, *([plots.importance(folder, importance, self.title)] if importance else [])]


def _largest(classes: Sequence[tuple[str, int]]) -> float | None:
    rows = sum(count for _, count in classes)
    return max(count for _, count in classes) / rows if rows else None


def _shares(classes: Sequence[tuple[str, int]]) -> str:
    """`41 % late, 33 % early, 26 % on time`, the largest first."""
    rows = sum(count for _, count in classes)
    if not rows:
        return "none has a class"
    ordered = sorted(classes, key=lambda pair: -pair[1])
    named = ordered if len(ordered) <= _NAMED + 1 else ordered[:_NAMED]
    shown = [f"{wording.share(count / rows)} are {name}" for name, count in named]
    if len(ordered) > len(named):
        rest = sum(count for _, count in ordered[len(named) :])
        shown.append(f"{wording.share(rest / rows)} are of {wording.count(len(ordered) - len(named))} other classes")
    return ", ".join(shown)
