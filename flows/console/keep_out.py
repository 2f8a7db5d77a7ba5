"""The command `keep-out`: refuse a batch that is held."""

import argparse
from typing import TYPE_CHECKING

from flows.console.arguments import BY, REASON, Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "batch": {"help": "a held batch: its name, or the beginning of its digest"},
    "--reason": REASON,
    "--by": BY,
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Refuse the batch; its bytes stay, and it can still be admitted later."""
    from flows.console import connection, lines
    from tasks.adapters.processes import identity
    from tasks.domain.decisions import Decision
    from tasks.ingestion.steps import admission
    from tasks.promotion.steps import return_to

    pipeline, by = chosen.pipeline, chosen.by or identity.user()
    return_to.require_decision(hands, pipeline, chosen.reason, by)
    held = admission.find(hands, pipeline, chosen.batch, Decision.KEEP_OUT)  # a mistake ends here
    with connection.connected(hands, pipeline, screen, stage=False):
        from flows.admit import keep_out

        batch = keep_out(held.id, chosen.reason, pipeline, by)
    screen.facts({**lines.batch_object(pipeline, batch), "kept_out_by": by, "why": chosen.reason})
    screen.show([lines.batch_line(batch)])
    return 0
