"""The tasks of evaluation: models on rows that they have not seen."""

from datetime import datetime

from prefect import task

from tasks.adapters import failpoints, home
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Comparison, Model, Score, Snapshot
from tasks.domain.turns import TurnRef
from tasks.evaluation import scores
from tasks.training.steps import fitting, handles


@task(task_run_name="score-{model.family}", tags=["evaluation"])
def score_model(turn: TurnRef, lot: Batch | Pool, model: Model, snapshot: Snapshot | None = None) -> Score:
    """Measure a model on a batch, or on all that is judged in this turn: then from the cut-off of a snapshot on.

    What a candidate did is kept under the batch of its turn. A model that is watched has a score there already, on that
    batch alone; what it did on several that are judged as one is kept under their pool.
    """
    hands = home.current()
    kept_as = turn.batch if snapshot else lot.id
    known = hands.ledger.models.score(turn.pipeline, model.id, kept_as)
    if known is not None:
        return known
    settings = hands.settings(turn.pipeline)
    cutoff = snapshot.cutoff if snapshot else _watched_from(turn, lot)
    rows = handles.rows(hands).judged(lot, cutoff, settings)
    answers = handles.rows(hands).answers(model, lot, cutoff, settings)
    judged = (rows.clusters, rows.slices, settings.evaluation, settings.training.problem)
    score = scores.score(model.id, kept_as, rows.outcomes, answers, *judged)
    hands.ledger.models.record_score(turn.pipeline, score)
    failpoints.reach("score-committed")
    return score


@task(task_run_name="compare-with-{probe.family}", tags=["evaluation"])
def compare_models(turn: TurnRef, pool: Pool, champion: Model | None, probe: Model) -> Comparison:
    """Compare champion and challenger (without a champion: no model and challenger) on the same rows."""
    hands, cutoff, against = home.current(), probe.snapshot.cutoff, champion.id if champion else "dummy"
    known = hands.ledger.models.comparison(turn.pipeline, turn.batch, against, probe.id)
    if known is not None:
        return known
    settings = hands.settings(turn.pipeline)
    rows, level = handles.rows(hands).judged(pool, cutoff, settings), settings.promotion.guards.slice_level
    dummy = scores.constant(probe.base_rate, len(rows.outcomes))
    base = dummy if champion is None else handles.rows(hands).answers(champion, pool, cutoff, settings)
    answers = handles.rows(hands).answers(probe, pool, cutoff, settings)
    parts, judged, problem = (rows.clusters, rows.slices), settings.evaluation, settings.training.problem
    found = scores.compare(rows.outcomes, base, answers, *parts, judged, level, problem)
    hands.ledger.models.record_comparison(turn.pipeline, turn.batch, against, probe.id, found)
    failpoints.reach("comparison-committed")
    return found


def _watched_from(turn: TurnRef, lot: Batch | Pool) -> datetime | None:
    return lot.moment if isinstance(lot, Pool) else fitting.opening(home.current(), turn, lot).watched_from
