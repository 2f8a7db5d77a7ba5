"""The protocol of a kind of problem: all in which a yes or no differs from a number, in every room.

A kind is one subclass in a file of its own, with a row in `configs.problems`. Add a method here where rooms would
otherwise ask of which kind a pipeline is. Small, so that `status` need not load numpy for it: what works on rows
imports that when it is called.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from configs.monitoring import HealthSettings
from configs.problems import KINDS
from configs.promotion import FirstChampion, GuardSettings
from configs.reporting import ReportingSettings
from tasks.domain.records import Batch, Model, Score, SliceScore, Snapshot
from tasks.problems.telling import Telling

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from configs.training import TrainingSettings
    from tasks.problems.outcomes import Outcomes

    Floats = NDArray[np.float64]


Constant = float | tuple[float, ...]
"""What no model says of every row; of several classes a share for each."""


@dataclass(frozen=True)
class Limit:
    """A metric and how far it may go."""

    metric: str
    value: float


class Problem(Telling, ABC):
    """One kind of problem. Losses are told to people by what is read from them, which may be another number."""

    name: ClassVar[str]
    needed: tuple[str, ...]
    """Metrics that are measured whether asked for or not: the first one decides, the guards look at the others."""
    average: ClassVar[str]
    """What the level is called that was expected of rows and came: `share`, `mean`."""
    shares: ClassVar[bool]
    """Whether answers are shares, which lie between 0 and 1: charts then begin and end there."""
    quantile: float | None = None
    """The share of labels that are to lie below an answer, where answers are quantiles."""
    label_faults: ClassVar[tuple[str, ...]]
    """What triage looks for in labels, in this order: `one_class`, `constant`, `unit`."""
    idle: ClassVar[tuple[str, ...]] = ()
    """Fields of records that say nothing of this kind."""
    level_guard: ClassVar[str]
    """Name of the guard that looks at the level of the answers."""
    level_metric: ClassVar[str]
    """Name of the metric that it looks at."""
    righted: ClassVar[str]
    """In which two ways a changed answer can be for the better, or not: `turn right than wrong`."""

    @property
    def metric(self) -> str:
        """Name of the metric that decides."""
        return self.needed[0]

    @property
    def learner(self) -> str:
        """What scikit-learn and MLflow call a model of this kind."""
        return KINDS[self.name].learner

    @property
    def fitted_by(self) -> str:
        """The loss that a model of this kind is fitted by, as scikit-learn calls it."""
        return KINDS[self.name].fitted_by

    @property
    def fitted_with(self) -> dict[str, Any]:
        """The parameters by which a regressor of scikit-learn gets that loss."""
        return {"loss": self.fitted_by, "quantile": self.quantile}

    @property
    def constant_title(self) -> str:
        """What no model answers for every row, of the labels that were learned from: `share`, `mean`, `median`."""
        return self.average

    @property
    def grouped_title(self) -> str:
        """What is expected of groups of rows by their answers, where these are held against what came."""
        return self.constant_title

    @property
    def reached_shares(self) -> bool:
        """Whether the level that was expected of rows, and that which came, are shares."""
        return self.shares

    @property
    def answers_mean(self) -> bool:
        """Whether the mean answer is to be near the mean label."""
        return True

    @property
    def asks_of_sound_inputs(self) -> bool:
        """Whether what a model loses is asked about inputs that show nothing by themselves, and about labels."""
        return self.answers_mean

    def probabilities(self, snapshot: Snapshot) -> int:
        """With how many probabilities a model answers each row, one for each class; 0 where it answers a number."""
        return 2 if self.shares else 0

    # ── labels: how many, which share, which mean ─────────────────────────────────────────────────────────────────
    @abstractmethod
    def level(self, mean: float | None) -> str:
        """The mean of answers or of labels, written."""

    def reached(self, level: float | None) -> str:
        """The level that was expected of judged rows, or came, written."""
        return self.level(level)

    @abstractmethod
    def counts(self, total: float, rows: int) -> tuple[int, float | None]:
        """From the sum of outcomes: how many are positive, and their mean, as far as records keep it."""

    def classes(self, outcomes: "Floats", settings: "TrainingSettings") -> tuple[tuple[str, int], ...]:
        """Each class and its rows, as records keep it; none where there are no classes that the settings list."""
        return ()

    @abstractmethod
    def tally(self, outcomes: "Floats | Outcomes", classes: Sequence[str] = ()) -> tuple[tuple[str, int], ...]:
        """Each answer and how many rows have it; none where answers cannot be counted.

        Args:
            outcomes: Of the rows, shape (rows,).
            classes: Names of the classes that the settings list.
        """

    @abstractmethod
    def tally_of(self, snapshot: Snapshot) -> tuple[tuple[str, int], ...]:
        """The same of what is learned from."""

    def judgeable(self, tally: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
        """Of a tally, the answers of which there have to be enough to judge on."""
        return tally

    def level_of(self, outcomes: "Floats", answers: "Floats") -> "tuple[Floats, Floats]":
        """What is compared where the level of answers is: what happened, and what was expected, each shape (rows,)."""
        return outcomes, answers

    @abstractmethod
    def variance(self, outcomes: "Floats") -> float | None:
        """Variance of outcomes, if records keep it."""

    @abstractmethod
    def actual(self, rows: Score | SliceScore) -> float | None:
        """Mean outcome of what was scored; None without rows."""

    @abstractmethod
    def delivered(self, batch: Batch) -> float | None:
        """Mean outcome of the accepted rows with a label; None without any."""

    def averaged(self, outcomes: "Floats") -> "Floats":
        """Outcomes as numbers whose mean is told, NaN where there is none."""
        return outcomes

    def averaged_title(self, settings: "TrainingSettings") -> str:
        """Of what that is the mean: the label."""
        return settings.label

    def levels_of(self, batch: Batch, classes: Sequence[str] = ()) -> tuple[float, ...] | None:
        """Mean outcome of each answer that a model gives, of several classes of each of these; None without labels."""
        level = self.delivered(batch)
        return None if level is None else (level,)

    def on_average(self, mean: float, settings: "TrainingSettings") -> str:
        """The mean of outcomes, as the check of a pipeline file tells it."""
        return f"{mean:.1%} are yes" if self.shares else f"{mean:,.4g} on average"

    def base_rate(self, snapshot: Snapshot, outcomes: "Floats") -> float:
        """What the dummy answers, from what is learned from."""
        return self.constant(outcomes)

    @abstractmethod
    def labelled_as(self, positives: int, mean: float | None) -> tuple[str, float]:
        """Name and value under which MLflow gets what the labels were."""

    def judged_as(self, positives: int, mean: float | None) -> tuple[str, float]:
        """Name and value under which it gets what came of judged rows."""
        return self.labelled_as(positives, mean)

    average_name: ClassVar[str]
    """Name under which MLflow gets the level that came."""
    expected_name: ClassVar[str] = "mean_predicted"
    """Name under which it gets the level that was expected."""

    @abstractmethod
    def delivery(self, batch: Batch, others: str, words: ReportingSettings) -> str:
        """A sentence about the labels of a batch; `others` are its rows with a label, in words."""

    @abstractmethod
    def training_level(self, model: Model, words: ReportingSettings) -> str:
        """What the labels were on which a model was trained, in a few words."""

    @abstractmethod
    def early(self, days: str, early: float, later: float) -> str:
        """How labels known within so many days differ from later ones."""

    # ── no model ──────────────────────────────────────────────────────────────────────────────────────────────────
    def constant(self, outcomes: "Floats") -> float:
        """The one answer to every row that loses least, of outcomes that are there: their mean."""
        return float(outcomes.sum()) / len(outcomes)

    def dummy(self, model: Model, classes: Sequence[str] = ()) -> Constant:
        """What no model says of every row: what was usual in the training data of this one.

        Of several classes the share of each of these, which may be other ones than it was fitted with.
        """
        return model.base_rate

    @abstractmethod
    def constant_loss(self, constant: Constant, score: Score) -> float | None:
        """Mean loss of one answer for every row that was scored. None without rows."""

    # ── guards ────────────────────────────────────────────────────────────────────────────────────────────────────
    @abstractmethod
    def floor(self, policy: FirstChampion) -> Limit:
        """What a model must reach, whatever it is compared with."""

    @abstractmethod
    def most_change(self, limits: GuardSettings) -> float:
        """How much of the answers may change, unless more change for the better."""

    @abstractmethod
    def changed(self, churn: float, most: float) -> str:
        """How much of the answers changes, beside its limit."""

    # ── health ────────────────────────────────────────────────────────────────────────────────────────────────────
    @abstractmethod
    def bias(self, score: Score) -> float | None:
        """How far the mean answer lies above the mean label, in the unit of the settings; None without rows."""

    @abstractmethod
    def most_off(self, settings: HealthSettings) -> float:
        """How far it may be off, in the unit of `bias`."""

    @abstractmethod
    def off_by(self, settings: HealthSettings, times: int = 1) -> str:
        """So many times as far, in words: `3 points`."""

    @abstractmethod
    def off_unit(self, score: Score) -> float:
        """The unit in which a sentence tells how far it is off; 0 if there is none."""

    @abstractmethod
    def off_most(self, settings: HealthSettings) -> float:
        """How far it may be off, in that unit."""

    @abstractmethod
    def write_off(self, value: float | None) -> str:
        """How far it is off, in that unit, written."""

    @abstractmethod
    def level_sentence(self, expected: str, actual: str, words: ReportingSettings) -> str:
        """What was expected of the rows as a whole, and what happened."""

    @abstractmethod
    def happened(self, actual: str) -> str:
        """What happened, as a sentence goes on after what was expected."""

    # ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────
    @abstractmethod
    def outcomes(self, labels: "pd.Series[Any]", settings: "TrainingSettings") -> "Floats":
        """What the label of each row says, NaN where there is no label yet, shape (rows,)."""

    @abstractmethod
    def learned(self, outcomes: "Floats") -> "Outcomes":
        """Outcomes as a model learns them, shape (rows,)."""

    @abstractmethod
    def require_learnable(self, outcomes: "Outcomes") -> None:
        """Raise IncumbentError if nothing can be learned from these outcomes."""

    @abstractmethod
    def is_answered_by(self, pipeline: "Pipeline") -> bool:
        """Whether a Pipeline answers in this way, fitted or not."""

    @abstractmethod
    def answers(self, pipeline: "Pipeline", prepared: "pd.DataFrame") -> "NDArray[Any]":
        """What a fitted Pipeline says to prepared rows, shape (rows,); of several classes (rows, classes)."""

    def aligned(self, answers: "Floats", then: Sequence[str], now: Sequence[str]) -> "Floats":
        """Answers of a model that was fitted when other classes were listed, in the order of those of now."""
        return answers

    @abstractmethod
    def kept(self, answers: "Floats") -> "Floats":
        """Finite answers, with what would make a loss infinite kept off."""

    @abstractmethod
    def losses(self, outcomes: "Floats", answers: "Floats") -> "Floats":
        """The loss of each row that decides; NaN where it cannot be computed."""

    def decided(self, answers: "Floats") -> "NDArray[np.intp] | None":
        """The class in which each row is put, as a place among them, shape (rows,); None where there are none."""
        return None

    def exchanged(self, outcomes: "Floats") -> "Floats | None":
        """The same with yes and no exchanged; None where there is no such thing."""
        return None

    @abstractmethod
    def largest(self, losses: "Floats") -> float:
        """What bounds a mean loss, or a mean difference of two."""

    @abstractmethod
    def churn(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """How much of the answers changes; there is at least one row."""

    @abstractmethod
    def righted_share(self, outcomes: "Floats", base: "Floats", challenger: "Floats") -> float:
        """Share of answers that change for the better, less that of those for the worse; there is at least one row."""

    @abstractmethod
    def draw(
        self,
        folder: Path,
        outcomes: "Outcomes",
        answers: "NDArray[np.floating]",
        score: Score,
        importance: Sequence[tuple[str, float]],
    ) -> list[Path]:
        """Write those plots of a judged model that are defined into the folder and return their paths.

        Args:
            folder: An existing folder.
            outcomes: Labels of the judged rows, shape (rows,).
            answers: Of a model, for the same rows.
            score: Of that model on these rows, with groups of rows by their answer.
            importance: Rise in loss by column, largest first; drawn if there is any.
        """
