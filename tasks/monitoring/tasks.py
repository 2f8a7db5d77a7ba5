"""The tasks of monitoring: how the live model did, and whether its inputs have moved."""

from prefect import task

from tasks.adapters import failpoints, home
from tasks.adapters.prefect import events
from tasks.domain import first_champion
from tasks.domain.observations import Drift, Health
from tasks.domain.records import Batch, Model, Score
from tasks.domain.turns import TurnRef
from tasks.domain.weak_spots import WeakSpot
from tasks.monitoring import alarms
from tasks.monitoring.steps import asking, watch
from tasks.monitoring.steps import look_ahead as looking


@task(task_run_name="find-live-model-{turn.name}", tags=["monitoring"])
def find_live_models(turn: TurnRef) -> tuple[Model, ...]:
    """The champion, and the first champion of all if that is another one; empty before the first promotion."""
    ledger = home.current().ledger
    made = ledger.promotions.before(turn.pipeline, turn.number)
    if made:
        ledger.turns.note(turn.pipeline, turn.number, champion_version=made[-1].version)
        failpoints.reach("champion-noted")
    first = first_champion.at(made, ledger.refits.get(turn.pipeline), turn.number)
    ids = dict.fromkeys([made[-1].model, first] if made else [])
    found = [ledger.models.get(turn.pipeline, model) for model in ids if model is not None]
    return tuple(model for model in found if model is not None)


@task(task_run_name="ask-models-{turn.name}", tags=["monitoring"], retries=2, retry_delay_seconds=[1.0, 5.0])
def ask_models(turn: TurnRef, batch: Batch) -> Batch:
    """The batch, held if the live model loses by its values; of a batch that is held, with what that costs."""
    return asking.ask(home.current(), turn, batch)


@task(task_run_name="measure-drift-{turn.name}", tags=["monitoring"])
def measure_drift(turn: TurnRef, batch: Batch, champion: Model) -> Drift:
    """Compare the inputs of a batch with the data that the champion was trained on."""
    hands = home.current()
    known = hands.ledger.models.drift(turn.pipeline, batch.id)
    if known is not None:
        return known
    found = watch.drift(hands, turn.pipeline, champion, hands.store.read(batch.accepted_file or ""), batch.id)
    hands.ledger.models.record_drift(turn.pipeline, found)
    failpoints.reach("drift-committed")
    return found


@task(task_run_name="judge-health-{turn.name}", tags=["monitoring"])
def judge_health(
    turn: TurnRef,
    batch: Batch,
    champion: Model,
    scores: list[Score],
    drift: Drift | None,
    weak: tuple[WeakSpot, ...] = (),
) -> Health:
    """Say whether the champion is well, against its own gate and against no model, and where it is not.

    `scores` are of the batch, and of all that waits with it to be judged as one: the worse of the two counts.
    """
    hands = home.current()
    found = watch.judge(hands, turn.pipeline, champion, scores, drift, weak)
    hands.ledger.turns.note(turn.pipeline, turn.number, health=found)
    failpoints.reach("health-committed")
    return found


@task(task_run_name="record-alarm-{turn.name}", tags=["monitoring"])
def record_alarms(turn: TurnRef, drift: Drift | None, state: Health) -> None:
    """Record what this turn found, drift or a model that is not well, as triggers that it covers, and tell them."""
    ledger = home.current().ledger
    for alarm in alarms.raised(turn.batch, drift, state):
        if ledger.inbox.record(turn.pipeline, alarm.kind, alarm.key, alarm.evidence, turn=turn.number):
            failpoints.reach("alarm-recorded")
            events.emit(alarm.kind.event, turn.pipeline, alarm.evidence, alarm.key, turn.number)


@task(task_run_name="look-ahead-{pipeline}", tags=["monitoring"], retries=2, retry_delay_seconds=[1.0, 5.0])
def look_ahead(pipeline: str) -> Health:
    """Judge the champion and its inputs on what waits, before a turn takes it in; record alarms, then announce them."""
    hands = home.current()
    found = looking.look_ahead(hands, pipeline)
    for seen in found:
        for alarm in alarms.raised(seen.batch, seen.drift, seen.health):
            if hands.ledger.inbox.record(pipeline, alarm.kind, alarm.key, alarm.evidence):
                events.emit(alarm.kind.event, pipeline, alarm.evidence, alarm.key)
    return looking.summary(found) or looking.last_health(hands, pipeline)
