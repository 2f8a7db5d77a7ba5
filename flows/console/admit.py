"""The command `admit`: let a held batch in, or a refused one be read and judged again, and say what came of it."""

import argparse
from typing import TYPE_CHECKING

from configs.errors import BadInput
from flows.console import program
from flows.console.arguments import BY, REASON, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "batch": {"help": "a batch that is held or refused: its name, or the beginning of its digest"},
    "--sound-rows": {"action": "store_true", "help": "of a held batch, quarantine the rows that are under suspicion"},
    "--reason": REASON,
    "--by": BY,
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Take in a held batch, or read a refused one again; exit code 3 if it is refused again, or held."""
    from flows.console import connection, lines
    from tasks.adapters.prefect import events
    from tasks.adapters.processes import identity
    from tasks.domain.decisions import Decision
    from tasks.ingestion.steps import admission
    from tasks.promotion.steps import return_to
    from tasks.reporting import titles

    pipeline, by = chosen.pipeline, chosen.by or identity.user()
    return_to.require_decision(hands, pipeline, chosen.reason, by)
    decision = Decision.SOUND_ROWS if chosen.sound_rows else Decision.ADMIT
    before = admission.find(hands, pipeline, chosen.batch, decision)  # a mistake is told before anything is started
    with connection.connected(hands, pipeline, screen, stage=False):
        from flows.admit import admit

        state = admit(before.id, chosen.reason, pipeline, by, chosen.sound_rows, return_state=True)
        batch = events.value_of(state)
    about = {"admitted_by": by, "why": chosen.reason, f"{before.status}_before": before.reason}
    screen.facts({**lines.batch_object(pipeline, batch), **about})
    stood = f"was {before.status} before: {titles.ended(before.reason or '')}"
    screen.show([f"{pipeline}: {lines.clean(batch.name)} {stood}"])
    (screen.alarm if batch.reason else screen.show)([lines.batch_line(batch)])
    screen.show([f"  The rest of its turn follows with the next `{program.command('run')}`."])
    return BadInput.exit_code if batch.reason else 0
