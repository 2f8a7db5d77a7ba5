"""What `init --check` shows: what the data would change in a pipeline file that there is. Nothing is written."""

import argparse
from typing import TYPE_CHECKING

from flows.console import program

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

CHANGED = 1
"""Exit code where something would change."""


def check(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Say what would change; exit code 1 if anything would."""
    from flows.console import validate
    from tasks.drafting.steps import proposal, rehearsal

    settings, changes = hands.settings(chosen.named), proposal.check(hands, chosen.named, chosen.data)
    has_others = settings.ingestion.labels is not None or settings.features.tables
    others = rehearsal.rehearse(hands, chosen.named, chosen.data).others if has_others else []
    objects = [{"setting": one.setting, "what": one.what, "line": one.line} for one in changes]
    screen.facts({"pipeline": chosen.named, "changes": objects, **validate.objects_of(others)})
    if not changes:
        screen.show([f"{chosen.named}: the rows are as its file says.", *validate.of_others(others)])
        return CHANGED if any(one.wrong for one in others) else 0
    screen.show([f"{chosen.named}: the rows are not as its file says:"])
    for one in changes:
        screen.show([f"  {one.setting}: {one.what}", *([f"      {one.line}"] if one.line else [])])
    screen.show(list(validate.of_others(others)))
    screen.show([f"Nothing was changed. All rows through the contract: {program.command(f'validate {chosen.named}')}"])
    return CHANGED
