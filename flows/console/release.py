"""The command `release`: let automation have a version again that a rollback took off. It needs no Prefect."""

import argparse
from typing import TYPE_CHECKING

from flows.console.arguments import BY, REASON, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "version": {"help": "the version that was rolled back, such as v6"},
    "--reason": {**REASON, "required": False, "default": "no reason was given"},
    "--by": BY,
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Let automation have the version again; who is live does not change."""
    from flows.console import lines
    from tasks.adapters import lookup
    from tasks.adapters.processes import identity
    from tasks.lineage.steps import live_version
    from tasks.promotion import rollback as rules
    from tasks.promotion.steps import return_to

    pipeline, version, by = chosen.pipeline, lookup.version(chosen.version), chosen.by or identity.user()
    hands.settings(pipeline)
    rules.require_words(chosen.reason, by)
    was_held = return_to.release(hands, pipeline, version, by, chosen.reason)
    problem = live_version.show_release(hands, pipeline) if was_held else ""
    held = sorted(hands.ledger.promotions.held(pipeline))
    screen.facts({"pipeline": pipeline, "version": version, "released": was_held, "held": held, "problem": problem})
    outcome = "is released: automation may have it again" if was_held else "was not held off"
    late = [f"  The report could not be told ({problem}); the next turn makes up for it."] if problem else []
    screen.show([f"{pipeline}: v{version} {outcome}.", *late, *lines.held(pipeline, held)])
    return 0
