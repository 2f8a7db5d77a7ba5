"""Asks two versions on the same rows, and looks up how each has done so far. Nothing is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from configs.errors import MistakeOfUser
from tasks.adapters import lookup
from tasks.adapters.home import Home
from tasks.adapters.ledger import history
from tasks.domain import late_labels
from tasks.domain.records import Batch, Comparison, Model, Score
from tasks.evaluation.steps import compare
from tasks.training.steps import handles


@dataclass(frozen=True)
class Side:
    """One of the two."""

    version: int
    model: Model
    score: Score
    """On the rows that both were asked about."""
    gate: tuple[str, Score] | None
    """The batch on which it won, or the version for which it stands, and how that did there; None if it never did."""
    judged: tuple[tuple[str, Score], ...]
    """Every batch on which it was the live model or the challenger, and how it did, in the order of the turns."""
    has_learned: bool
    """Whether rows that both were asked about are among those that it was trained on."""
    stands_for: int | None = None
    """The version whose gate that is, if this one is its refit."""


@dataclass(frozen=True)
class Pair:
    """Two versions on the same rows; the gain is the loss of the first minus the loss of the second."""

    batch: Batch
    one: Side
    other: Side
    comparison: Comparison


def of(home: Home, pipeline: str, one: int, other: int, on: str | None = None) -> Pair:
    """Both versions on the labelled rows of a batch that neither was trained on; on all of them if there are none.

    Args:
        home: Ledger, rows and bundles.
        pipeline: Its pipeline.
        one: The version that is taken as the champion.
        other: The version that is compared with it.
        on: Name or digest of a batch; without it the last one that has labels.

    Raises:
        MistakeOfUser: There is no such version or batch, or its rows have no labels.
    """
    models, batch = [lookup.model(home, pipeline, version) for version in (one, other)], _batch(home, pipeline, on)
    settings, cutoff = home.settings(pipeline), _unseen(batch, models)
    if cutoff is not None and not handles.rows(home).count(batch, cutoff, settings).rows:
        cutoff = None
    scores = [compare.score(home, settings, batch, cutoff, model, batch.id) for model in models]
    learned = [cutoff is None and _learned(model, batch) for model in models]
    pair = compare.compare(home, settings, batch, cutoff, *models)
    sides = [_side(home, pipeline, *about) for about in zip((one, other), models, scores, learned, strict=True)]
    return Pair(batch, sides[0], sides[1], pair)


def unlearned(
    home: Home, pipeline: str, models: Sequence[Model], on: str | None = None
) -> tuple[Batch, datetime | None]:
    """The newest batch with labelled rows that none of these models learned from, and from when on none did.

    Args:
        home: Ledger and rows.
        pipeline: Its pipeline.
        models: Who is asked.
        on: Name or digest of the only batch that comes into question.

    Raises:
        MistakeOfUser: There is no such batch, it has no labels, or the models learned from all that has.
    """
    settings = home.settings(pipeline)
    wanted = _labelled(home, pipeline) if on is None else [_batch(home, pipeline, on)]
    for batch in wanted:
        cutoff = _unseen(batch, models)
        if handles.rows(home).count(batch, cutoff, settings).rows:
            return batch, cutoff
    which = "all batches" if on is None else f"batch {wanted[0].name}"
    raise MistakeOfUser(
        f"All labelled rows of {which} were learned from by one of the two, so nothing can be told on them. "
        + ("Wait for the next batch with labels." if on is None else "Name a batch from after both were trained.")
    )


def _side(home: Home, pipeline: str, version: int, model: Model, score: Score, has_learned: bool) -> Side:
    turns = home.ledger.turns.all(pipeline)
    names = {row["batch"]: row["batch_name"] for row in turns}
    scores = home.ledger.models.scores(pipeline)
    verdicts = home.ledger.promotions.verdicts(pipeline)
    judged = [
        (row["batch_name"], scores[model.id, row["batch"]])
        for row in turns
        if (model.id, row["batch"]) in scores
        # the first champion is scored on every batch, for the report: what would be without retraining
        and (row["champion_version"] == version or verdicts.get(row["number"], ("",))[0] == model.id)
    ]
    won = history.at_gate(home.ledger, pipeline, model.id)
    refit = home.ledger.refits.get(pipeline)
    stands_for = refit.judged if refit and refit.model == model.id and refit.version == version else None
    gate = (names[won.batch], won) if won else None
    return Side(version, model, score, gate, tuple(judged), has_learned, stands_for)


def _batch(home: Home, pipeline: str, wanted: str | None) -> Batch:
    if wanted is not None:
        batch = lookup.batch(home, pipeline, wanted)
        if not batch.has_labels:
            raise MistakeOfUser(f"Batch {batch.name} has no labelled rows, so nothing can be judged on it.")
        return batch
    return _labelled(home, pipeline)[0]


def _labelled(home: Home, pipeline: str) -> list[Batch]:
    """Every batch that has labels, the last one first."""
    having = [batch for batch in home.ledger.batches.accepted(pipeline) if batch.has_labels]
    if not having:
        raise MistakeOfUser(f"{pipeline} has no batch with labels yet.")
    return sorted(having, key=lambda batch: (str(batch.last_event), batch.name), reverse=True)


def _learned(model: Model, batch: Batch) -> bool:
    return not {*late_labels.files(batch)}.isdisjoint(model.snapshot.batches)


def _unseen(batch: Batch, models: Sequence[Model]) -> datetime | None:
    """From when on no row of the batch was among those that one of them was trained on."""
    return max((model.snapshot.cutoff for model in models if _learned(model, batch)), default=None)
