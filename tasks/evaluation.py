"""Door of evaluation: models on rows that they have not seen."""

from prefect import task

from tasks.adapters import failpoints, fitting, home
from tasks.core import evaluation
from tasks.core.records import Batch, Comparison, Model, Score, Snapshot
from tasks.core.turns import TurnRef


@task(task_run_name="score-{model.family}", tags=["evaluation"])
def score_model(turn: TurnRef, batch: Batch, model: Model, snapshot: Snapshot | None = None) -> Score:
    """Measure a model on the rows of a batch that are judged; those are from the cut-off of its snapshot on."""
    hands = home.current()
    known = hands.ledger.models.score(turn.pipeline, model.id, batch.id)
    if known is not None:
        return known
    settings = hands.settings(turn.pipeline)
    cutoff = snapshot.cutoff if snapshot else fitting.opening(hands, turn, batch).watched_from
    rows = hands.rows.judged(batch, cutoff, settings)
    answers = hands.rows.answers(model, batch, cutoff, settings)
    judged = (rows.clusters, rows.slices, settings.evaluation, settings.training.problem)
    score = evaluation.score(model.id, batch.id, rows.outcomes, answers, *judged)
    hands.ledger.models.record_score(turn.pipeline, score)
    failpoints.reach("score-committed")
    return score


@task(task_run_name="compare-with-{probe.family}", tags=["evaluation"])
def compare_models(turn: TurnRef, batch: Batch, champion: Model | None, probe: Model) -> Comparison:
    """Compare champion and challenger (without a champion: no model and challenger) on the same rows."""
    hands, cutoff, against = home.current(), probe.snapshot.cutoff, champion.id if champion else "dummy"
    known = hands.ledger.models.comparison(turn.pipeline, batch.id, against, probe.id)
    if known is not None:
        return known
    settings = hands.settings(turn.pipeline)
    rows, level = hands.rows.judged(batch, cutoff, settings), settings.promotion.guards.slice_level
    dummy = evaluation.constant(probe.base_rate, len(rows.outcomes))
    base = dummy if champion is None else hands.rows.answers(champion, batch, cutoff, settings)
    answers = hands.rows.answers(probe, batch, cutoff, settings)
    parts, judged, problem = (rows.clusters, rows.slices), settings.evaluation, settings.training.problem
    found = evaluation.compare(rows.outcomes, base, answers, *parts, judged, level, problem)
    hands.ledger.models.record_comparison(turn.pipeline, batch.id, against, probe.id, found)
    failpoints.reach("comparison-committed")
    return found
