"""The command `poll`: announce new data, and make up for what was missed."""

import argparse
from typing import TYPE_CHECKING

from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Look at the source once."""
    from flows.console import connection, source

    pipeline = chosen.pipeline
    waiting = source.look(hands, pipeline)
    with connection.connected(hands, pipeline, screen, stage=False):
        from flows.poll import poll

        polled = poll(pipeline)
    screen.facts({**vars(polled), "waits": [delivery.name for delivery in waiting.deliveries]})
    started = "" if polled.started is None else " A run was started for what was missed."
    screen.show([f"{pipeline}: {len(waiting.deliveries)} wait, {polled.new} of them newly announced.{started}"])
    return 0
