"""The tasks of evaluation: models on rows that they have not seen."""

from dataclasses import replace
from datetime import datetime

from prefect import task

from tasks.adapters import failpoints, home
from tasks.domain.pools import Pool
from tasks.domain.records import Batch, Comparison, Model, Score, Snapshot
from tasks.domain.turns import TurnRef
from tasks.domain.weak_spots import WeakSpot
from tasks.evaluation.steps import compare, rejudging, spotting
from tasks.training.steps import fitting


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
    score = compare.score(hands, settings, lot, cutoff, model, kept_as)
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
    found = compare.compare(hands, settings, pool, cutoff, champion, probe)
    if champion is not None:
        found = replace(found, opened=spotting.of_challenger(hands, settings, pool, cutoff, champion, probe))
    hands.ledger.models.record_comparison(turn.pipeline, turn.batch, against, probe.id, found)
    failpoints.reach("comparison-committed")
    return found


@task(task_run_name="judge-again-{turn.name}", tags=["evaluation"])
def judge_again(turn: TurnRef) -> None:
    """Judge again, for the record, what was judged with labels that were corrected in this turn."""
    rejudging.judge_again(home.current(), turn.pipeline, turn.number)


@task(task_run_name="find-weak-spots-{turn.name}", tags=["evaluation"])
def find_weak_spots(turn: TurnRef, lot: Batch | Pool, champion: Model) -> tuple[WeakSpot, ...]:
    """Where the champion loses more than no model would, or than at its gate, on what it is watched on."""
    return spotting.of_champion(home.current(), turn.pipeline, lot, _watched_from(turn, lot), champion)


def _watched_from(turn: TurnRef, lot: Batch | Pool) -> datetime | None:
    return lot.moment if isinstance(lot, Pool) else fitting.opening(home.current(), turn, lot).watched_from
