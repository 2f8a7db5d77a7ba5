"""The tasks of validation: contract and triage decide what comes in."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
from prefect import task

from configs.errors import BrokenContract, DeliveryWaits
from configs.settings import PipelineSettings
from tasks.adapters import failpoints, home
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.ingestion import intake
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import arrivals, landed
from tasks.validation import batches, triage
from tasks.validation import labels as answers
from tasks.validation.steps import earlier, label_values


@task(task_run_name="check-{turn.name}", tags=["validation"], retries=2, retry_delay_seconds=[1.0, 5.0])
def check_batch(turn: TurnRef) -> Batch:
    """Judge a batch by contract and triage; publish its rows, the accepted ones and those set aside with reasons."""
    hands = home.current()
    done = hands.ledger.batches.passed(turn.pipeline, turn.batch)
    if done is not None:
        return done
    settings, now = hands.settings(turn.pipeline), hands.clock()
    frame = landed.of(hands).rows(turn, settings)
    accepted = hands.ledger.batches.accepted(turn.pipeline)
    try:
        sorted_out = batches.sort_out(frame, earlier.rows(hands.store, frame, settings, accepted), settings, now)
        _require_sound(sorted_out.accepted, accepted, turn.pipeline, settings)
        batch = batches.accept(turn.batch, turn.name, sorted_out, settings, landed=len(frame))
        published = hands.store.put_away(batch, sorted_out.accepted, sorted_out.aside)
    except BrokenContract as fault:
        return intake.refuse(turn.batch, turn.name, len(frame), str(fault))
    failpoints.reach("rows-published")
    return published


@task(task_run_name="set-aside-{turn.name}", tags=["validation"], retries=2, retry_delay_seconds=[1.0, 5.0])
def set_aside(turn: TurnRef, delivery: Delivery, refused: Batch) -> Batch:
    """Keep the bytes of a refused delivery in quarantine, as they came."""
    hands = home.current()
    try:
        kept = hands.store.keep_original(arrivals.content(hands, turn.pipeline, delivery))
    except DeliveryWaits as problem:
        hands.ledger.turns.unread(turn.pipeline, turn.number, str(problem))
        raise
    failpoints.reach("refused-bytes-kept")
    return replace(refused, aside_file=kept)


def _require_sound(rows: pd.DataFrame, accepted: Sequence[Batch], pipeline: str, settings: PipelineSettings) -> None:
    """What can be said of a batch only beside the accepted ones: are its labels known, do its values fit theirs?"""
    answers.require_known(rows, label_values.learned(home.current(), pipeline, accepted), settings)
    near = triage.neighbours(rows, accepted, settings.ingestion.times.event)
    triage.require_sound(rows, _rows(near), settings)


def _rows(chosen: Sequence[Batch]) -> list[pd.DataFrame]:
    store = home.current().store
    return [store.read(batch.accepted_file or "") for batch in chosen]
