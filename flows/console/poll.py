"""The command `poll`: announce new data, and make up for what was missed."""

import argparse
from typing import TYPE_CHECKING

from flows.console.arguments import EVERY, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {"--all": EVERY}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Look at the source once; where no server runs, and there is nothing to do, none is started for it."""
    from configs import environment
    from flows.console import connection, every, source
    from tasks.adapters.prefect import running_server
    from tasks.coordination.steps import agenda
    from tasks.domain.runs import Polled

    if chosen.all:
        return every.of_folder(hands, chosen, screen, command)
    pipeline = chosen.pipeline
    waiting = source.look(hands, pipeline)
    polled = Polled(pipeline, 0, False, False, None, 0)
    is_served = environment.read().prefect_api_url or running_server.address(hands.folder)
    if is_served or not agenda.is_idle(hands, pipeline, waiting):
        with connection.connected(hands, pipeline, screen, stage=False):
            from flows.poll import poll

            polled = poll(pipeline)
    else:
        source.require(waiting)
    screen.facts({**vars(polled), "waits": [delivery.name for delivery in waiting.deliveries]})
    started = "" if polled.started is None else " A run was started for what was missed."
    screen.show([f"{pipeline}: {len(waiting.deliveries)} wait, {polled.new} of them newly announced.{started}"])
    return 0
