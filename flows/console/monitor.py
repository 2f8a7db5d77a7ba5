"""The command `monitor`: judge the live model and its inputs on what waits."""

import argparse
from typing import TYPE_CHECKING

from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Judge the live model; where nothing waits, what was last said about it is said again."""
    from flows.console import connection, source
    from tasks.monitoring.steps import look_ahead
    from tasks.reporting import titles

    pipeline = chosen.pipeline
    hands.settings(pipeline)
    waiting = source.look(hands, pipeline)
    if hands.ledger.promotions.champion(pipeline) is None or not waiting.deliveries:
        health = look_ahead.last_health(hands, pipeline)
    else:
        with connection.connected(hands, pipeline, screen, stage=False):
            from flows.monitor import monitor

            health = monitor(pipeline)
    screen.facts({"pipeline": pipeline, "health": health.state, "reasons": health.reasons})
    screen.show([f"{pipeline}: {titles.STATES[health.state]}. {' '.join(health.reasons)}"])
    source.require(waiting)
    return 0
