"""The command `why`: which difference between two versions explains that one is better; it changes nothing."""

import argparse
from dataclasses import asdict
from typing import TYPE_CHECKING

from flows.console import program
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.lineage.steps.attributing import Why


def _fits(text: str) -> int:
    """How many models are fitted at most."""
    number = int(text)
    if not 1 <= number <= 1_000:
        raise ValueError(text)
    return number


_fits.__name__ = "number of fits"  # what argparse calls it

ARGUMENTS: Arguments = {
    "one": {"metavar": "A", "help": "a version, such as v4"},
    "other": {"metavar": "B", "help": "the one that is trained again with one difference to A undone at a time"},
    "--on": {"metavar": "BATCH", "help": "where both are judged (default: the newest that neither learned from)"},
    "--fits": {"type": _fits, "metavar": "N", "default": 12, "help": "how many models are fitted (default: 12)"},
    "--page": {"action": "store_true", "help": "also write it as a page beside the report"},
}


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Train again with one difference undone at a time, and tell which of them explains the difference in loss."""
    from flows.console import account, lines
    from tasks.lineage.steps import attributing

    hands.settings(chosen.pipeline)
    asked = chosen.pipeline, chosen.one, chosen.other, chosen.on
    answer = attributing.why(hands, *asked, fits=chosen.fits)
    page = attributing.publish(hands, answer) if chosen.page else None
    screen.facts({**as_object(answer), "page": page and str(page)})
    width = screen.width or lines.WIDEST
    one, other = answer.versions
    screen.show([f"{answer.pipeline}: why v{other} differs from v{one}"])
    screen.show([line for part in attributing.sections(hands, answer) for line in account.text(part, width)])
    screen.show(["", f"Page: {program.path(page)}"] if page else [])
    return 0


def as_object(answer: "Why") -> dict[str, object]:
    """All of it for machines; the gain is the loss of A less that of B."""
    judged = answer.judged
    gain = {"gain": judged.gain, "low": judged.low, "high": judged.high, "metric": judged.metric}
    about = {"pipeline": answer.pipeline, "versions": list(answer.versions), "batch": answer.batch.name}
    tried = [{**asdict(one), "kind": one.kind.value, "answer": one.answer.value} for one in answer.tried]
    work = {"fits": answer.fits, "left_out": list(answer.left_out)}
    return {**about, "rows": judged.rows, **gain, "differ": answer.differ, "tried": tried, **work}
