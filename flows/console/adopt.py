"""The command `adopt`: what an experiment has tried goes into the pipeline file; the next turn goes by it."""

import argparse
import sys
from typing import TYPE_CHECKING

from flows.console import program
from flows.console.arguments import FILE, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "pipeline": {"help": FILE},
    "name": {"metavar": "NAME", "help": "of the experiment; `experiments` lists them"},
    "--yes": {"action": "store_true", "help": "write without asking"},
}
"""The pipeline must be named: its file is changed."""


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Show what changes in the file, ask, and write it in one step; comments and order stay."""
    from configs.errors import MistakeOfUser
    from tasks.experiments import experiment_account
    from tasks.experiments.steps import adopting

    adoption = adopting.prepare(hands, chosen.pipeline, chosen.name)
    same, path = adopting.is_as_tried(adoption), program.path(adoption.path)
    screen.show([experiment_account.sentence(adoption.standing)])
    if not same:
        screen.show([f"{adoption.path.name} has changed since in other settings: this very file was not tried."])
    screen.show(["", *adoption.diff, ""])
    facts = {"pipeline": chosen.pipeline, "experiment": chosen.name, "path": str(adoption.path), "as_tried": same}
    if not chosen.yes and not sys.stdin.isatty():
        raise MistakeOfUser(f"Nothing was written. To write {path}: add --yes.")
    if not chosen.yes and not _agreed(f"Write {path}? [y/N] "):
        screen.facts({**facts, "written": False})
        screen.show(["Nothing was written."])
        return 0
    adopting.write(adoption)
    screen.facts({**facts, "written": True})
    screen.show([f"{path} is written. Evidence begins anew with the next turn: the settings of decisions are others."])
    return 0


def _agreed(question: str) -> bool:
    sys.stderr.write(question)
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
