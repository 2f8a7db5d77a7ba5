"""The command `env`: the libraries that a version was fitted with, as a lock file for pip; it changes nothing."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "version": {"help": "a version, such as v7"},
    "--out": {"metavar": "FILE", "help": "write it there: .txt or .lock, for `pip install --require-hashes -r FILE`"},
}
_ENDINGS = (".txt", ".lock")


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Show its lock file, or write it as it was; and say whether it is the one of now."""
    from tasks.adapters import exports, lookup
    from tasks.lineage.steps import environments

    hands.settings(chosen.pipeline)
    number = lookup.version(chosen.version)
    model, path = lookup.model(hands, chosen.pipeline, number), None
    if chosen.out is not None:
        path = Path(chosen.out)
        exports.require(path, hands.folder, _ENDINGS)
    lock = environments.require(hands, model, f"v{number}")
    about = {"pipeline": chosen.pipeline, "version": number, "lock": lock.digest, "from": lock.place.value}
    same = "the same as that of now" if lock.is_of_now else "another one than that of now"
    text = f"v{number} of {chosen.pipeline}: fitted with requirements.lock {lock.digest[:12]}, {same}"
    if path is not None:
        exports.write_text(path, lock.text)
        screen.facts({**about, "of_now": lock.is_of_now, "path": str(path)})
        screen.show([f"{text}; written to {path}"])
        return 0
    screen.facts({**about, "of_now": lock.is_of_now, "text": lock.text})
    screen.show([f"# {text}", *([] if chosen.json else lock.text.splitlines())])
    return 0
