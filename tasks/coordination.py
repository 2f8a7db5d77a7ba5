"""Door of coordination: the course of a turn, from its opening to its end."""

from prefect import task

from tasks.adapters import failpoints, home
from tasks.adapters.sources import Delivery
from tasks.core import coordination, windows
from tasks.core.records import Batch, Snapshot
from tasks.core.turns import Outcome, RetrainingDecision, TurnRef, TurnState, Verdict


@task(task_run_name="open-turn-{delivery.name}", tags=["coordination"])
def open_turn(pipeline: str, delivery: Delivery, run: str | None = None) -> TurnRef:
    """Open the turn of a delivery, or go on with the one that was cut off; record the trigger that it covers."""
    ledger = home.current().ledger
    number = ledger.turns.open(pipeline, delivery.digest, delivery.name, run)
    failpoints.reach("turn-opened")
    evidence = f"{delivery.name} landed"
    ledger.turns.trigger(pipeline, "new_data", f"batch:{delivery.digest}", evidence, number)
    return TurnRef(pipeline, number, delivery.digest, delivery.name)


@task(task_run_name="find-open-turn-{pipeline}", tags=["coordination"])
def find_open_turn(pipeline: str) -> tuple[TurnRef, Batch] | None:
    """The oldest turn whose batch has been taken in and which is not done."""
    ledger = home.current().ledger
    for row in ledger.turns.all(pipeline):
        batch = ledger.batches.get(pipeline, row["batch"])
        if row["state"] != TurnState.DONE and batch is not None:
            return TurnRef(pipeline, row["number"], row["batch"], row["batch_name"]), batch
    return None


@task(task_run_name="decide-{turn.name}", tags=["coordination"])
def decide_retraining(turn: TurnRef, batch: Batch, snapshot: Snapshot | None) -> RetrainingDecision:
    """Decide whether a probe is trained in this turn, with the reasons."""
    hands = home.current()
    settings, covered = hands.settings(turn.pipeline), hands.ledger.turns.triggers(turn.pipeline)
    rows, positives = hands.rows.count(batch, snapshot.cutoff if snapshot else None, settings)
    decision = coordination.decide(
        has_champion=bool(hands.ledger.promotions.before(turn.pipeline, turn.number)),
        late=windows.is_late(batch, hands.ledger.batches.judged(turn.pipeline, before=turn.number)),
        labelled_rows=rows,
        positives=positives,
        training_rows=snapshot.rows if snapshot else 0,
        training_positives=snapshot.positives if snapshot else 0,
        min_rows=settings.training.min_rows,
        triggers=[trigger.evidence for trigger in covered if trigger.turn == turn.number],
    )
    hands.ledger.turns.note(turn.pipeline, turn.number, decision=decision)
    failpoints.reach("decision-committed")
    return decision


@task(task_run_name="close-turn-{turn.name}", tags=["coordination"])
def close_turn(turn: TurnRef, batch: Batch, decision: RetrainingDecision | None, verdict: Verdict | None) -> Outcome:
    """Commit how a turn ended, and why."""
    refused = batch.reason is not None
    outcome = coordination.outcome(verdict, refused=refused)
    reasons = coordination.reasons(batch, decision, verdict)
    home.current().ledger.turns.close(turn.pipeline, turn.number, outcome, reasons)
    failpoints.reach("turn-closed")
    return outcome
