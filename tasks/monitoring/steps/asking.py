"""Asks the models about a batch before it is taken in: do they lose by what its rows show, or by what seems sound?

What the rows alone show with certainty holds a batch unasked; then the models only say what it costs. Rows without
labels cost nothing yet; what the models answer to them is looked at all the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain import wording
from tasks.domain.records import Batch, BatchStatus, Model, Suspect
from tasks.domain.turns import TurnRef
from tasks.evaluation.steps import spotting
from tasks.ingestion import intake
from tasks.monitoring.steps import asked_model, versions_alike
from tasks.monitoring.steps.asked_model import AskedModel
from tasks.problems import kinds
from tasks.validation.steps import door

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tasks.monitoring.lots import Asked, Explained, Lot

_MOST_ROWS = 5_000
"""Rows of a batch about which models are asked."""
_PAST_ROWS = 6_000


@dataclass(frozen=True)
class _Case:
    """The rows of a batch, and who is asked about them."""

    lot: "Lot"
    outcomes: "NDArray[np.float64] | None"
    """What the labels of the rows count as; None where too few of them have one."""
    settings: PipelineSettings
    champion: Model
    model: AskedModel
    frame: "pd.DataFrame"
    """The rows with all that was delivered."""

    @cached_property
    def said(self) -> "NDArray[np.float64]":
        """What the champion answers to the rows as they came."""
        return self.model.answer(self.lot.inputs)

    def of(self, chosen: "NDArray[np.bool_]") -> "_Case":
        """Some of the rows, which are labelled."""
        assert self.outcomes is not None
        inputs, frame = (one[chosen].reset_index(drop=True) for one in (self.lot.inputs, self.frame))
        lot, some = self.lot, not chosen.all()
        clusters, hours = lot.clusters[chosen], lot.hours[chosen]
        lot = replace(lot, inputs=inputs, clusters=clusters, hours=hours, is_whole=lot.is_whole and not some)
        return replace(self, lot=lot, outcomes=self.outcomes[chosen], frame=frame)


def ask(home: Home, turn: TurnRef, batch: Batch) -> Batch:
    """The batch, held if the live model loses, or gives up telling rows apart, by its values; else as it is.

    Of a batch that is held it is said what that costs. A batch without a champion to ask stays as it is.
    """
    made = home.ledger.promotions.champion(turn.pipeline)
    champion = home.ledger.models.get(turn.pipeline, made.model) if made else None
    settings = home.settings(turn.pipeline)
    is_new = home.ledger.batches.passed(turn.pipeline, turn.batch) is None and door.decision(home, turn) is None
    is_asked = is_new and batch.status is not BatchStatus.REFUSED
    is_asked = is_asked and batch.labels is None
    if champion is None or not is_asked or not settings.validation.triage.enabled:
        return batch
    case = _case(home, turn, batch, champion)
    if case is None:
        return batch
    from tasks.features.own_step import StepFailed

    try:
        judged = _judged(home, turn, batch, case)
        return versions_alike.answered(home, turn, judged, case.lot, champion, case.model, case.said)
    except StepFailed:
        if batch.is_in:
            raise
        return batch  # what the rows show may be more than a feature step of the user can take


def _judged(home: Home, turn: TurnRef, batch: Batch, case: _Case) -> Batch:
    """The batch by what the live model loses on its labelled rows."""
    from tasks.validation.triage import examine, treatment

    if case.outcomes is None:
        return batch
    settings, champion = case.settings, case.champion
    problem, base = kinds.named(settings.training.kind), _asked(case.model, case).losses(case.said)
    at_gate = history.at_gate(home.ledger, turn.pipeline, champion.id)
    usual = at_gate.loss.value if at_gate is not None else None
    untied, harmful = _speaking_against(batch, case, usual)
    named = {one.column for one in [*untied, *batch.suspects]} | {one.column for one, _ in harmful}
    if batch.is_in and (untied or harmful):
        covered = spotting.covered(home, turn.pipeline, champion, case.frame, named)
        if covered is not None and not any(_speaking_against(batch, case.of(covered), usual)):
            return batch  # the model is weak where it has learned nothing: that is told when it is watched
    limits = settings.validation.triage
    if batch.is_in and untied:
        if not treatment.holding(untied, limits):
            return replace(batch, suspects=(*untied, *batch.suspects))
        text = f"{examine.reason(untied)} The live model loses {problem.loss(float(base.mean()))} on it, "
        text += f"{problem.loss(usual)} at its gate."
        return intake.hold(batch.id, batch.name, batch.landed, text, [*untied, *batch.suspects])
    if not harmful:
        return batch
    cost = _cost(home, turn.pipeline, case, base, harmful[0][1], usual)
    if not batch.is_in:
        return replace(batch, reason=f"{batch.reason} {cost}")
    worst = [suspect for suspect, _ in harmful]
    if not treatment.holding(worst, limits):
        return replace(batch, suspects=tuple(_first(worst, batch.suspects)))
    return intake.hold(batch.id, batch.name, batch.landed, f"{worst[0].text}. {cost}", _first(worst, batch.suspects))


def _speaking_against(
    batch: Batch, case: _Case, usual: float | None
) -> "tuple[list[Suspect], list[tuple[Suspect, Explained]]]":
    """Inputs that have lost their ties, and what the champion loses by, if the settings ask for an answer to it.

    `usual` is its loss at its gate.
    """
    from tasks.monitoring import suspects
    from tasks.validation.triage import treatment

    opened, limits = {one.column: one for one in batch.suspects}, case.settings.validation.triage
    asked = _asked(case.model, case)
    untied, harmful = suspects.judge(case.lot, asked, case.said, opened, usual, case.settings.training)
    return list(treatment.heard(untied, limits)), [pair for pair in harmful if treatment.heard([pair[0]], limits)]


def _first(named: Sequence[Suspect], others: Sequence[Suspect]) -> list[Suspect]:
    return [*named, *(one for one in others if one.column not in {two.column for two in named})]


def _case(home: Home, turn: TurnRef, batch: Batch, champion: Model) -> _Case | None:
    """Rows of the batch as the champion takes them in, the labelled ones if they are enough; None if none are enough.

    Rows before it are read when something is suspect, and not before.
    """
    import numpy as np
    import pandas as pd

    from tasks.monitoring.lots import Earlier, Lot
    from tasks.training import groups, preparation
    from tasks.validation.triage import examine

    settings = home.settings(turn.pipeline)
    rules, event, label = settings.validation.columns, settings.ingestion.times.event, settings.training.label
    least, frame = settings.validation.triage.min_rows, _rows(home, turn, batch, settings)
    frame = frame[frame[event].notna()].sort_values(event, kind="stable")
    labelled = frame[label].notna()
    is_labelled = int(labelled.sum()) >= least
    frame = frame[labelled] if is_labelled else frame
    accepted = [one for one in home.ledger.batches.accepted(turn.pipeline) if one.id != batch.id]
    near = examine.neighbours(frame, accepted, event)
    if min(len(frame), sum(one.accepted for one in near)) < least:
        return None
    model = asked_model.load(home, champion, settings.training)
    names = [name for name in model.inputs if name in rules]
    now = _thinned(frame, _MOST_ROWS)

    def earlier() -> list[Earlier]:
        each = max(1, _PAST_ROWS // len(near))
        frames = [_thinned(home.store.read(one.accepted_file or ""), each) for one in near]
        whole = [preparation.complete(one.sort_values(event, kind="stable"), rules) for one in frames]
        before = [preparation.of_listed_classes(one, settings.training) for one in whole]
        return [
            Earlier(
                preparation.prepare(part, names, rules),
                _outcomes(part, settings),
                part[event].dt.hour.to_numpy(dtype=np.int64),
            )
            for part in before
        ]

    clusters = pd.factorize(groups.clusters(now, settings.ingestion.times, settings.evaluation.cluster))[0]
    hours = now[event].dt.hour.to_numpy(dtype=np.int64)
    is_whole = len(now) == len(frame)
    times = [name for name in names if rules[name].type == "timestamp"]
    lot = Lot(preparation.prepare(now, names, rules), clusters.astype(np.int64), hours, earlier, is_whole, times)
    outcomes = preparation.labels(now, settings.training).astype(np.float64) if is_labelled else None
    return _Case(lot, outcomes, settings, champion, model, now)


def _rows(home: Home, turn: TurnRef, batch: Batch, settings: PipelineSettings) -> "pd.DataFrame":
    from tasks.ingestion.steps import landed
    from tasks.training import preparation
    from tasks.validation import batches

    if batch.is_in:
        whole = preparation.complete(home.store.read(batch.accepted_file or ""), settings.validation.columns)
        return preparation.of_listed_classes(whole, settings.training)
    return batches.sort_out(landed.of(home).rows(turn, settings), [], settings).accepted.reset_index(drop=True)


def _outcomes(frame: "pd.DataFrame", settings: PipelineSettings) -> "NDArray[np.float64]":
    """What labels count as, NaN where there is none."""
    import numpy as np

    from tasks.training import preparation

    there, outcomes = frame[settings.training.label].notna().to_numpy(dtype=bool), np.full(len(frame), np.nan)
    outcomes[there] = preparation.labels(frame[there], settings.training)
    return outcomes


def _thinned(frame: "pd.DataFrame", most: int) -> "pd.DataFrame":
    """Of many rows every second, third, ... one."""
    return frame.iloc[:: max(1, -(-len(frame) // most))].reset_index(drop=True)


def _asked(model: AskedModel, case: _Case) -> "Asked":
    """The model as it is asked: what it says, and what it loses by that."""
    from tasks.monitoring.lots import Asked

    assert case.outcomes is not None
    return Asked(model.answer, case.outcomes, kinds.named(case.settings.training.kind))


def _cost(
    home: Home, pipeline: str, case: _Case, base: "NDArray[np.float64]", one: "Explained", usual: float | None
) -> str:
    """Where the loss is, how much of it goes with values as before, and whether all versions fail alike there."""
    problem = kinds.named(case.settings.training.kind)
    inside, rest = float(base[one.rows].mean()), base[~one.rows]
    beside = f", on the rest {problem.loss(float(rest.mean()))}" if len(rest) else ""
    before = f" ({problem.loss(usual)} at its gate)" if usual is not None else ""
    version = home.ledger.models.number(pipeline, case.champion.id)
    text = (
        f"These rows carry the loss: {problem.title} {problem.loss(inside)} of v{version}{beside}{before}. "
        f"With values as before in its place, {wording.share(one.share)} of the loss goes away."
    )
    return f"{text} {_alike(home, pipeline, case, one)}".strip()


def _alike(home: Home, pipeline: str, case: _Case, one: "Explained") -> str:
    """Whether every version that was live fails on the same rows: then it is the source, not the model."""
    fail: list[bool] = []
    for _, model in versions_alike.models(home, pipeline, case.lot):
        asked = _asked(model, case)
        losses = asked.losses(asked.answers(case.lot.inputs[list(model.inputs)]))
        fail.append(bool(losses[one.rows].mean() > losses[~one.rows].mean()) if (~one.rows).any() else True)
    if len(fail) < 2 or not all(fail):
        return ""
    return f"All {wording.number_word(len(fail))} versions that were live fail there: the source, not the model."
