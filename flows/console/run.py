"""The command `run`: one turn for each batch that waits, then the report."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from configs.errors import BadInput, Busy, DeliveryWaits
from flows.console import program
from flows.console.arguments import EVERY, QUIET, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.ingestion.steps.arrivals import Waiting

ARGUMENTS: Arguments = {
    "--all": EVERY,
    "--all-examples": {"action": "store_true", "help": "run each example whose data is there, one by one"},
    "--quiet": QUIET,
    "--force": {"action": "store_true", "help": "go past cooldown, daily budget and minimum rows"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Catch up; returns the exit code."""
    if chosen.all:
        from flows.console import every

        return every.of_folder(hands, chosen, screen, command)
    if chosen.all_examples:
        from flows.console import examples

        return examples.run_all(hands, chosen, screen, command)
    from flows.console import connection, lines, source
    from tasks.adapters.prefect import events
    from tasks.domain.trigger_kinds import TriggerKind
    from tasks.domain.turns import Outcome
    from tasks.reporting.steps import report_file

    pipeline = chosen.pipeline
    settings, waiting = hands.settings(pipeline), source.look(hands, pipeline)
    folder = source.folder(hands, pipeline)
    source.tell_gone(hands, pipeline, screen)
    if waiting.nothing:
        _clear_up(hands, pipeline, screen)
        source.require(waiting)
        screen.show([lines.nothing_waits(report_file.read_history(hands, pipeline), folder)])
        return 0
    screen.waiting(pipeline, [delivery.name for delivery in waiting.deliveries], folder, len(waiting.duplicates))
    with connection.connected(hands, pipeline, screen):
        from flows.continuous_training import continuous_training

        forced = {"reason": TriggerKind.MANUAL, "force": True}
        why = forced if chosen.force else _what_waits(hands, pipeline, waiting)
        done = events.value_of(continuous_training(pipeline, **why, return_state=True))
    if done.taken_by:
        raise Busy(done.taken_by)
    if done.waits:
        screen.show([f"{pipeline}: batches wait: {done.waits}. To go past it: {program.command('run')} --force."])
    source.tell_duplicates(hands, pipeline, waiting, screen)
    report = program.path(done.report or hands.report(pipeline))
    screen.summary(report_file.read_history(hands, pipeline), settings, report, program.named("", pipeline))
    unread = _tell_unread(hands, pipeline, done.turns, screen)
    source.require(waiting)
    return BadInput.exit_code if {Outcome.REFUSED, Outcome.HELD} & {*done.outcomes} else unread


def _tell_unread(hands: "Home", pipeline: str, turns: Sequence[int], screen: "Terminal") -> int:
    """One line for each turn that was given up because its delivery could not be read; gives the exit code.

    What was being written then and has come whole since, under the same name, waits no more.
    """
    rows = hands.ledger.turns.all(pipeline, turns)
    came = {row["batch_name"] for row in rows if not row["unread"]}
    given_up = [row for row in rows if row["unread"] and row["batch_name"] not in came]
    screen.alarm([f"{pipeline}, {row['batch_name']}: {row['reasons'][0]}" for row in given_up])
    return DeliveryWaits.exit_code if given_up else 0


def _clear_up(hands: "Home", pipeline: str, screen: "Terminal") -> None:
    """If the last run was killed when all was done: close what it left open, and free its lease."""
    holder = hands.ledger.lease.holder(pipeline)
    if (holder is not None and holder.lives) or not hands.ledger.lease.dead(pipeline):
        return
    from flows.console import connection
    from tasks.adapters.prefect import events
    from tasks.ingestion.steps.arrivals import Waiting

    with connection.connected(hands, pipeline, screen, stage=False):
        from flows.continuous_training import continuous_training

        events.value_of(continuous_training(pipeline, **_what_waits(hands, pipeline, Waiting()), return_state=True))


def _what_waits(hands: "Home", pipeline: str, waiting: "Waiting") -> dict[str, Any]:
    """What asks for this run: the oldest batch that waits, or the last turn if only something of it is left to show."""
    from tasks.domain.records import BATCH
    from tasks.domain.trigger_kinds import TriggerKind

    if waiting.deliveries:
        first = waiting.deliveries[0]
        key, evidence = f"{BATCH}{first.digest}", f"{first.name} landed"
        return {"reason": TriggerKind.NEW_DATA, "evidence": evidence, "key": key}
    turns = hands.ledger.turns.all(pipeline)
    if not turns:
        return {"reason": TriggerKind.MANUAL}
    return {"reason": TriggerKind.NEW_DATA, "key": f"{BATCH}{turns[-1]['batch']}"}
