"""The command `init`: from data to the file of a pipeline, with each guess, its reason, and the line to change."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from configs.errors import MistakeOfUser
from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.drafting.guess import Ask
    from tasks.drafting.steps.proposal import Proposal

ARGUMENTS: Arguments = {
    "pipeline": {"nargs": "?", "metavar": "NAME", "help": "name of the pipeline: configs/pipelines/NAME.yaml"},
    "--data": {
        "metavar": "PATH_OR_URL",
        "help": "a file, a folder with one file per batch, a pattern ('data/*.csv'), s3://bucket/prefix (gs://, az://),"
        " or the address of a database (with --table)",
    },
    "--table": {"metavar": "TABLE", "help": "the table of a database"},
    "--label": {
        "metavar": "COLUMN[=VALUE,…]",
        "help": "the column to predict, and which of its values count as yes (with those that have one as a part)",
    },
    "--time": {"metavar": "COLUMN", "help": "the column that says when a row happened"},
    "--key": {"metavar": "COLUMNS", "help": "columns that together name a row, parted by commas"},
    "--yes": {"action": "store_true", "help": "ask nothing: take the likeliest answer, and say so"},
    "--check": {
        "action": "store_true",
        "help": "say what the data would change in a file that there is; write nothing",
    },
}
_WIDE = 96


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Draft, show, write, and let the contract judge all rows; exit code 3 if it refuses a batch."""
    from tasks.drafting.draft import Wishes
    from tasks.drafting.steps import proposal

    if chosen.named is None:
        raise MistakeOfUser(f"Name the pipeline, and its data: {program.command('init churn --data churn.csv')}.")
    if chosen.check:
        from flows.console import init_check

        return init_check.check(hands, chosen, screen)
    if chosen.data is None:
        raise MistakeOfUser(f"Name the data: {program.command(f'init {chosen.named} --data PATH')}.")
    ask = _asking(chosen)
    proposed = proposal.propose(
        chosen.named, chosen.data, Wishes(chosen.label, chosen.time, chosen.key), ask, chosen.table
    )
    proposal.write(proposed)
    screen.show(list(_shown(proposed)))
    from flows.console import validate

    code = validate.rehearse(hands, chosen.named, None, screen, {"path": str(proposed.path), **_facts(proposed)})
    return code if code else _first_turn(hands, chosen, screen, ask)


def _asking(chosen: argparse.Namespace) -> "Ask":
    """Asks in a terminal; elsewhere, and with --yes, the likeliest answer is taken."""
    from tasks.drafting.guess import most_likely

    if chosen.yes or chosen.json or chosen.quiet or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return most_likely
    return _ask


def _ask(question: str, answers: Sequence[str], usual: str) -> str:
    listed = f"  ({', '.join(answers[:12])}{', …' if len(answers) > 12 else ''})\n" if answers else ""
    sys.stdout.write(f"{question}\n{listed}")
    while True:
        answer = input(f"  [{usual}] ").strip() or usual
        if not answers or all(part.strip() in answers for part in answer.split(",")):
            return answer
        sys.stdout.write(f"  {answer!r} is none of them.\n")


def _shown(proposed: "Proposal") -> Iterator[str]:
    from flows.console import lines
    from tasks.drafting import sheet

    draft = proposed.draft
    yield f"{program.path(proposed.path)} is written, from {draft.rows:,} rows with {draft.columns:,} columns."
    yield ""
    rows = [("line", "setting", "guess", "because")]
    for one in sorted(draft.guesses, key=lambda one: sheet.line_of(one.setting, proposed.lines) or 0):
        sign = "  <- look at this" if one.is_doubtful else ""
        rows.append((str(sheet.line_of(one.setting, proposed.lines) or ""), one.setting, one.value, f"{one.why}{sign}"))
    yield from _aligned(rows)
    if draft.left_out:
        yield from lines.wrapped(f"No features: {sheet.left_out(draft)}.", _WIDE, "  ")
    for leak in draft.doubts:
        yield from lines.wrapped(f"Look at {leak.column}: {leak.why}", _WIDE, "  ")
    yield ""


def _aligned(rows: Sequence[tuple[str, str, str, str]]) -> Iterator[str]:
    """Line, setting and guess, with the reason beside them, or below where there is no room."""
    sizes = [min(max(len(row[place]) for row in rows), most) for place, most in ((0, 4), (1, 34), (2, 30))]
    for row in rows:
        cells = "  ".join(f"{cell:<{size}}" for cell, size in zip(row, sizes, strict=False))
        yield f"  {cells}  {row[3]}".rstrip()


def _facts(proposed: "Proposal") -> dict[str, object]:
    draft = proposed.draft
    return {
        "guesses": [{"setting": one.setting, "value": one.value, "why": one.why} for one in draft.guesses],
        "left_out": {one.column: one.why for one in draft.left_out},
    }


def _first_turn(hands: "Home", chosen: argparse.Namespace, screen: "Terminal", ask: "Ask") -> int:
    from tasks.drafting.guess import most_likely

    run = program.command(program.named("run", chosen.named))
    if ask is most_likely or ask("Run the first turns now?", ("yes", "no"), "yes") == "no":
        screen.show([f"Next: {run}"])
        return 0
    from flows.console import commands, parsing

    words = parsing.read(["run", chosen.named])
    return commands.load("run").command(hands, words, screen)
