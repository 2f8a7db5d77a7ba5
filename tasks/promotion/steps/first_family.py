"""Chooses the family of the first champion: inside of what it learns from, so that the judged rows stay unseen.

Later probes are of the family that did best on the rows judged last; at first there are none.
"""

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from configs.settings import PipelineSettings
from configs.training import Candidate
from tasks.adapters.home import Home
from tasks.domain import pools
from tasks.domain.pools import Pool, Size
from tasks.domain.records import Snapshot
from tasks.evaluation import scores
from tasks.problems import kinds, prediction
from tasks.promotion import evidence
from tasks.training import windows
from tasks.training.steps import handles, pipelines
from tasks.training.windows import Plan

if TYPE_CHECKING:
    from tasks.training.judged_rows import Judged
    from tasks.training.learned_rows import Window


def first_family(home: Home, pipeline: str, pool: Pool, snapshot: Snapshot) -> str:
    """The family with the lowest loss on the younger rows of the training part, learned from the older ones.

    In the order of the settings where they are equal, or where that part is too small to be split.

    Args:
        home: Rows and settings.
        pipeline: Its pipeline.
        pool: All there is.
        snapshot: The part of it that is learned from.
    """
    settings = home.settings(pipeline)
    room = settings.training
    names = [candidate.name for candidate in room.candidates]
    events, clusters = handles.rows(home).units(pool, settings)
    seen = events < np.datetime64(snapshot.cutoff.replace(tzinfo=None), "us")
    moment = windows.split_moment(events[seen], clusters[seen], room.first_model_share) if len(names) > 1 else None
    if moment is None:
        return names[0]
    inner = handles.rows(home).select(Plan(pool.batches, snapshot.start, moment, ignores_arrival=True), settings)
    learned, judged = handles.rows(home).window(inner, settings), handles.rows(home).judged(pool, moment, settings)
    answers = kinds.named(room.kind).tally_of(inner)
    if pools.missing(Size(inner.rows, answers), room.min_rows):
        return names[0]
    asked = seen[events >= np.datetime64(moment.replace(tzinfo=None), "us")]
    losses = list[tuple[str, float]]()
    for one in room.candidates:
        own = _own_window(home, pool, one, moment, settings) or learned
        losses.append((one.name, _loss(one, own, judged, asked, settings)))
    return evidence.nominate(names, losses)


def _own_window(
    home: Home, pool: Pool, candidate: Candidate, moment: datetime, settings: PipelineSettings
) -> "Window | None":
    """The older rows as far as a window of the candidate's own goes back; None if it has none, or too few rows."""
    if candidate.window in (None, settings.training.window):
        return None
    plan, rows = windows.within(pool, moment, candidate.window), handles.rows(home)
    if pools.unlearnable(rows.learnable(plan, settings), settings.training.min_rows):
        return None
    return rows.window(rows.select(plan, settings), settings)


def _loss(
    candidate: Candidate, learned: "Window", judged: "Judged", asked: "np.ndarray", settings: PipelineSettings
) -> float:
    room = settings.training
    fitted = pipelines.fitted(candidate, learned, settings, steps=pipelines.features(settings))
    answers = prediction.predict(fitted, judged.prepared[asked], threads=room.threads)
    return float(scores.losses(judged.outcomes[asked], answers, room.kind).mean())
