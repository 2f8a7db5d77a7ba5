"""The command `score`: the live model answers every row of a file, or what was asked before is asked again."""

import argparse
from typing import TYPE_CHECKING

from configs.errors import BadInput, Damaged, MistakeOfUser
from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home

ARGUMENTS: Arguments = {
    "--in": {"dest": "source", "metavar": "PATH_OR_URL", "help": "parquet, CSV or JSON lines"},
    "--out": {
        "default": "",
        "metavar": "FILE",
        "help": ".parquet, .csv, .json or .jsonl (default: in the home)",
    },
    "--version": {"metavar": "N", "help": "the version that answers (default: the one that is live)"},
    "--explain": {
        "action": "store_true",
        "help": "tell which inputs add most to each answer, and how much (in log-odds, or in the number itself)",
    },
    "--replay": {
        "metavar": "ID",
        "help": "in place of --in: an id of the prediction log, of which the version that gave "
        "the answer is asked again; of a request that was refused, the live one",
    },
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Score a file; exit code 3 if no row of it could be answered."""
    from tasks.adapters import lookup

    hands.settings(chosen.pipeline)
    version = None if chosen.version is None else lookup.version(chosen.version)
    if (chosen.source is None) == (chosen.replay is None):
        raise MistakeOfUser("Name a file with --in PATH_OR_URL, or what was asked before with --replay ID.")
    if chosen.replay is not None:
        return _replay(hands, chosen.pipeline, chosen.replay, version, screen)
    from tasks.reporting import endings
    from tasks.scoring.steps import score_file

    out = score_file.require(chosen.out)
    done = score_file.score(hands, chosen.pipeline, chosen.source, out, version, explain=chosen.explain)
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


def _replay(hands: "Home", pipeline: str, name: str, version: int | None, screen: "Terminal") -> int:
    """Ask again; exit code 11 if a version does not answer as the log says that it did."""
    from tasks.scoring.steps import replaying

    done = replaying.replay(hands, pipeline, name, version)
    screen.facts({"pipeline": pipeline, **vars(done)})
    outcome = "the same" if done.is_same else "something else"
    screen.show([f"{done.id}  v{done.then_version} said {done.then}", f"  v{done.version} says {outcome}: {done.now}"])
    is_damaged = done.was_answered and done.version == done.then_version and not done.is_same
    return Damaged.exit_code if is_damaged else 0
