"""Asks the models about a batch before it is taken in: do they lose by what its rows show, or by what seems sound?

What the rows alone show with certainty holds a batch unasked; then the models only say what it costs.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain import wording
from tasks.domain.records import Batch, BatchStatus, Model
from tasks.domain.turns import TurnRef
from tasks.ingestion import intake
from tasks.problems import kinds
from tasks.validation.steps import door

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tasks.monitoring.suspects import Asked, Explained, Lot

_MOST_ROWS = 5_000
"""Rows of a batch about which models are asked."""
_PAST_ROWS = 6_000
_VERSIONS = 5


@dataclass(frozen=True)
class _Case:
    """The rows of a batch, and who is asked about them."""

    lot: "Lot"
    outcomes: "NDArray[np.float64]"
    settings: PipelineSettings


def ask(home: Home, turn: TurnRef, batch: Batch) -> Batch:
    """The batch, held if the live model loses by its values; of a batch that is held, with what it costs.

    A batch without labels, or without a champion to ask, stays as it is.
    """
    made = home.ledger.promotions.champion(turn.pipeline)
    champion = home.ledger.models.get(turn.pipeline, made.model) if made else None
    settings = home.settings(turn.pipeline)
    is_new = home.ledger.batches.passed(turn.pipeline, turn.batch) is None and door.decision(home, turn) is None
    is_asked = is_new and batch.status is not BatchStatus.REFUSED
    if champion is None or not is_asked or not settings.validation.triage.enabled:
        return batch
    from tasks.monitoring import suspects
    from tasks.validation.triage import examine

    case = _case(home, turn, batch, champion)
    if case is None:
        return batch
    problem, base = kinds.named(settings.training.problem), _losses(home, champion, case)
    at_gate = history.at_gate(home.ledger, turn.pipeline, champion.id)
    usual = at_gate.loss.value if at_gate is not None else None
    untied, harmful = suspects.judge(
        case.lot, _asked(home, champion, case), {one.column: one for one in batch.suspects}, usual, settings.training
    )
    if batch.is_in and untied:
        text = f"{examine.reason(untied)} The live model loses {problem.loss(float(base.mean()))} on it, "
        text += f"{problem.loss(usual)} at its gate."
        return intake.hold(batch.id, batch.name, batch.landed, text, [*untied, *batch.suspects])
    if not harmful:
        return batch
    cost = _cost(home, turn.pipeline, champion, case, base, harmful[0][1], usual)
    if not batch.is_in:
        return replace(batch, reason=f"{batch.reason} {cost}")
    named = [suspect for suspect, _ in harmful]
    rest = [one for one in batch.suspects if one.column not in {two.column for two in named}]
    return intake.hold(batch.id, batch.name, batch.landed, f"{named[0].text}. {cost}", [*named, *rest])


def _case(home: Home, turn: TurnRef, batch: Batch, champion: Model) -> _Case | None:
    """Labelled rows of the batch and rows before it, as the champion takes them in; None where there are too few."""
    import numpy as np
    import pandas as pd

    from tasks.monitoring.suspects import Lot
    from tasks.training import groups, preparation
    from tasks.validation.triage import examine

    settings = home.settings(turn.pipeline)
    rules, event, label = settings.validation.columns, settings.ingestion.times.event, settings.training.label
    frame = _rows(home, turn, batch, settings)
    frame = frame[frame[label].notna() & frame[event].notna()].sort_values(event, kind="stable")
    accepted = [one for one in home.ledger.batches.accepted(turn.pipeline) if one.id != batch.id]
    near = examine.neighbours(frame, accepted, event)
    if min(len(frame), sum(one.accepted for one in near)) < settings.validation.triage.min_rows:
        return None
    loaded = home.bundles.load(champion.bundle, champion.golden)
    names = [name for name in preparation.inputs(loaded) if name in rules]
    now = _thinned(frame, _MOST_ROWS)
    each = max(1, _PAST_ROWS // len(near))
    before = [_thinned(home.store.read(one.accepted_file or ""), each) for one in near]
    past = pd.concat(
        [preparation.prepare(preparation.complete(part, rules), names, rules) for part in before], ignore_index=True
    )
    clusters = pd.factorize(groups.clusters(now, settings.ingestion.times, settings.evaluation.cluster))[0]
    hours = now[event].dt.hour.to_numpy(dtype=np.int64)
    parts = np.repeat(np.arange(len(before)), [len(part) for part in before])
    lot = Lot(preparation.prepare(now, names, rules), clusters.astype(np.int64), hours, past, parts)
    return _Case(lot, preparation.labels(now, settings.training).astype(np.float64), settings)


def _rows(home: Home, turn: TurnRef, batch: Batch, settings: PipelineSettings) -> "pd.DataFrame":
    from tasks.ingestion.steps import landed
    from tasks.training import preparation
    from tasks.validation import batches

    if batch.is_in:
        return preparation.complete(home.store.read(batch.accepted_file or ""), settings.validation.columns)
    return batches.sort_out(landed.of(home).rows(turn, settings), [], settings).accepted.reset_index(drop=True)


def _thinned(frame: "pd.DataFrame", most: int) -> "pd.DataFrame":
    """Of many rows every second, third, ... one."""
    return frame.iloc[:: max(1, -(-len(frame) // most))].reset_index(drop=True)


def _losses(home: Home, model: Model, case: _Case) -> "NDArray[np.float64]":
    from tasks.problems import prediction

    loaded, training = home.bundles.load(model.bundle, model.golden), case.settings.training
    answers = prediction.predict(loaded, case.lot.inputs, threads=training.threads)
    return kinds.named(training.problem).losses(case.outcomes, answers)


def _asked(home: Home, model: Model, case: _Case) -> "Asked":
    """The model as it is asked: what it says, and what it loses by that."""
    from tasks.monitoring.suspects import Asked
    from tasks.problems import prediction

    loaded, training = home.bundles.load(model.bundle, model.golden), case.settings.training
    problem = kinds.named(training.problem)
    exchanged = problem.exchanged(case.outcomes)
    return Asked(
        lambda inputs: prediction.predict(loaded, inputs, threads=training.threads),
        lambda answers: problem.losses(case.outcomes, answers),
        None if exchanged is None else lambda answers: problem.losses(exchanged, answers),
    )


def _cost(
    home: Home,
    pipeline: str,
    champion: Model,
    case: _Case,
    base: "NDArray[np.float64]",
    one: "Explained",
    usual: float | None,
) -> str:
    """Where the loss is, how much of it goes with values as before, and whether all versions fail alike there."""
    problem = kinds.named(case.settings.training.problem)
    inside, rest = float(base[one.rows].mean()), base[~one.rows]
    beside = f", on the rest {problem.loss(float(rest.mean()))}" if len(rest) else ""
    before = f" ({problem.loss(usual)} at its gate)" if usual is not None else ""
    version = home.ledger.models.number(pipeline, champion.id)
    text = (
        f"These rows carry the loss: {problem.title} {problem.loss(inside)} of v{version}{beside}{before}. "
        f"With values as before in its place, {wording.share(one.share)} of the loss goes away."
    )
    return f"{text} {_alike(home, pipeline, case, one)}".strip()


def _alike(home: Home, pipeline: str, case: _Case, one: "Explained") -> str:
    """Whether every version that was live fails on the same rows: then it is the source, not the model."""
    ids = list(dict.fromkeys(made.model for made in home.ledger.promotions.all(pipeline)))[-_VERSIONS:]
    models = [model for key in ids if (model := home.ledger.models.get(pipeline, key)) is not None]
    fail: list[bool] = []
    for model in models:
        if _inputs_of(home, model) <= set(case.lot.inputs.columns):
            losses = _losses(home, model, case)
            fail.append(bool(losses[one.rows].mean() > losses[~one.rows].mean()) if (~one.rows).any() else True)
    if len(fail) < 2 or not all(fail):
        return ""
    return f"All {wording.number_word(len(fail))} versions that were live fail there: the source, not the model."


def _inputs_of(home: Home, model: Model) -> set[str]:
    from tasks.training import preparation

    return set(preparation.inputs(home.bundles.load(model.bundle, model.golden)))
