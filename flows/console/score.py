"""The command `score`: the live model answers every row of a file."""

import argparse
from typing import TYPE_CHECKING

from configs.errors import BadInput
from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "--in": {"dest": "source", "required": True, "metavar": "PATH_OR_URL", "help": "parquet, CSV or JSON lines"},
    "--out": {
        "default": "",
        "metavar": "FILE",
        "help": ".parquet, .csv, .json or .jsonl (default: in the home)",
    },
    "--version": {"metavar": "N", "help": "the version that answers (default: the one that is live)"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Score a file; exit code 3 if no row of it could be answered."""
    from tasks.adapters import lookup
    from tasks.reporting import endings
    from tasks.scoring.steps import score_file

    hands.settings(chosen.pipeline)
    version = None if chosen.version is None else lookup.version(chosen.version)
    done = score_file.score(hands, chosen.pipeline, chosen.source, score_file.require(chosen.out), version)
    screen.facts(
        {
            "pipeline": done.pipeline,
            "version": done.version,
            "path": str(done.path),
            "rows": done.rows,
            "answered": done.answered,
            "reasons": dict(done.reasons),
        }
    )
    screen.show([endings.scoring(done).message, f"Answers: {program.path(done.path)}"])
    return 0 if done.answered else BadInput.exit_code
