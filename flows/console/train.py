"""The command `train`: finish the oldest turn that is not done."""

import argparse
from typing import TYPE_CHECKING

from configs.errors import BadInput
from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Finish a turn whose batch was taken in; without one, Prefect is not needed to say so."""
    from tasks.domain.turns import Outcome
    from tasks.reporting.steps import report_file

    pipeline = chosen.pipeline
    hands.settings(pipeline)
    turns = report_file.read_history(hands, pipeline).turns
    if all(turn.outcome is not None for turn in turns):
        screen.show([f"{pipeline}: no batch that was taken in waits for the rest of its turn; see `ingest` and `run`."])
        return 0
    before = {turn.number for turn in turns if turn.outcome is not None}
    from flows.console import connection

    with connection.connected(hands, pipeline, screen, stage=False):
        from flows.train import train

        outcome = train(pipeline)
    for turn in report_file.read_history(hands, pipeline).turns:
        if turn.outcome is not None and turn.number not in before:
            screen.turn(pipeline, turn)
            screen.show(
                [f"MLflow and the report follow with the next {program.command(program.named('run', pipeline))}."]
            )
    return BadInput.exit_code if outcome in (Outcome.REFUSED, Outcome.HELD) else 0
