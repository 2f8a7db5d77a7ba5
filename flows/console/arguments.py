"""Arguments of commands, as argparse takes them: those that all commands have, and those that several share.

Add one here when a second command has it. What only one command has stands in the module of that command.
"""

from collections.abc import Mapping
from typing import Any

from configs.environment import DEFAULT_PIPELINE

Arguments = Mapping[str, Mapping[str, Any]]
"""What argparse is told about each argument, in the order of the help."""

BY: Mapping[str, Any] = {"metavar": "NAME", "help": "who decides (default: who runs this)"}
REASON: Mapping[str, Any] = {"required": True, "metavar": "WHY", "help": "a sentence for the history"}
QUIET: Mapping[str, Any] = {"action": "store_true", "help": "print nothing but batches refused or held, and errors"}
EVERY: Mapping[str, Any] = {"action": "store_true", "help": "each pipeline of the folder, one by one"}
FILE = "name of a file in configs/pipelines/, without .yaml"


def pipeline(usual: str = DEFAULT_PIPELINE, also: str = "") -> Mapping[str, Any]:
    """The pipeline, which need not be named.

    Args:
        usual: What the command is about without one.
        also: What else the help says.
    """
    return {"nargs": "?", "help": f"{FILE} (default: {usual}){also}"}


def complete(own: Arguments) -> Arguments:
    """The arguments of a command: its own ones first, then those that all have."""
    also = "; may stand first, too" if words(own) else ""
    usual = {
        "pipeline": pipeline(also=also),
        "--quiet": QUIET,
        "--adopt": {
            "action": "store_true",
            "help": "first let a home that was moved, copied or restored take its ledger over",
        },
        "--json": {"action": "store_true", "help": "one JSON object per line on stdout, messages on stderr"},
    }
    return {**own, **{name: about for name, about in usual.items() if name not in own}}


def words(own: Arguments) -> list[str]:
    """What a command is about beside its pipeline, in the order in which it is documented."""
    return [name for name in own if not name.startswith("-") and name != "pipeline"]
