"""Trials: a model is fitted again with one thing undone, and judged on the same rows. Nothing is kept of it.

Add here what one trial needs. Which are made, and in which order, is decided in `attributing`.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import IncumbentError
from configs.settings import PipelineSettings
from tasks.domain.records import Comparison
from tasks.evaluation import scores
from tasks.features import assembly
from tasks.lineage import attribution, undoing
from tasks.lineage.attribution import Answer, Attribution, Kind
from tasks.lineage.differences import Match
from tasks.lineage.makings import Making
from tasks.lineage.steps import reproduction
from tasks.lineage.undoing import Learned, Part
from tasks.problems import prediction
from tasks.training import preparation
from tasks.training.judged_rows import Judged
from tasks.training.learned_rows import Window
from tasks.training.steps import pipelines

if TYPE_CHECKING:
    Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ground:
    """The rows on which all are judged."""

    settings: PipelineSettings
    """Those of now."""
    rows: pd.DataFrame
    """With all their columns."""
    judged: Judged
    """The same, ready."""


@dataclass(frozen=True)
class Sides:
    """What both models learned from; the rows of the first one are None if they are gone."""

    was: pd.DataFrame | None
    now: pd.DataFrame
    match: Match | None
    making: Making
    """With what the second one is made."""


@dataclass
class Trials:
    """What was tried so far, and how many fits are left."""

    ground: Ground
    sides: Sides
    base: "Floats"
    """Answers of the second model, fitted with what is installed now."""
    difference: float
    """Loss of the second model less that of the first one."""
    left: int
    """Fits that may still be made."""
    done: list[Attribution] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    """What there was no fit left for."""
    kept: assembly.Kept = field(default_factory=dict)
    """Feature steps of users as the two models have them."""
    last: "Floats | None" = None
    """Answers of the last trial."""
    _tried: list[tuple[object, ...]] = field(default_factory=list)

    def attempt(
        self,
        kind: Kind,
        name: str,
        *,
        text: str = "",
        part: Part | None = None,
        making: Making | None = None,
        moved: bool = True,
    ) -> Attribution | None:
        """Fit the second model with this part of its rows, or this of its making, as the first one had it.

        Args:
            kind: Of what is undone.
            name: Of what is undone.
            text: What differs in it.
            part: Of the rows; None leaves them as they are.
            making: Settings and candidate; None leaves them as they are.
            moved: Of a column, whether its values differ by more than chance.

        Returns:
            None if it was tried before, or no fit is left.
        """
        key = (making or self.sides.making, part and (part.column, part.came.tobytes(), part.went.tobytes()))
        if key in self._tried:
            return None
        if not self.left:
            self.left_out.append(name)
            return None
        self.left -= 1
        self._tried.append(key)
        rows = part.rows if part else None
        try:
            self.last = self._answers(part, making or self.sides.making)
        except (IncumbentError, ValueError, TypeError) as problem:  # what scikit-learn raises for what does not fit
            return self.note(kind, name, text, reproduction.in_one_line(problem), rows)
        undone = compare(self.ground, self.base, self.last)
        share = attribution.share(self.difference, undone)
        loss = math.fsum(undone.challenger_loss) / undone.rows
        self.done.append(Attribution(kind, name, attribution.answer(share), text, rows, loss, share, moved))
        return self.done[-1]

    def note(self, kind: Kind, name: str, text: str, why_not: str, rows: int | None = None) -> Attribution:
        """Keep that something cannot be undone."""
        self.done.append(Attribution(kind, name, Answer.IMPOSSIBLE, text, rows, why_not=why_not))
        return self.done[-1]

    def _answers(self, part: Part | None, making: Making) -> "Floats":
        """What the model says to the judged rows.

        Raises:
            IncumbentError: It cannot be built any more, or nothing can be learned from these rows.
        """
        changed = reproduction.changed_family(making.candidate)
        if changed:
            raise IncumbentError(f"{changed[0]} is not as it was at the fit")
        if making.settings.training.weight_column:
            raise IncumbentError("its rows are weighted by a column, which is not taken apart")
        learned = self._learned(part, making)
        window = Window(learned.prepared, learned.outcomes)
        recipe = pipelines.recipe(window, making.settings)
        pipeline = pipelines.learn(making.candidate, window, making.settings, recipe, self.kept)
        asked = _prepared(self.ground.rows, making.settings)
        return prediction.predict(pipeline, asked, threads=making.settings.training.threads)

    def _learned(self, part: Part | None, making: Making) -> Learned:
        now = _ready(self.sides.now, making.settings)
        if part is None:
            return now
        assert self.sides.was is not None and self.sides.match is not None, "parts are of rows that are there"
        return undoing.undone(part, self.sides.match, _ready(self.sides.was, making.settings), now)


def compare(ground: Ground, before: "Floats", after: "Floats") -> Comparison:
    """Two models on the judged rows, paired, with clusters as units."""
    settings, judged = ground.settings, ground.judged
    level, problem = settings.promotion.guards.slice_level, settings.training.kind
    return scores.compare(judged.outcomes, before, after, judged.clusters, {}, settings.evaluation, level, problem)


def _ready(rows: pd.DataFrame, settings: PipelineSettings) -> Learned:
    whole = preparation.complete(rows, settings.validation.columns)
    return Learned(_prepared(whole, settings), preparation.labels(whole, settings.training))


def _prepared(rows: pd.DataFrame, settings: PipelineSettings) -> pd.DataFrame:
    columns = settings.validation.columns
    return preparation.prepare(preparation.complete(rows, columns), settings.inputs, columns)
