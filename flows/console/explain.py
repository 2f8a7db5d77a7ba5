"""The command `explain`: the story of a turn, a batch or a version, from stored records alone."""

import argparse
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from configs.errors import MistakeOfUser
from flows.console.arguments import Arguments

if TYPE_CHECKING:
    from flows.console.terminal import Terminal
    from tasks.adapters.home import Home
    from tasks.domain.records import Model
    from tasks.domain.turns import History, Turn
    from tasks.reporting.stories import Part

ARGUMENTS: Arguments = {
    "what": {"help": "a turn (4), a batch (2013-04, or the beginning of its digest), or a version (v6)"},
}
_NUMBER = re.compile(r"(?:turn[ -]?)?(\d{1,9})", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"v\d{1,9}", re.ASCII | re.IGNORECASE)
_WIDTH_OF_NAMES = 10


def command(hands: "Home", chosen: argparse.Namespace, screen: "Terminal") -> int:
    """Tell the story; it changes nothing."""
    from flows.console import lines
    from tasks.adapters import lookup
    from tasks.lineage.steps import own_steps
    from tasks.reporting import lives, stories, titles
    from tasks.reporting.steps import report_file

    pipeline, settings, changed = chosen.pipeline, hands.settings(chosen.pipeline), list[str]()
    history = report_file.read_history(hands, pipeline)
    if _VERSION.fullmatch(chosen.what):
        number = lookup.version(chosen.what)
        model, before = lookup.model(hands, pipeline, number), own_steps.before(hands, pipeline, number)
        steps = own_steps.listed(hands, pipeline, model)
        parts, head = lives.life(history, number, settings, steps), f"{pipeline}, v{number}"
        about: dict[str, object] = {"version": number, **({"feature_steps": steps} if steps else {})}
        changed = _changed(hands, pipeline, before, model)
    else:
        turn = _turn(hands, pipeline, history, chosen.what)
        parts = stories.story(history, turn, settings)
        head = f"{pipeline}, turn {turn.number}, batch {turn.batch.name}: {titles.verdict(turn)}"
        about = {"turn": turn.number, "batch": turn.batch.name, "verdict": turn.outcome and turn.outcome.value}
    story = [{"step": part.name.lower(), "sentences": list(part.sentences)} for part in parts]
    screen.facts({"pipeline": pipeline, **about, "story": story})
    screen.show([lines.clean(head), *_story(parts, screen.width), *map(lines.clean, changed)])
    return 0


def _changed(hands: "Home", pipeline: str, before: int | None, model: "Model") -> list[str]:
    """What changed in feature steps of the user since the version before in which they were others."""
    from flows.console.lines import INDENT
    from tasks.adapters import lookup
    from tasks.lineage.steps import own_steps

    if before is None:
        return []
    changes = own_steps.changes(hands, pipeline, lookup.model(hands, pipeline, before), model)
    code = dict.fromkeys(one.code for one in changes if one.code)
    text = [f"{INDENT}{line}" for lines in code for line in lines]
    return ["", f"What changed in its feature steps since v{before}", *text] if text else []


def _turn(hands: "Home", pipeline: str, history: "History", what: str) -> "Turn":
    """The turn of this number, or the one of this batch."""
    from tasks.adapters import lookup
    from tasks.reporting import titles

    turns, number = {turn.number: turn for turn in history.turns}, _NUMBER.fullmatch(what)
    if number and int(number[1]) in turns:
        return turns[int(number[1])]
    for row in hands.ledger.turns.all(pipeline):
        if number and row["number"] == int(number[1]):  # its batch was not taken in
            reasons = "; ".join(row["reasons"]) or "it was cut off before its batch was taken in"
            problem = f"Turn {row['number']} ({row['batch_name']}) has no story: {reasons}"
            raise MistakeOfUser(titles.ended(problem))
    if number and (what.lower().startswith("turn") or not _is_batch(hands, pipeline, what)):
        raise MistakeOfUser(
            f"Unknown turn {number[1]} of {pipeline}. It has {len(turns) or 'no'} turns; versions are written as v6."
        )
    batch = lookup.batch(hands, pipeline, what)
    turn = next((turn for turn in reversed(history.turns) if turn.batch.id == batch.id), None)
    if turn is None:
        raise MistakeOfUser(f"Batch {batch.name} has had no turn.")
    return turn


def _is_batch(hands: "Home", pipeline: str, what: str) -> bool:
    return any(what == batch.name for batch in hands.ledger.batches.all(pipeline))


def _story(parts: "Sequence[Part]", width: int | None) -> list[str]:
    """Name and sentences of each part, side by side."""
    from flows.console.lines import INDENT, WIDEST, wrapped

    size = min(width or WIDEST, WIDEST)
    text = []
    for part in parts:
        first, *rest = wrapped(" ".join(part.sentences), size, " " * _WIDTH_OF_NAMES + INDENT) or [""]
        text += [f"{INDENT}{part.name:<{_WIDTH_OF_NAMES}}{first.lstrip()}", *rest]
    return text
