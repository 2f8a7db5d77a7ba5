"""The command `compare`: two versions on the same rows; it changes nothing."""

import argparse
from typing import TYPE_CHECKING

from configs.errors import MistakeOfUser
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "one": {"metavar": "version", "help": "a version, such as v4"},
    "other": {"metavar": "version", "help": "the one that is compared with it, such as v6"},
    "--on": {"metavar": "BATCH", "help": "name or digest of a batch (default: the last one with labels)"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Two versions on the same rows, beside how each has done so far."""
    from flows.console import lines, side_by_side
    from tasks.adapters import lookup
    from tasks.evaluation.steps import pairs
    from tasks.reporting import titles

    pipeline, settings = chosen.pipeline, hands.settings(chosen.pipeline)
    numbers = lookup.version(chosen.one), lookup.version(chosen.other)
    if numbers[0] == numbers[1]:
        raise MistakeOfUser(f"Both are v{numbers[0]} of {pipeline}: comparing takes two different versions.")
    pair = pairs.of(hands, pipeline, *numbers, on=chosen.on)
    gain = {"gain": pair.comparison.gain, "low": pair.comparison.low, "high": pair.comparison.high}
    about = {"pipeline": pipeline, "batch": pair.batch.name, "rows": pair.comparison.rows}
    screen.facts({**about, **gain, "versions": [side_by_side.as_object(side) for side in (pair.one, pair.other)]})
    rows = titles.number_of(pair.comparison.rows, settings.reporting.row)
    screen.show([f"{pipeline}: both on the same {rows} of batch {pair.batch.name}.", ""])
    screen.show(side_by_side.table(pair.one, pair.other))
    screen.show(["", *lines.wrapped(side_by_side.verdict(pair, settings), screen.width or lines.WIDEST)])
    return 0
