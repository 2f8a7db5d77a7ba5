"""The flow `continuous-training`: the inbox, worked off under the lease; one turn for each batch that waits."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from prefect import State, flow, runtime, tags

from configs.errors import Busy, DeliveryWaits, IncumbentError, InvalidSettings
from flows.announcements import Closing, TurnDone, tell
from tasks.coordination import tasks as coordination
from tasks.domain.runs import CaughtUp
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Outcome
from tasks.ingestion import tasks as ingestion
from tasks.ingestion.sources.base import Delivery
from tasks.lineage import tasks as lineage
from tasks.reporting import tasks as reporting


@flow(name="continuous-training", flow_run_name="{pipeline} · {reason}")
@reporting.in_words
def continuous_training(
    pipeline: str = "flights",
    reason: TriggerKind = TriggerKind.MANUAL,
    evidence: str = "",
    key: str = "",
    force: bool = False,
) -> CaughtUp:
    """Keep a model up to date: one turn for each batch that waits, oldest first; then the report.

    The reason is recorded before anything is done. If another run works on the pipeline, that one takes it.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        reason: What asks for a look: a person, the clock, new data, drift of the inputs, or a model that is not well.
        evidence: What was seen, in one sentence; it is kept with the turn.
        key: What makes this reason the one it is; the same key is recorded once. Empty for a reason of its own.
        force: Whether to go past cooldown, daily budget and minimum of new rows.
    """
    coordination.record_trigger(pipeline, reason, evidence, key, force)
    coordination.close_crashed(pipeline)
    began, done = coordination.now(), CaughtUp(pipeline)
    try:
        while True:
            with coordination.at_work(pipeline):
                newest = coordination.newest_trigger(pipeline)
                done = work_off(done, began, newest)
            # What was recorded while the lease was being given back has found somebody at work, and left.
            if not coordination.is_asked_again(pipeline, newest):
                break
    except Busy as other:
        done = replace(done, taken_by=str(other))
    return reporting.end_run(done, reason)


def work_off(done: CaughtUp, began: datetime, newest: int) -> CaughtUp:
    """One pass through the inbox: the turns that may run now, what is left to show, and the report.

    `newest` is the last trigger from before the pass.
    """
    pipeline = done.pipeline
    waiting = ingestion.list_waiting(pipeline)
    agenda = coordination.settle_inbox(pipeline, waiting, began, newest)
    chosen = [delivery for delivery in waiting.deliveries if delivery.digest in agenda.deliveries]
    with lineage.stage(wanted=bool(chosen or waiting.unshown)):
        showing = [lineage.show_turn.submit(pipeline, number) for number in waiting.unshown]
        progress = reporting.start_progress(pipeline, len(chosen))
        for place, delivery in enumerate(chosen, start=1):
            number, outcome = attempt(pipeline, delivery)
            done = replace(done, turns=(*done.turns, number), outcomes=(*done.outcomes, outcome))
            showing.append(lineage.show_turn.submit(pipeline, number))
            reporting.advance_progress(progress, place, len(chosen))
        for copy in waiting.duplicates:
            ingestion.count_duplicate(pipeline, copy)
        done = replace(done, duplicates=done.duplicates + len(waiting.duplicates), waits=agenda.waits)
        done = replace(done, problem=str(waiting.problem or ""))
        return close(done, showing) if chosen or waiting.duplicates or waiting.unshown or waiting.page else done


def close(done: CaughtUp, showing: list[Any]) -> CaughtUp:
    """Wait until all is shown, then write the report."""
    tell(Closing("showing the last turn in MLflow and the report"))
    for shown in showing:
        shown.result()
    return replace(done, report=reporting.write_report(done.pipeline))


def attempt(pipeline: str, delivery: Delivery) -> tuple[int, Outcome]:
    """Run a turn; one that was begun as often as it may be ends as failed, and later batches go on."""
    problem = "it was cut off each time"
    if coordination.may_try(pipeline, delivery):
        with coordination.stoppable(pipeline, delivery), tags(pipeline):
            state = turn(pipeline, delivery, return_state=True)
        waits: Any = state.result(raise_on_failure=False) if state.is_failed() else None
        if isinstance(waits, DeliveryWaits) and waits.changed:  # what is there now is another delivery
            return coordination.give_up(pipeline, delivery, str(waits), quietly=True), Outcome.FAILED
        if isinstance(waits, InvalidSettings):
            coordination.wait_for_change(pipeline, delivery, str(waits))
            return reporting.value_of(state)
        if not state.is_failed() or coordination.may_try(pipeline, delivery):
            return reporting.value_of(state)
        problem = _problem(state)
    return coordination.give_up(pipeline, delivery, problem), Outcome.FAILED


def _problem(failed: State) -> str:
    """What went wrong: our own words as they are, those of others with what Prefect puts before them."""
    error: Any = failed.result(raise_on_failure=False)
    return str(error) if isinstance(error, IncumbentError) else failed.message or ""


@flow(name="turn", flow_run_name="{pipeline} · {delivery.name}", validate_parameters=False)
@reporting.in_words
def turn(pipeline: str, delivery: Delivery) -> tuple[int, Outcome]:
    """One pass of the loop: ingest, monitor, decide, train, compare, promote or not.

    Args:
        pipeline: Name of a file in configs/pipelines/, without .yaml.
        delivery: The batch that it is about.
    """
    from flows import ingest, train  # two seconds of libraries, after the run is shown as running
    from tasks.training import tasks as training

    opened = coordination.open_turn(pipeline, delivery, runtime.flow_run.id)
    with training.steps_explained(pipeline):
        batch = ingest.take_in(opened, delivery)
        outcome = train.finish(opened, batch)
    reporting.show_verdict(opened)
    tell(TurnDone(pipeline, opened.number))
    return reporting.end_turn(opened, outcome)
