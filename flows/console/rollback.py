"""The command `rollback`. It needs no Prefect: going back works when nothing else does."""

import argparse
from typing import TYPE_CHECKING

from flows.console.arguments import BY, FILE, REASON, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "--to": {"metavar": "VERSION", "help": "the version to go back to (default: the one that was live before)"},
    "--reason": REASON,
    "--by": BY,
    "pipeline": {"help": FILE},
}
"""The pipeline must be named: too much hangs on it to guess which one is meant."""


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Make an earlier version live: checked first, then one row in the ledger, then MLflow's alias and the report."""
    from flows.console import lines
    from tasks.adapters import lookup
    from tasks.adapters.processes import identity
    from tasks.domain import packages
    from tasks.lineage.steps import going_back
    from tasks.promotion.steps import return_to
    from tasks.reporting import titles

    pipeline, by = chosen.pipeline, chosen.by or identity.user()
    return_to.require_decision(hands, pipeline, chosen.reason, by)
    way = return_to.find_way(hands, pipeline, None if chosen.to is None else lookup.version(chosen.to))
    checked, problem = going_back.roll_back(hands, way, by, chosen.reason)
    if way.done:
        screen.show([f"{pipeline}: v{way.version} is live already, since {titles.since(way.live)}."])
    else:
        screen.show([f"{pipeline}: v{way.version} is live again in place of v{way.live.version}; {checked}."])
    package = hands.ledger.packages.of(pipeline, way.version)
    held = sorted(hands.ledger.promotions.held(pipeline))
    live = hands.ledger.promotions.all(pipeline)[-1]
    facts = {"pipeline": pipeline, "champion": live.version, "previous": live.previous, "changed": not way.done}
    screen.facts({**facts, "at": live.at.isoformat(), "by": live.by, "reason": live.reason, "checked": checked,
                  "barred": held, "shown": not problem, "problem": problem,
                  "package": package.digest if package else None})  # fmt: skip
    undone = [] if way.hold or way.done else [f"  v{way.live.version} is not barred: this undoes the last rollback."]
    screen.show([_shown(problem), *undone, *lines.held(pipeline, held)])
    screen.show([f"  {packages.sentence(pipeline, way.version, package)}"])
    return 0


def _shown(problem: str) -> str:
    if problem:
        return f"  MLflow or the report could not be told ({problem}); the next run makes up for it."
    return "  MLflow's alias `champion` and the report say so."
