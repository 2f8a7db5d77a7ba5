"""What each command does. Flows, and with them Prefect, are imported only by those that run one."""

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Any

from configs.environment import DEFAULT_PIPELINE
from configs.errors import BadInput, Busy, DeliveryWaits, MistakeOfUser, UnknownPipeline
from flows.announcements import STEPS, Announcement, Opening, Step, TurnDone
from flows.console import connection, lines, program, terminal
from flows.console.terminal import Terminal
from tasks.adapters import home, permissions
from tasks.adapters.home import Home
from tasks.domain.records import BATCH
from tasks.domain.turns import Outcome
from tasks.ingestion.sources import one_file
from tasks.ingestion.steps import arrivals
from tasks.ingestion.steps.arrivals import Waiting
from tasks.problems import measures
from tasks.reporting import titles
from tasks.reporting.steps import report_file


def execute(chosen: argparse.Namespace) -> int:
    """Do one command; returns the exit code.

    Args:
        chosen: The parsed command line: command, pipeline, what was named as one, quiet, json.
    """
    if chosen.pipeline in _COMMANDS:
        raise UnknownPipeline(
            f"{chosen.pipeline!r} is the name of a command, so no pipeline can be called so. "
            "Give one command and one pipeline, and rename a file that has this name."
        )
    hands = home.current()
    screen = terminal.open_terminal(quiet=chosen.quiet, as_json=chosen.json, out=sys.stdout, err=sys.stderr)
    try:
        if closed := permissions.close(hands.folder):
            screen.alarm([closed])
        if chosen.adopt:
            screen.alarm(hands.adopt())
        return int(_COMMANDS[chosen.command](hands, chosen, screen))
    finally:
        screen.close()
        hands.close()


