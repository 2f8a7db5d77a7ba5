"""The one place where models are scored on rows, and compared with each other on the same rows.

Add here what a comparison needs from the store. Nothing is recorded here: who asks keeps the answer, or does not.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from configs.settings import PipelineSettings
from tasks.adapters.home import Home
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Comparison, Model, Score
from tasks.training.steps import handles

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tasks.training.judged_rows import Judged


def score(
    home: Home, settings: PipelineSettings, lot: Batch | Pool, cutoff: datetime | None, model: Model, kept_as: str
) -> Score:
    """How a model does on the labelled rows of a lot from the cut-off on.

    Args:
        home: Rows and bundles.
        settings: Of the pipeline.
        lot: A batch, or several that are judged as one.
        cutoff: Rows before it are left out; None for none.
        model: Who answers.
        kept_as: Id of what the score is about.
    """
    rows, answers = handles.rows(home).judged(lot, cutoff, settings), handles.rows(home).answers
    return score_rows(settings, rows, answers(model, lot, cutoff, settings), model, kept_as)


def score_rows(
    settings: PipelineSettings, rows: "Judged", answers: "NDArray[np.float64]", model: Model, kept_as: str
) -> Score:
    """The same of rows and answers that are at hand."""
    from tasks.evaluation import scores

    parts, room = (rows.clusters, rows.slices), settings.evaluation
    return scores.score(
        model.id,
        kept_as,
        rows.outcomes,
        answers,
        *parts,
        room,
        settings.training.kind,
        rows.problem.dummy(model, rows.classes),
        settings.training.class_names,
        rows.amounts,
    )


def compare(
    home: Home,
    settings: PipelineSettings,
    lot: Batch | Pool,
    cutoff: datetime | None,
    base: Model | None,
    challenger: Model,
    *,
    sliced: bool = True,
) -> Comparison:
    """Two models on the labelled rows of a lot from the cut-off on; without a base, no model and the challenger.

    Args:
        home: Rows and bundles.
        settings: Of the pipeline.
        lot: A batch, or several that are judged as one.
        cutoff: Rows before it are left out; None for none.
        base: Whose loss the gain is measured from.
        challenger: Who is compared with it.
        sliced: Whether slices are compared as well.
    """
    from tasks.evaluation import scores

    rows, answers = handles.rows(home).judged(lot, cutoff, settings), handles.rows(home).answers
    dummy = scores.constant(rows.problem.dummy(challenger, rows.classes), len(rows.outcomes))
    before = dummy if base is None else answers(base, lot, cutoff, settings)
    after, slices = answers(challenger, lot, cutoff, settings), rows.slices if sliced else {}
    room, guards, about = settings.evaluation, settings.promotion.guards, (rows.outcomes, before, after, rows.clusters)
    limits, kind = guards if sliced else None, settings.training.kind
    return scores.compare(*about, slices, room, guards.slice_level, kind, limits, rows.amounts)
