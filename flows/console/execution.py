"""Executes one command: opens the home and the screen, and closes both whatever comes."""

import argparse
import sys

from configs.errors import UnknownPipeline
from flows.console import commands, terminal
from tasks.adapters import home, permissions


def execute(chosen: argparse.Namespace) -> int:
    """Do one command; returns the exit code.

    Args:
        chosen: The parsed command line: command, pipeline, what was named as one, quiet, json, adopt.

    Raises:
        UnknownPipeline: The pipeline has the name of a command.
    """
    if chosen.pipeline in commands.COMMANDS:
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
        return commands.load(chosen.command).command(hands, chosen, screen)
    finally:
        screen.close()
        hands.close()
