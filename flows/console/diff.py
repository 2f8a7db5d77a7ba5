"""The command `diff`: what differs between two versions, snapshots or batches; it changes nothing."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from configs.errors import Damaged
from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.lineage.origins import Origins
    from tasks.lineage.steps.differing import Diff

NAMES = "a version (v4), a batch (2013-04, or the beginning of its digest), or the id of a snapshot"
ARGUMENTS: Arguments = {
    "one": {"metavar": "A", "help": NAMES},
    "other": {"metavar": "B", "help": "what is compared with it"},
    "--page": {"action": "store_true", "help": "also write it as a page beside the report"},
    "--delivered": {"action": "store_true", "help": "of batches all rows that came, also those set aside or refused"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Rows, columns, settings, code and libraries; where rows of a version are gone, the rest of it."""
    from flows.console import account, lines
    from tasks.lineage.steps import differing

    hands.settings(chosen.pipeline)
    diff = differing.diff(hands, chosen.pipeline, chosen.one, chosen.other, delivered=chosen.delivered)
    page = differing.publish(hands, diff) if chosen.page else None
    screen.facts({**as_object(diff), "page": page and str(page)})
    width = screen.width or lines.WIDEST
    screen.show([f"{diff.pipeline}: {diff.now.title} against {diff.was.title}"])
    screen.show([line for part in differing.sections(hands, diff) for line in account.text(part, width)])
    screen.show(["", f"Page: {program.path(page)}"] if page else [])
    return 0 if diff.rows else _is_damaged(diff, screen)


def as_object(diff: "Diff") -> dict[str, object]:
    """All of it for machines."""
    sides = {"pipeline": diff.pipeline, "was": diff.was.title, "now": diff.now.title, "looked_at": diff.looked_at}
    measured = asdict(diff.rows) if diff.rows else {"rows": None, "problem": diff.problem}
    return {**sides, **measured, **_made_with(diff.origins)}


def _made_with(origins: "Origins | None") -> dict[str, object]:
    if origins is None:
        return {}
    models = [
        {"family": one.family, "snapshot": one.snapshot.id, "code": one.code_version, "lock": one.lock_hash}
        for one in origins.models
    ]
    changes = {
        name: None if changed is None else [{"name": one.setting, "was": one.was, "now": one.now} for one in changed]
        for name, changed in (("settings", origins.settings), ("libraries", origins.libraries))
    }
    commits = {"commits": origins.commits, "commits_gone": origins.commits_gone, "own_code": origins.code}
    steps = [{"name": one.name, "was": one.was, "now": one.now, "code": one.code} for one in origins.steps]
    return {"models": models, **changes, **({"steps": steps} if steps else {}), **commits}


def _is_damaged(diff: "Diff", screen: "Terminal") -> int:
    screen.alarm([diff.problem])
    return Damaged.exit_code
