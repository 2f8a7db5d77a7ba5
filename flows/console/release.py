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
    from tasks.lineage.steps import going_back
    from tasks.promotion.steps import return_to

    pipeline, version, by = chosen.pipeline, lookup.version(chosen.version), chosen.by or identity.user()
    return_to.require_decision(hands, pipeline, chosen.reason, by)
    problem = going_back.release(hands, pipeline, version, by, chosen.reason)
    was_held = problem is not None
    held = sorted(hands.ledger.promotions.held(pipeline))
    about = {"pipeline": pipeline, "version": version, "released": was_held}
    screen.facts({**about, "barred": held, "problem": problem or ""})
    outcome = "is released: automation may have it again" if was_held else "was not barred"
    late = [f"  The report could not be told ({problem}); the next turn makes up for it."] if problem else []
    screen.show([f"{pipeline}: v{version} {outcome}.", *late, *lines.held(pipeline, held)])
    return 0
