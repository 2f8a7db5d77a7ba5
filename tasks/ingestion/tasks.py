"""The tasks of ingestion: what is new, what is in it, and its way into the store."""

from prefect import task

from configs.errors import BadInput, DeliveryWaits
from tasks.adapters import failpoints, home
from tasks.domain.decisions import Decision
from tasks.domain.records import Batch
from tasks.domain.turns import TurnRef, TurnState
from tasks.ingestion import intake
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import admission, arrivals, landed
from tasks.ingestion.steps.arrivals import Waiting


@task(task_run_name="list-waiting-{pipeline}", tags=["ingestion"], retries=2, retry_delay_seconds=[1.0, 5.0])
def list_waiting(pipeline: str) -> Waiting:
    """List the deliveries that no turn has dealt with, by content; if there are none, a broken source is told."""
    hands = home.current()
    landed.of(hands).clear(pipeline)
    found = arrivals.look(hands, pipeline)
    if found.nothing and found.problem is not None:
        raise found.problem
    return found


def choose_new(pipeline: str, waiting: Waiting) -> list[Delivery]:
    """Of what waits, what is to be taken in; what is in the ledger already waits for the rest of its turn.

    To begin that here would count as a failed try.
    """
    ledger = home.current().ledger
    known = {batch.id for batch in ledger.batches.all(pipeline)} - ledger.admissions.open(pipeline).keys()
    return [delivery for delivery in waiting.deliveries if delivery.digest not in known]


def require_source(pipeline: str) -> None:
    """Raise what keeps one file as a source from delivering; asked last, as what it has delivered goes on."""
    if (problem := arrivals.fetch(home.current(), pipeline)) is not None:
        raise problem


@task(task_run_name="read-{turn.name}", tags=["ingestion"], retries=2, retry_delay_seconds=[1.0, 5.0])
def read_batch(turn: TurnRef, delivery: Delivery) -> Batch | None:
    """Read a delivery, and keep its bytes for who judges it; one that cannot be taken in is a refused batch.

    Only what the bytes are can be refused: while they cannot be had, this fails, and the turn is tried again.
    """
    hands = home.current()
    if hands.ledger.batches.passed(turn.pipeline, turn.batch) is not None:
        return None
    try:
        content, source = arrivals.content(hands, turn.pipeline, delivery), arrivals.source_of(turn.pipeline, delivery)
        landed.of(hands).keep(turn, content, hands.settings(source), delivery.odd)
    except BadInput as problem:
        return intake.refuse(turn.batch, turn.name, problem.rows, str(problem), of_labels=delivery.of_labels)
    except DeliveryWaits as problem:
        hands.ledger.turns.unread(turn.pipeline, turn.number, str(problem))
        failpoints.reach("delivery-unread")
        raise
    return None


def find_aside(pipeline: str, wanted: str, decision: Decision) -> Batch:
    """The batch of this name or digest that a decision is about; raises as `admission.find` does."""
    return admission.find(home.current(), pipeline, wanted, decision)


@task(task_run_name="admit-{aside.name}", tags=["ingestion"])
def admit_batch(pipeline: str, aside: Batch, by: str, reason: str, decision: Decision) -> Delivery:
    """Record that a refused or held batch is read and judged again, by whom and why; returns what is read."""
    hands = home.current()
    hands.ledger.admissions.record(pipeline, aside, by, reason, decision)
    failpoints.reach("admission-recorded")
    arrivals.forget(hands, pipeline)
    return next(one for one in arrivals.look(hands, pipeline).deliveries if one.digest == aside.id)


@task(task_run_name="keep-out-{held.name}", tags=["ingestion"])
def keep_out(pipeline: str, held: Batch, by: str, reason: str) -> Batch:
    """Refuse a batch that was held; returns it as it is now."""
    return admission.keep_out(home.current(), pipeline, held, by, reason)


@task(task_run_name="accept-{turn.name}", tags=["ingestion"])
def accept_batch(turn: TurnRef, batch: Batch) -> Batch:
    """Commit what became of a batch; from here on its rows count."""
    hands, settled = home.current(), TurnState.INGESTED
    hands.ledger.batches.record(turn.pipeline, batch)
    failpoints.reach("batch-committed")
    # A turn that was cut off may go on under another name of the same content: that one is counted as a duplicate.
    hands.ledger.batches.record_delivery(turn.pipeline, batch.name, turn.batch, duplicate=False, rows=batch.landed)
    failpoints.reach("delivery-committed")
    hands.ledger.turns.advance(turn.pipeline, turn.number, settled)
    failpoints.reach("turn-ingested")
    landed.of(hands).let_go(turn)
    return batch


@task(task_run_name="count-duplicate-{delivery.name}", tags=["ingestion"])
def count_duplicate(pipeline: str, delivery: Delivery) -> int:
    """Count a delivery whose content was known under another name; returns its rows."""
    ledger = home.current().ledger
    batch = ledger.batches.get(pipeline, delivery.digest)
    rows = batch.landed if batch is not None and batch.is_in else 0
    ledger.batches.record_delivery(pipeline, delivery.name, delivery.digest, duplicate=True, rows=rows)
    failpoints.reach("duplicate-counted")
    return rows
