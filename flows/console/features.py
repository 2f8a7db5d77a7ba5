"""The command `features`: what the models of all pipelines, or of one, learn from; it changes nothing."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from flows.console import arguments
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.lineage.steps.feature_list import Feature

ARGUMENTS: Arguments = {"pipeline": arguments.pipeline(usual="all")}
_COLUMNS = ("pipeline", "feature", "type", "made by", "of", "code", "also in", "matters", "missing", "newest")


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """One line for each feature, those that matter most to the live model first."""
    from configs import loader
    from flows.console import lines
    from tasks.lineage.steps import feature_list

    names = [chosen.named] if chosen.named is not None else loader.known()
    listed = list(feature_list.features(hands, names))
    for one in listed:
        screen.facts(asdict(one))
    if listed:
        screen.show(lines.table([_COLUMNS, *map(_cells, listed)], right=len(_COLUMNS)))
    else:
        screen.show(["There is no pipeline yet: `init NAME --data PATH` makes one."])
    return 0


def _cells(one: "Feature") -> list[str]:
    from tasks.domain import wording

    matters = "" if one.matters is None else f"{one.matters:+.4f}"
    missing = "" if one.missing is None else f"{one.missing:.0%}"
    origin = (one.pipeline, one.name, one.type, one.made_by, ", ".join(one.of), one.source[:8], ", ".join(one.shared))
    return [cell or wording.MISSING for cell in (*origin, matters, missing, one.newest)]
