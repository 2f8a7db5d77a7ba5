"""Asks all versions that were live about the same rows: if none of them tells the rows apart, it is the source.

That needs no labels. What a model loses by is asked in `asking`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasks.adapters.home import Home
from tasks.domain import wording
from tasks.domain.records import Batch, Model, Suspect
from tasks.domain.turns import TurnRef
from tasks.ingestion import intake
from tasks.monitoring.steps import asked_model, watch
from tasks.monitoring.steps.asked_model import AskedModel
from tasks.problems import kinds

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tasks.monitoring.answered import Words
    from tasks.monitoring.lots import Lot
    from tasks.problems.base import Problem

_VERSIONS, _SEED = 5, 0
_MOST_COLUMNS = 30
"""Inputs that are looked at where none of them is suspect by itself."""


def answered(
    home: Home,
    turn: TurnRef,
    batch: Batch,
    lot: "Lot",
    champion: Model,
    model: AskedModel,
    said: "NDArray[np.float64]",
) -> Batch:
    """The batch, held where the live model gives up telling its rows apart, and values as before bring that back.

    Args:
        home: Ledger and bundles.
        turn: Of which pipeline.
        batch: As it stands so far.
        lot: Its rows.
        champion: The live model.
        model: The same, at hand.
        said: What it answers to the rows.
    """
    from tasks.monitoring import answered as answers
    from tasks.validation.triage import examine, treatment

    problem = kinds.named(home.settings(turn.pipeline).training.kind)
    collapsed = answers.has_collapsed(said, model.golden_answers, problem)
    suspected = [one.column for one in batch.suspects if one.column in lot.inputs]
    if not collapsed and (batch.is_in or not suspected):
        return batch
    asked = _Asked(lot, model, problem, watch.words(home, turn.pipeline, champion), said)
    if not collapsed:
        return replace(batch, reason=f"{batch.reason} {asked.moved(suspected[0])}")
    others = [name for name in lot.columns if not lot.repeats_the_day(name)][:_MOST_COLUMNS]
    restored = [name for name in suspected or others if asked.restores(name)]
    if batch.is_in and not restored:
        return batch
    column = (restored or suspected or [""])[0]
    all_of_them = [asked.by(one, version) for version, one in models(home, turn.pipeline, lot)]
    text = _told(asked, all_of_them, column, is_only=len(suspected or restored) == 1)
    if not batch.is_in:
        return replace(batch, reason=f"{batch.reason} {text}")
    shown = next((one for one in batch.suspects if one.column == column), None)
    rows = len(lot.inputs)
    first = replace(shown, certain=True) if shown else Suspect(column, "decides_alone", f"'{column}' has changed", rows)
    rest = [one for one in batch.suspects if one.column != column]
    limits = home.settings(turn.pipeline).validation.triage
    if not treatment.holding([first], limits):
        return replace(batch, suspects=(*treatment.heard([first], limits), *rest))
    return intake.hold(batch.id, batch.name, batch.landed, f"{examine.reason([first])} {text}", [first, *rest])


def models(home: Home, pipeline: str, lot: "Lot") -> Iterator[tuple[int, AskedModel]]:
    """The versions that were live, at most the last five, that take in such rows; with their numbers."""
    ids = dict.fromkeys(made.model for made in home.ledger.promotions.all(pipeline))
    for key in list(ids)[-_VERSIONS:]:
        model, number = home.ledger.models.get(pipeline, key), home.ledger.models.number(pipeline, key)
        if model is not None and number is not None:
            found = asked_model.load(home, model, home.settings(pipeline).training)
            if {*found.inputs} <= {*lot.inputs.columns}:
                yield number, found


@dataclass(frozen=True)
class _Asked:
    """A model, rows, and what it says of them."""

    lot: "Lot"
    model: AskedModel
    problem: "Problem"
    words: "Words"
    said: "NDArray[np.float64]"

    def by(self, model: AskedModel, version: int) -> "_Asked":
        """The same rows, and another model."""
        said = model.answer(self.lot.inputs[list(model.inputs)])
        return replace(self, model=model, words=replace(self.words, version=version), said=said)

    @property
    def has_collapsed(self) -> bool:
        """Whether it tells the rows hardly apart, where it did at its fit."""
        from tasks.monitoring import answered

        return answered.has_collapsed(self.said, self.model.golden_answers, self.problem)

    @property
    def one_class(self) -> str:
        """The class in which it puts all rows; empty where it uses both, or has none."""
        from tasks.monitoring import answered

        return answered.one_class(self.said, self.problem, self.words)

    def restores(self, column: str) -> bool:
        """Whether it tells the rows apart with values as before in one column."""
        return not replace(self, said=self._as_before(column)).has_collapsed

    def moved(self, column: str) -> str:
        """What it expects of the rows as they came, and with values as before in one column."""
        now, then = (self._expected(said) for said in (self.said, self._as_before(column)))
        return f"v{self.words.version} expects {now}; with values as before in '{column}', {then}."

    def expects(self, column: str) -> str:
        """What it expects with values as before in one column."""
        return self._expected(self._as_before(column))

    def _as_before(self, column: str) -> "NDArray[np.float64]":
        from tasks.monitoring import suspects

        return self.model.answer(suspects.as_before(self.lot, column, _SEED)[list(self.model.inputs)])

    def _expected(self, said: "NDArray[np.float64]") -> str:
        from tasks.monitoring import answered

        return answered.expected(said, self.problem, self.words)


def _told(live: _Asked, versions: Sequence[_Asked], column: str, *, is_only: bool) -> str:
    """That it is the source and not the model, if no version tells the rows apart; and what there is to do."""
    rows = f"{wording.count(len(live.said))} {live.words.reporting.row[1]}"
    numbers = [one.words.version for one in versions]
    alike = len(versions) > 1 and all(one.has_collapsed for one in versions)
    classes = {one.one_class for one in (versions if alike else [live])}
    does = f"all {rows} in {next(iter(classes))}" if len(classes) == 1 and "" not in classes else ""
    if alike:
        who = f"All {wording.number_word(len(versions))} versions that were live (v{numbers[0]} to v{numbers[-1]})"
        text = f"Not the model: the source. {who} {f'put {does}' if does else f'hardly tell {rows} apart'}."
    else:
        who = f"v{live.words.version}"
        text = f"{who} {f'puts {does}' if does else f'hardly tells {rows} apart'}, as it never did before."
    text += f" The only input that changed is '{column}'." if is_only else ""
    text += f" With values as before in its place, v{live.words.version} expects {live.expects(column)}."
    text += " Going back to another version will not help." if alike else ""
    return f"{text} Ask who delivers '{column}'."
