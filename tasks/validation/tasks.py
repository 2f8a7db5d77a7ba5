"""The tasks of validation: contract and triage decide what comes in."""

from dataclasses import replace

from prefect import task

from configs import label_source
from configs.errors import BrokenContract, DeliveryWaits, LandingFolderMissing
from tasks.adapters import failpoints, home
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef
from tasks.ingestion import intake
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import arrivals, landed
from tasks.validation.steps import door, label_intake, replacing, warnings


@task(task_run_name="check-{turn.name}", tags=["validation"], retries=2, retry_delay_seconds=[1.0, 5.0])
def check_batch(turn: TurnRef) -> Batch:
    """Judge a batch by contract and triage; publish its rows, the accepted ones and those set aside with reasons."""
    hands = home.current()
    done = hands.ledger.batches.passed(turn.pipeline, turn.batch)
    if done is not None:
        return done
    rows = landed.of(hands).rows(turn, hands.settings(turn.pipeline))
    try:
        checked = door.enter(hands, turn, rows)
    except BrokenContract as fault:
        return intake.refuse(turn.batch, turn.name, len(rows), str(fault))
    except (DeliveryWaits, LandingFolderMissing) as problem:  # of a table
        hands.ledger.turns.unread(turn.pipeline, turn.number, str(problem))
        raise
    failpoints.reach("rows-published")
    return checked


@task(task_run_name="check-labels-{turn.name}", tags=["validation"], retries=2, retry_delay_seconds=[1.0, 5.0])
def check_labels(turn: TurnRef) -> Batch:
    """Judge a delivery of labels; publish those that are new, and those set aside with reasons."""
    hands = home.current()
    done = hands.ledger.batches.passed(turn.pipeline, turn.batch)
    if done is not None:
        return done
    frame = landed.of(hands).rows(turn, hands.settings(label_source.named(turn.pipeline)))
    try:
        checked = label_intake.check(hands, turn, frame)
    except BrokenContract as fault:
        return intake.refuse(turn.batch, turn.name, len(frame), str(fault), of_labels=True)
    failpoints.reach("rows-published")
    return checked


@task(task_run_name="take-places-{turn.name}", tags=["validation"], retries=2, retry_delay_seconds=[1.0, 5.0])
def take_places(turn: TurnRef, batch: Batch) -> Batch:
    """Let rows of a batch take the place of accepted ones with their keys, where the settings say so."""
    return replacing.take_places(home.current(), turn, batch)


@task(task_run_name="go-on-{turn.name}", tags=["validation"], retries=2, retry_delay_seconds=[1.0, 5.0])
def go_on(turn: TurnRef, batch: Batch) -> Batch:
    """A held batch beside those before it: in a row that shows the same it may be the world that has changed."""
    return warnings.go_on(home.current(), turn, batch)


@task(task_run_name="set-aside-{turn.name}", tags=["validation"], retries=2, retry_delay_seconds=[1.0, 5.0])
def set_aside(turn: TurnRef, delivery: Delivery, aside: Batch) -> Batch:
    """Keep the bytes of a delivery that is refused or held, as they came."""
    hands = home.current()
    try:
        kept = hands.store.keep_original(arrivals.content(hands, turn.pipeline, delivery))
    except DeliveryWaits as problem:
        hands.ledger.turns.unread(turn.pipeline, turn.number, str(problem))
        raise
    failpoints.reach("refused-bytes-kept")
    return replace(aside, aside_file=kept)
