"""Asks the models about a batch before it is taken in: do they lose by what its rows show, or by what seems sound?

What the rows alone show with certainty holds a batch unasked; then the models only say what it costs.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain import wording
from tasks.domain.records import Batch, BatchStatus, Model, Suspect
from tasks.domain.turns import TurnRef
from tasks.ingestion import intake
from tasks.problems import kinds
from tasks.validation.steps import door

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from tasks.monitoring.suspects import Explained, Lot

_MOST_ROWS = 10_000
"""Rows of a batch about which models are asked."""
_PAST_ROWS = 12_000
_SURE, _SURE_IF_FAR, _SHARE = 3.0, 2.0, 0.05
"""Standard deviations and share of the loss from which a suspect is held that a changed world may look like."""
_FAR = 4.0
"""Swings beyond all before from which fewer deviations are enough."""
_SURER, _LARGE = 3.5, 0.1
"""The same for an input that shows nothing by itself."""
_WORSE = 1.1
"""Times the loss at its gate from which the champion is asked about every input."""
_VERSIONS = 5
_ENOUGH, _TIED, _LOOSE = 4, 0.2, 0.25
"""Batches before, share of an input that the others told in each of them, and how much of that is little."""


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
    case = _case(home, turn, batch, champion)
    if case is None:
        return batch
    open_ones = {one.column: one for one in batch.suspects if one.column in case.lot.inputs.columns}
    columns = list(open_ones)
    base = _losses(home, champion, case)
    at_gate = history.at_gate(home.ledger, turn.pipeline, champion.id)
    usual = at_gate.loss.value if at_gate is not None else None
    if batch.is_in and usual is not None and base.mean() > _WORSE * usual:
        columns += [name for name in case.lot.inputs.columns if name not in open_ones]
    explained = [_explain(home, champion, case, name, base) for name in columns if not case.lot.repeats_the_day(name)]
    explained += _labels_exchanged(home, champion, case, base)
    if batch.is_in and len(columns) > len(open_ones) and (untied := _untied(case)):
        from tasks.validation.triage import examine

        worse = f"The live model loses {kinds.named(settings.training.problem).loss(float(base.mean()))} on it"
        text = f"{examine.reason(untied)} {worse}, {kinds.named(settings.training.problem).loss(usual)} at its gate."
        return intake.hold(batch.id, batch.name, batch.landed, text, [*untied, *batch.suspects])
    harmful = sorted((one for one in explained if _harms(one, open_ones.get(one.column))), key=lambda one: -one.share)
    if not harmful:
        return batch
    cost = _cost(home, turn.pipeline, champion, case, base, harmful[0], usual)
    if not batch.is_in:
        return replace(batch, reason=f"{batch.reason} {cost}")
    suspects = [_suspect(one, open_ones.get(one.column), settings.training.label) for one in harmful]
    text = f"{suspects[0].text}. {cost}"
    rest = [one for one in batch.suspects if one.column not in {two.column for two in suspects}]
    return intake.hold(batch.id, batch.name, batch.landed, text, [*suspects, *rest])


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


def _explain(home: Home, model: Model, case: _Case, column: str, base: "NDArray[np.float64]") -> "Explained":
    from tasks.monitoring import suspects
    from tasks.problems import prediction

    loaded, training = home.bundles.load(model.bundle, model.golden), case.settings.training
    problem = kinds.named(training.problem)
    return suspects.explain(
        case.lot,
        column,
        lambda inputs: prediction.predict(loaded, inputs, threads=training.threads),
        lambda answers: problem.losses(case.outcomes, answers),
        base,
        training.seed,
    )


def _untied(case: _Case) -> list[Suspect]:
    """Inputs of which the other columns told a good part in every batch before, and tell little now.

    One alone is a new season; what was joined wrongly has lost its ties on both sides.
    """
    from tasks.monitoring import suspects

    untied = []
    for name in case.lot.inputs.columns:
        now, before = suspects.tie(case.lot, name)
        if len(before) >= _ENOUGH and min(before) >= _TIED and now <= _LOOSE * min(before):
            were = f"{wording.share(min(before))} to {wording.share(max(before))} in each batch before"
            text = f"'{name}': the other columns tell {wording.share(max(now, 0.0))} of it, {were}: joined wrongly?"
            untied.append((now / min(before), Suspect(name, "untied", text, len(case.outcomes))))
    ordered = [suspect for _, suspect in sorted(untied, key=lambda pair: pair[0])]
    return ordered if len(ordered) > 1 else []


def _labels_exchanged(home: Home, model: Model, case: _Case, base: "NDArray[np.float64]") -> "list[Explained]":
    """What is explained by a yes and no of the label that are exchanged, where the label is one."""
    from tasks.monitoring import suspects

    training = case.settings.training
    exchanged = kinds.named(training.problem).exchanged(case.outcomes)
    if exchanged is None:
        return []
    otherwise = _losses(home, model, replace(case, outcomes=exchanged))
    return [suspects.relabelled(case.lot, training.label, base, otherwise, training.seed)]


def _harms(one: "Explained", suspect: Suspect | None) -> bool:
    """Whether the models lose by it beyond doubt; of what stands far outside of all before it, less is asked."""
    far = suspect is not None and suspect.swings >= _FAR
    sure, share = (_SURER, _LARGE) if suspect is None else (_SURE_IF_FAR if far else _SURE, _SHARE)
    return one.deviations >= sure and one.share >= share


def _suspect(one: "Explained", suspect: Suspect | None, label: str) -> Suspect:
    if suspect is not None:
        return replace(suspect, certain=True)
    if one.column == label:
        text = f"'{label}': yes and no look exchanged in {wording.share(float(one.rows.mean()))} of rows"
        return Suspect(label, "exchanged", text, int(one.rows.sum()))
    part = f"in {wording.share(float(one.rows.mean()))} of rows"
    doubt = "joined wrongly, or prepared differently?"
    text = f"'{one.column}': its values do not go with the other columns {part}: {doubt}"
    return Suspect(one.column, "out_of_line", text, int(one.rows.sum()))


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
