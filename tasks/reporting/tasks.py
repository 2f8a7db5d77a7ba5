"""The tasks of reporting: the page, and what a run shows in Prefect's UI."""

import platform
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar, cast
from uuid import UUID

from prefect import State, task

from configs.errors import IncumbentError
from tasks.adapters import home
from tasks.adapters.prefect import events
from tasks.domain import packages
from tasks.domain.observations import Health
from tasks.domain.records import Batch
from tasks.domain.runs import CaughtUp, Polled, Scored
from tasks.domain.turns import Outcome, TurnRef
from tasks.reporting import endings, summaries
from tasks.reporting.steps import overview_file, report_file

P = ParamSpec("P")
T = TypeVar("T")


@task(task_run_name="write-report-{pipeline}", tags=["reporting"], retries=2, retry_delay_seconds=[1.0, 5.0])
def write_report(pipeline: str) -> str:
    """Write the page of a pipeline from the ledger; returns its path."""
    hands, key = home.current(), f"{pipeline}-report"
    path = report_file.write(hands, pipeline)
    overview_file.write(hands)
    if address := report_file.address(hands, path, events.api()):
        events.link(key, address, f"Report of {pipeline}")
    else:
        events.markdown(key, summaries.report_file(pipeline, str(path), platform.node()))
    return str(path)


@task(task_run_name="show-verdict-{turn.name}", tags=["reporting"])
def show_verdict(turn: TurnRef) -> None:
    """Show in Prefect's UI what the turn found and decided."""
    hands = home.current()
    told = report_file.read_history(hands, turn.pipeline, [turn.number])
    (ended,) = told.turns
    settings = hands.settings(turn.pipeline)
    events.markdown(f"{turn.pipeline}-turn", summaries.markdown(told, ended, settings), ended.reasons[0])
    events.table(f"{turn.pipeline}-data", endings.data_rows(ended.batch), "What became of the rows")
    events.table(f"{turn.pipeline}-verdict", summaries.verdict_rows(ended), "The verdict and what it rests on")


def start_progress(pipeline: str, turns: int) -> UUID | None:
    """Show that a long work begins; nothing for a single turn."""
    return events.progress(f"{pipeline}-catch-up", 0.0, f"{turns} turns") if turns > 1 else None


def advance_progress(shown: UUID | None, done: int, turns: int) -> None:
    """Show how many of the turns are done."""
    if shown is not None:
        events.advance(shown, done / turns)


def in_words(work: Callable[P, T]) -> Callable[P, T]:
    """Let a flow that meets one of our errors end as failed with its sentence; whoever called it gets the error.

    Prefect writes a traceback into the log of a run for everything that is raised; a mistake of a user needs none.
    """

    @wraps(work)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return work(*args, **kwargs)
        except IncumbentError as problem:
            return cast(T, events.failed(problem))

    return told


def value_of(state: State[T]) -> T:
    """What a run returned that was started with `return_state`; what it ended by is raised."""
    return events.value_of(state)


def end_turn(turn: TurnRef, outcome: Outcome) -> tuple[int, Outcome]:
    """Give the run of a turn its last name and word; what it returns is the turn's number and outcome."""
    (ended,) = report_file.read_history(home.current(), turn.pipeline, [turn.number]).turns
    return events.ended(endings.turn(turn.pipeline, ended), (turn.number, outcome))


def end_run(done: CaughtUp, reason: str) -> CaughtUp:
    """Give a run through the inbox its last name and word."""
    turns = report_file.read_history(home.current(), done.pipeline, done.turns).turns
    failed = len(done.turns) - len(turns)
    return events.ended(
        endings.run(done.pipeline, reason, turns, failed, done.waits, done.taken_by, done.problem), done
    )


def end_monitor(pipeline: str, health: Health) -> Health:
    """Give a look at the live model its last name and word."""
    return events.ended(endings.monitor(pipeline, health), health)


def end_rollback(pipeline: str, checked: str, problem: str) -> int:
    """Show what a rollback did, and give it its last name and word; what it returns is the version that is live.

    Args:
        pipeline: Its pipeline.
        checked: What was found out before the version was made live; empty if it was live already.
        problem: What kept MLflow or the report from being told; empty if nothing did.
    """
    ledger = home.current().ledger
    promotions = ledger.promotions
    history, held = promotions.all(pipeline), sorted(promotions.held(pipeline))
    told = endings.rollback(pipeline, history[-1], problem, changed=bool(checked))
    live = history[-1].version
    package = packages.sentence(pipeline, live, ledger.packages.of(pipeline, live))
    note = summaries.rollback(pipeline, history, held, checked=checked, problem=problem, package=package)
    events.markdown(f"{pipeline}-rollback", note, "Who was live, who is, and what is barred")
    return events.ended(told, live)


def end_release(pipeline: str, version: int, by: str, reason: str, problem: str | None) -> bool:
    """Give a release its last name and word; what it returns is whether the version was barred."""
    return events.ended(endings.release(pipeline, version, by, reason, problem), problem is not None)


def end_admission(pipeline: str, aside: Batch, judged: Batch, by: str) -> Batch:
    """Give a second look at a batch its last name and word; what it returns is the batch as it is now."""
    return events.ended(endings.admission(pipeline, aside, judged, by), judged)


def end_keeping_out(pipeline: str, refused: Batch, by: str, reason: str) -> Batch:
    """Give the decision against a held batch its last name and word, and write the report anew."""
    write_report(pipeline)
    return events.ended(endings.keeping_out(pipeline, refused, by, reason), refused)


def end_scoring(done: Scored) -> Scored:
    """Give the scoring of a file its last name and word."""
    return events.ended(endings.scoring(done), done)


def end_poll(polled: Polled) -> Polled:
    """Give a look at the source its last name and word."""
    found = (polled.new, polled.crashed, polled.old, bool(polled.started), polled.alerts)
    return events.ended(endings.poll(polled.pipeline, *found), polled)
