"""The command `forget`: take the rows of a key out of the prediction log. It needs no Prefect."""

import argparse
from typing import TYPE_CHECKING

from flows.console.arguments import BY, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "--key": {
        "action": "append",
        "required": True,
        "metavar": "NAME=VALUE",
        "help": "a column of validation.key and its value; of several, rows that have all of them",
    },
    "--by": BY,
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Remove the rows, and say how many there were; none is no mistake."""
    from tasks.adapters.processes import identity
    from tasks.scoring.steps import erasing

    pipeline, by = chosen.pipeline, chosen.by or identity.user()
    wanted = erasing.read_key(hands, pipeline, chosen.key)
    done = erasing.forget(hands, pipeline, wanted, by)
    screen.facts({"pipeline": pipeline, "erasure": done.sequence, "rows": done.rows, "by": by, "key": done.key})
    rows = "1 row is" if done.rows == 1 else f"{done.rows:,} rows are"
    screen.show(
        [
            f"{pipeline}: {rows} gone from the prediction log. The ledger keeps erasure {done.sequence}: who, when, "
            "how many, and a digest of the key.",
            "  Requests that were refused, which may hold it, are gone as well.",
            "  Deliveries, models, and files that `score` has written are not part of the log, and stay.",
        ]
    )
    return 0
