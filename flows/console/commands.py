"""The commands and their help lines. A new one takes a line here, and a module of its name in this folder.

The module holds `ARGUMENTS`, those that only this command has, and `command(hands, chosen, screen)`: it calls the same
step or flow as everybody, shows on the screen what came of it, and returns the exit code. The module is imported when
its command is given, also for its help: what is heavy is imported in the function.
"""

import argparse
import importlib
from typing import TYPE_CHECKING, Protocol, cast

from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

COMMANDS = {
    "init": "from data to a pipeline: its file, with each guess and its reason; --data PATH [--label COLUMN]",
    "validate": "a pipeline's file, its contract on all rows, and what a turn would find; nothing is kept",
    "run": "catch up: one turn for each batch that waits, then the report (the default)",
    "ingest": "take in what waits, train nothing",
    "monitor": "judge the live model and its inputs on what waits, before a turn takes it in",
    "poll": "announce new data, and make up for what was missed: for schedules",
    "train": "finish the oldest turn that is not done",
    "status": "the live model, what waits, the last turns; without a name, of all pipelines",
    "history": "who was live when, and on what evidence",
    "rollback": "make an earlier version live again, and keep automation off the one that is taken off",
    "release": "let automation have a version again that was rolled back",
    "score": "the live model answers every row of a file; --in PATH_OR_URL [--out FILE] [--version N], or --replay ID",
    "forget": "take the rows of a key out of the prediction log; --key NAME=VALUE, as often as it takes",
    "admit": "take in a held batch; read a refused one again, and judge it under the settings of now",
    "keep-out": "refuse a held batch for good",
    "compare": "two versions on the same rows, beside how each has done",
    "diff": "what differs between two versions, batches or snapshots: rows, columns, settings, code, libraries",
    "why": "which difference between two versions explains that one is better: each is undone, and trained again",
    "sql": "a question in SQL about rows, batches, turns, versions and scores, read only; --out FILE",
    "profile": "a page to explore rows with: those of a version, a batch, a snapshot or a file",
    "features": "what models learn from: by what each column is made, who uses it, what it matters, how fresh it is",
    "env": "the libraries that a version was fitted with, as a lock file that pip installs; --out FILE",
    "reproduce": "train a version again from its snapshot, settings and seed, and compare what both say",
    "experiment": "replay what was taken in under other settings, beside the live models; --set KEY=VALUE [--from …]",
    "experiments": "how the experiments of a pipeline stand, corrected for how many were tried, and their page",
    "backtest": "what another rule of promotion would have cost, beside never and always; nothing is fitted; --suggest",
    "adopt": "write what an experiment has tried into the pipeline file; --yes",
    "explain": "the story of a turn, a batch or a version, from what was recorded",
    "verify": "recompute from the bytes what the ledger says, and print each difference",
    "simulate": "write a faulty batch into the landing folder, to see the loop answer",
    "prepare": "write the example data into the landing folder, and make the databases",
}
"""Their names are reserved: no pipeline can be called so."""


class Command(Protocol):
    """What the module of a command holds."""

    ARGUMENTS: Arguments
    """Those that only this command has; one that all have is replaced by one of the same name."""

    def command(self, hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
        """Do it; returns the exit code."""


def load(name: str) -> Command:
    """The module of a command."""
    return cast(Command, importlib.import_module(f"flows.console.{name.replace('-', '_')}"))