def _run(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    if chosen.all_examples:
        from flows.console import examples

        return examples.run_all(hands, chosen, screen, _run)
    pipeline = chosen.pipeline
    settings, waiting = hands.settings(pipeline), look(hands, pipeline)
    folder = _short(hands, pipeline)
    tell_gone(hands, pipeline, screen)
    if waiting.nothing:
        _clear_up(hands, pipeline, screen)
        require_source(waiting)
        screen.show([lines.nothing_waits(report_file.read_history(hands, pipeline), folder)])
        return 0
    screen.waiting(pipeline, [delivery.name for delivery in waiting.deliveries], folder, len(waiting.duplicates))
    with connection.connected(hands, pipeline, listener(hands, pipeline, screen)):
        from flows.continuous_training import continuous_training

        why = {"reason": "manual", "force": True} if chosen.force else _what_waits(hands, pipeline, waiting)
        done = continuous_training(pipeline, **why)
    if done.taken_by:
        raise Busy(done.taken_by)
    if done.waits:
        screen.show([f"{pipeline}: batches wait: {done.waits}. To go past it: {program.command('run')} --force."])
    _tell_duplicates(hands, pipeline, waiting, screen)
    screen.summary(
        report_file.read_history(hands, pipeline),
        settings,
        _relative(done.report or str(hands.report(pipeline))),
        _named("", pipeline),
    )
    unread = _tell_unread(hands, pipeline, done.turns, screen)
    require_source(waiting)
    return BadInput.exit_code if Outcome.REFUSED in done.outcomes else unread


def _tell_unread(hands: Home, pipeline: str, turns: Sequence[int], screen: Terminal) -> int:
    """One line for each turn that was given up because its delivery could not be read; gives the exit code."""
    given_up = [row for row in hands.ledger.turns.all(pipeline) if row["number"] in turns and row["unread"]]
    screen.alarm([f"{pipeline}, {row['batch_name']}: {row['reasons'][0]}" for row in given_up])
    return DeliveryWaits.exit_code if given_up else 0


def require_source(waiting: Waiting) -> None:
    """Raise what kept a source from delivering; asked when all that waits all the same has been done or told."""
    if waiting.problem is not None:
        raise waiting.problem


def tell_gone(hands: Home, pipeline: str, screen: Terminal) -> None:
    """Say that a source which is cut into batches has lost rows, as long as it is so."""
    file, gone = hands.settings(pipeline).ingestion.source.file, one_file.gone(hands, pipeline)
    if file is not None and gone:
        screen.facts({"pipeline": pipeline, "source": file, "gone": gone})
        screen.show([f"{pipeline}: {lines.gone_line(file, gone)}"])


def _clear_up(hands: Home, pipeline: str, screen: Terminal) -> None:
    """If the last run was killed when all was done: close what it left open, and free its lease."""
    holder = hands.ledger.lease.holder(pipeline)
    if (holder is not None and holder.lives) or not hands.ledger.lease.dead(pipeline):
        return
    with connection.connected(hands, pipeline, listener(hands, pipeline, screen), stage=False):
        from flows.continuous_training import continuous_training

        continuous_training(pipeline, **_what_waits(hands, pipeline, Waiting()))


def _what_waits(hands: Home, pipeline: str, waiting: Waiting) -> dict[str, Any]:
    """What asks for this run: the oldest batch that waits, or the last turn if only something of it is left to show."""
    if waiting.deliveries:
        first = waiting.deliveries[0]
        return {"reason": "new_data", "evidence": f"{first.name} landed", "key": f"{BATCH}{first.digest}"}
    turns = hands.ledger.turns.all(pipeline)
    return {"reason": "new_data", "key": f"{BATCH}{turns[-1]['batch']}"} if turns else {"reason": "manual"}


def _ingest(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    pipeline, waiting = chosen.pipeline, look(hands, chosen.pipeline)
    known = {batch.id for batch in hands.ledger.batches.all(pipeline)} - waiting.again
    if not waiting.duplicates and known.issuperset(delivery.digest for delivery in waiting.deliveries):
        require_source(waiting)
        screen.show([f"{pipeline}: nothing new waits in {_short(hands, pipeline)}."])
        return 0
    with connection.connected(hands, pipeline, listener(hands, pipeline, screen), stage=False):
        from flows.ingest import ingest

        taken = [batch for batch in ingest(pipeline) if batch.id not in known]
    for batch in taken:
        screen.facts(lines.batch_object(pipeline, batch))
        (screen.alarm if batch.reason else screen.show)([lines.batch_line(batch)])
    _tell_duplicates(hands, pipeline, waiting, screen)
    require_source(waiting)
    return BadInput.exit_code if any(batch.reason for batch in taken) else 0


def _tell_duplicates(hands: Home, pipeline: str, waited: Waiting, screen: Terminal) -> None:
    """One line for each delivery of known content that has been counted since it was seen to wait."""
    known = hands.ledger.batches.deliveries(pipeline)
    for copy in waited.duplicates:
        if copy.name in known.get(copy.digest, ()):
            screen.facts({"pipeline": pipeline, "batch": copy.name, "status": "duplicate"})
            screen.show([lines.duplicate_line(copy.name)])


def _monitor(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    from tasks.monitoring.steps import look_ahead

    pipeline = chosen.pipeline
    hands.settings(pipeline)
    waiting = look(hands, pipeline)
    if hands.ledger.promotions.champion(pipeline) is None or not waiting.deliveries:
        health = look_ahead.last_health(hands, pipeline)
    else:
        with connection.connected(hands, pipeline, listener(hands, pipeline, screen), stage=False):
            from flows.monitor import monitor

            health = monitor(pipeline)
    screen.facts({"pipeline": pipeline, "health": health.state, "reasons": health.reasons})
    screen.show([f"{pipeline}: {titles.STATES[health.state]}. {' '.join(health.reasons)}"])
    require_source(waiting)
    return 0


def _poll(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    pipeline = chosen.pipeline
    waiting = look(hands, pipeline)
    with connection.connected(hands, pipeline, listener(hands, pipeline, screen), stage=False):
        from flows.poll import poll

        found = poll(pipeline)
    screen.facts({**vars(found), "waits": [delivery.name for delivery in waiting.deliveries]})
    started = "" if found.started is None else " A run was started for what was missed."
    screen.show([f"{pipeline}: {len(waiting.deliveries)} wait, {found.new} of them newly announced.{started}"])
    return 0


def _train(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    pipeline = chosen.pipeline
    if _nothing_taken_in(hands, pipeline, screen):
        return 0
    before = {turn.number for turn in report_file.read_history(hands, pipeline).turns if turn.outcome is not None}
    with connection.connected(hands, pipeline, listener(hands, pipeline, screen), stage=False):
        from flows.train import train

        outcome = train(pipeline)
    for turn in report_file.read_history(hands, pipeline).turns:
        if turn.outcome is not None and turn.number not in before:
            screen.turn(pipeline, turn)
            screen.show([f"MLflow and the report follow with the next {program.command(_named('run', pipeline))}."])
    return BadInput.exit_code if outcome is Outcome.REFUSED else 0


def _history(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    settings = hands.settings(chosen.pipeline)
    if chosen.at is not None:
        return _late("rollback", "history_at")(hands, chosen, screen)
    told = report_file.read_history(hands, chosen.pipeline)
    if chosen.json:
        for made in told.promotions:
            screen.facts({**vars(made), "at": made.at.isoformat()})
    else:
        screen.show(lines.history_table(told, measures.of_problem(settings.training.problem), screen.width))
    return 0


def _verify(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    from flows.console import verification

    return verification.verify(hands, chosen, screen)


def _prepare(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    from concurrent.futures import ThreadPoolExecutor

    from tasks.adapters.prefect import local_api_database
    from tasks.ingestion.sources import nycflights

    if chosen.pipeline != DEFAULT_PIPELINE:
        raise MistakeOfUser(
            f"There is example data for the pipeline {DEFAULT_PIPELINE!r} only, not for {chosen.pipeline!r}. "
            f"Put parquet files into the landing folder of yours."
        )
    folder = hands.landing(DEFAULT_PIPELINE)
    with ThreadPoolExecutor(1) as other:
        database = other.submit(local_api_database.ensure_database, hands.folder)
        written = nycflights.prepare_flights(folder)
        assert hands.ledger
        assert hands.tracking
        database.result()
    screen.show([f"{DEFAULT_PIPELINE}: {len(written)} months of flights are in {_short(hands, DEFAULT_PIPELINE)}."])
    return 0


def _simulate(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    from flows.console import simulation

    return simulation.simulate(hands, chosen.pipeline, chosen.fault, chosen.column, screen)


def _late(module: str, name: str) -> Callable[[Home, argparse.Namespace, Terminal], int]:
    """A command from another module, which is imported when the command is given: it may need libraries."""

    def command(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
        return int(getattr(importlib.import_module(f"flows.console.{module}"), name)(hands, chosen, screen))

    return command


def look(hands: Home, pipeline: str) -> Waiting:
    """What waits for a pipeline."""
    with program.pointing_to_the_example(pipeline):
        return arrivals.look(hands, pipeline)


def _nothing_taken_in(hands: Home, pipeline: str, screen: Terminal) -> bool:
    """Say so if no batch is in the middle of its turn; to know that, Prefect is not needed."""
    hands.settings(pipeline)
    if any(turn.outcome is None for turn in report_file.read_history(hands, pipeline).turns):
        return False
    screen.show([f"{pipeline}: no batch that was taken in waits for the rest of its turn; see `ingest` and `run`."])
    return True


def listener(hands: Home, pipeline: str, screen: Terminal) -> Callable[[Announcement], None]:
    """What hears a run that is under way, and shows it."""
    screen.problem = hands.settings(pipeline).training.problem

    def hear(told: Announcement) -> None:
        if isinstance(told, Opening):
            screen.opening(told.text)
        elif isinstance(told, Step):
            screen.step(told.turn, told.batch, told.text, told.number, STEPS)
        elif isinstance(told, TurnDone):
            turns = report_file.read_history(hands, pipeline).turns
            screen.turn(pipeline, next(turn for turn in turns if turn.number == told.turn))
        else:
            screen.closing(told.text)

    return hear


def _named(command: str, pipeline: str) -> str:
    """A command and its pipeline, which need not be named if it is the example."""
    return command if pipeline == DEFAULT_PIPELINE else f"{command} {pipeline}"


def _short(hands: Home, pipeline: str) -> str:
    return _relative(str(hands.landing(pipeline)))


def _relative(path: str) -> str:
    """A path as the user would write it here."""
    from pathlib import Path

    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


_COMMANDS = {
    "run": _run,
    "ingest": _ingest,
    "monitor": _monitor,
    "poll": _poll,
    "train": _train,
    "status": _late("status", "status"),
    "history": _history,
    "rollback": _late("rollback", "rollback"),
    "release": _late("rollback", "release"),
    "admit": _late("admission", "admit"),
    "compare": _late("inquiries", "compare"),
    "reproduce": _late("inquiries", "reproduce"),
    "explain": _late("inquiries", "explain"),
    "verify": _verify,
    "simulate": _simulate,
    "prepare": _prepare,
}
