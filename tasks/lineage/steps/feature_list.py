"""What models of all pipelines learn from: by what each feature is made, who uses it, what it matters, how fresh it is.

It changes nothing. What makes a feature is said in the settings; here it is put beside the rows and the live model.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from configs.feature_steps import OwnStep
from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.records import Batch, Model
from tasks.lineage.steps import differing


@dataclass(frozen=True)
class Feature:
    """One column that a model learns from."""

    pipeline: str
    name: str
    type: str
    made_by: str
    """`delivered`, or the step, table or past that makes it."""
    of: tuple[str, ...] = ()
    """The columns that it is made of."""
    source: str = ""
    """Hash of the code of a step of the user's own."""
    shared: tuple[str, ...] = ()
    """Other pipelines with the same step of the user's own."""
    matters: float | None = None
    """By how much the loss of the live model rises when it is shuffled (permutation importance)."""
    missing: float | None = None
    """Share of the rows of the newest batch in which it is missing; of columns of the contract only."""
    newest: str = ""
    """When it was seen last: the end of the newest batch, or the newest line of its table."""


@dataclass(frozen=True)
class _Origin:
    """By what a column is made."""

    words: str = "delivered"
    of: tuple[str, ...] = ()
    source: str = ""
    table: str = ""


def features(home: Home, pipelines: Sequence[str]) -> Iterator[Feature]:
    """The features of pipelines, those of one that matter most first.

    Raises:
        InvalidSettings: The file of one cannot be used.
    """
    steps = {name: _own(home.settings(name)) for name in pipelines}
    for name in pipelines:
        settings = home.settings(name)
        newest = next((one for one in reversed(home.ledger.batches.accepted(name)) if one.accepted), None)
        matters, listed = _matters(home, name, settings), list[Feature]()
        for column in settings.learned:
            origin = _origin(settings, column)
            same = (origin.words, origin.source)
            listed.append(
                Feature(
                    pipeline=name,
                    name=column,
                    type=settings.rules[column].type,
                    made_by=origin.words,
                    of=origin.of,
                    source=origin.source,
                    shared=tuple(other for other in pipelines if other != name and same in steps[other]),
                    matters=matters.get(column),
                    missing=_missing(newest, column, settings),
                    newest=_newest(home, name, origin.table, newest),
                )
            )
        yield from sorted(listed, key=lambda one: -(one.matters if one.matters is not None else float("-inf")))


def _own(settings: PipelineSettings) -> set[tuple[str, str]]:
    return {(f"step {one.function}", one.source) for one in settings.features.steps if isinstance(one, OwnStep)}


def _origin(settings: PipelineSettings, column: str) -> _Origin:
    for step in settings.features.steps:
        if column in step.outputs:
            if isinstance(step, OwnStep):
                return _Origin(f"step {step.function}", settings.taken(step), step.source)
            return _Origin(f"step {step.step}", settings.taken(step))
    for name, table in settings.features.tables.items():
        if column in table.columns:
            return _Origin(f"table {name}", tuple(table.key.values()), table=name)
    for past in settings.features.past:
        if column == past.column:
            return _Origin(f"past: {past.take}", (*past.key, *((past.of,) if past.of else ())))
    return _Origin()


def _missing(newest: Batch | None, column: str, settings: PipelineSettings) -> float | None:
    if newest is None or column not in settings.inputs:
        return None
    return dict(newest.missing).get(column, 0) / newest.accepted


def _newest(home: Home, pipeline: str, table: str, newest: Batch | None) -> str:
    """The day of the last row, or of the last line of a table."""
    from tasks.features.steps import table_deliveries

    if table:
        lines = table_deliveries.lines(home, pipeline, table)
        held = None if lines is None else lines[home.settings(pipeline).features.tables[table].time].max()
        return "" if held is None else f"{held:%Y-%m-%d}"
    return "" if newest is None or newest.last_event is None else f"{newest.last_event:%Y-%m-%d}"


def _matters(home: Home, pipeline: str, settings: PipelineSettings) -> Mapping[str, float]:
    """What matters to the live model; what its steps make is shuffled behind them, on the rows judged last."""
    promotion = home.ledger.promotions.champion(pipeline)
    model = home.ledger.models.get(pipeline, promotion.model) if promotion else None
    judged = home.ledger.batches.judged(pipeline, before=sys.maxsize)
    if not settings.features.steps or model is None or not judged:
        return differing.importance(home, pipeline)[1]
    return _behind_steps(home, model, judged[-1], settings)


def _behind_steps(home: Home, model: Model, batch: Batch, settings: PipelineSettings) -> Mapping[str, float]:
    from sklearn.pipeline import Pipeline

    from tasks.features import assembly
    from tasks.training import learning
    from tasks.training.steps import handles

    loaded, rows = home.bundles.load(model.bundle, model.golden), handles.rows(home)
    prepared = rows.inputs(model, batch, None, settings)
    if loaded.steps[0][0] != assembly.NAME:
        return {}
    wide, judged = loaded.steps[0][1].transform(prepared), rows.judged(batch, None, settings)
    room, seed = settings.evaluation.importance_rows, settings.training.seed
    inner = Pipeline(loaded.steps[1:])
    return dict(learning.importance(inner, wide, judged.outcomes, rows=room, seed=seed, problem=judged.problem))
