"""The command `ingest`: take in what waits, and train nothing."""

import argparse
from typing import TYPE_CHECKING

from configs.errors import BadInput
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Take in what waits; exit code 3 if a batch is refused."""
    from flows.console import connection, lines, source

    pipeline, waiting = chosen.pipeline, source.look(hands, chosen.pipeline)
    before = {batch.id for batch in hands.ledger.batches.all(pipeline)} - waiting.again
    if not waiting.duplicates and before.issuperset(delivery.digest for delivery in waiting.deliveries):
        source.require(waiting)
        screen.show([f"{pipeline}: nothing new waits in {source.folder(hands, pipeline)}."])
        return 0
    with connection.connected(hands, pipeline, screen, stage=False):
        from flows.ingest import ingest

        taken = [batch for batch in ingest(pipeline) if batch.id not in before]
    for batch in taken:
        screen.facts(lines.batch_object(pipeline, batch))
        (screen.alarm if batch.reason else screen.show)([lines.batch_line(batch)])
    source.tell_duplicates(hands, pipeline, waiting, screen)
    source.require(waiting)
    return BadInput.exit_code if any(batch.reason for batch in taken) else 0
