"""What `compare`, `reproduce` and `explain` do: they read, ask and tell, and change nothing."""

import argparse
import re
from collections.abc import Sequence

from configs.errors import Damaged, MistakeOfUser
from configs.settings import PipelineSettings
from flows.console import lines
from flows.console.lines import INDENT, clean, wrapped
from flows.console.terminal import Terminal
from tasks.adapters import lookup
from tasks.adapters.home import Home
from tasks.domain import wording
from tasks.domain.records import Score
from tasks.domain.turns import History, Turn
from tasks.evaluation.steps import comparison
from tasks.evaluation.steps.comparison import Pair, Side
from tasks.problems import measures
from tasks.reporting import lives, sentences, stories, titles, versions
from tasks.reporting.steps import report_file
from tasks.reporting.stories import Part

_NUMBER = re.compile(r"(?:turn[ -]?)?(\d{1,9})", re.ASCII | re.IGNORECASE)
_VERSION = re.compile(r"v\d{1,9}", re.ASCII | re.IGNORECASE)
_WIDTH_OF_NAMES = 10


def compare(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """Two versions on the same rows, beside how each has done so far."""
    pipeline, settings = chosen.pipeline, hands.settings(chosen.pipeline)
    numbers = lookup.version(chosen.one), lookup.version(chosen.other)
    if numbers[0] == numbers[1]:
        raise MistakeOfUser(f"Both are v{numbers[0]} of {pipeline}: comparing takes two different versions.")
    pair = comparison.compare(hands, pipeline, *numbers, on=chosen.on)
    measured = {"gain": pair.comparison.gain, "low": pair.comparison.low, "high": pair.comparison.high}
    about = {"pipeline": pipeline, "batch": pair.batch.name, "rows": pair.comparison.rows}
    screen.facts({**about, **measured, "versions": [_as_object(pair.one), _as_object(pair.other)]})
    rows = titles.number_of(pair.comparison.rows, settings.reporting.row)
    screen.show([f"{pipeline}: both on the same {rows} of batch {pair.batch.name}.", ""])
    screen.show(_side_by_side(pair.one, pair.other))
    screen.show(["", *wrapped(_verdict(pair, settings), screen.width or lines.WIDEST)])
    return 0


def reproduce(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """Train a version again from its snapshot, settings and seed, and compare what both say."""
    from tasks.lineage.steps import reproduction

    pipeline, number = chosen.pipeline, lookup.version(chosen.version)
    hands.settings(pipeline)
    found = reproduction.reproduce(hands, pipeline, lookup.model(hands, pipeline, number))
    told = {"pipeline": pipeline, "version": number, "reproduced": found.succeeded, "rows": found.rows}
    about = {"largest_difference": found.largest, "same_bytes": found.same_bytes}
    screen.facts({**told, **about, "gone": list(found.gone), "changed": list(found.changed)})
    since = f" Changed since: {'; '.join(found.changed)}." if found.changed else ""
    if found.gone:
        screen.alarm([f"{pipeline}: v{number} cannot be made again. Gone: {'; '.join(found.gone)}.{since}"])
        return Damaged.exit_code
    asked = f"{wording.count(found.rows)} rows that both were asked about"
    if not found.succeeded:
        off = f"the answers differ by up to {found.largest:.3g} on {asked}"
        screen.alarm([f"{pipeline}: v{number} was made again and is another model: {off}.{since}"])
        return Damaged.exit_code
    same = "the bundle is the same to the last byte" if found.same_bytes else "the bundle's bytes differ"
    screen.show([f"{pipeline}: v{number} was made again and says the same on {asked}; {same}.{since}"])
    return 0


def explain(hands: Home, chosen: argparse.Namespace, screen: Terminal) -> int:
    """The story of a turn, a batch or a version, from stored records alone."""
    pipeline, settings = chosen.pipeline, hands.settings(chosen.pipeline)
    history = report_file.read_history(hands, pipeline)
    if _VERSION.fullmatch(chosen.what):
        number = lookup.version(chosen.what)
        lookup.model(hands, pipeline, number)
        parts, head = lives.life(history, number, settings), f"{pipeline}, v{number}"
        about: dict[str, object] = {"version": number}
    else:
        turn = _turn(hands, pipeline, history, chosen.what)
        parts = stories.story(history, turn, settings)
        head = f"{pipeline}, turn {turn.number}, batch {turn.batch.name}: {titles.verdict(turn)}"
        about = {"turn": turn.number, "batch": turn.batch.name, "verdict": turn.outcome and turn.outcome.value}
    story = [{"step": part.name.lower(), "sentences": list(part.sentences)} for part in parts]
    screen.facts({"pipeline": pipeline, **about, "story": story})
    screen.show([clean(head), *_told(parts, screen.width)])
    return 0


# ── explain ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _turn(hands: Home, pipeline: str, history: History, what: str) -> Turn:
    """The turn of this number, or the one of this batch."""
    known, number = {turn.number: turn for turn in history.turns}, _NUMBER.fullmatch(what)
    if number and int(number[1]) in known:
        return known[int(number[1])]
    for row in hands.ledger.turns.all(pipeline):
        if number and row["number"] == int(number[1]):  # its batch was not taken in
            reasons = "; ".join(row["reasons"]) or "it was cut off before its batch was taken in"
            told = f"Turn {row['number']} ({row['batch_name']}) has no story: {reasons}"
            raise MistakeOfUser(titles.ended(told))
    if number and (what.lower().startswith("turn") or not _is_batch(hands, pipeline, what)):
        raise MistakeOfUser(
            f"Unknown turn {number[1]} of {pipeline}. It has {len(known) or 'no'} turns; versions are written as v6."
        )
    batch = lookup.batch(hands, pipeline, what)
    turn = next((turn for turn in reversed(history.turns) if turn.batch.id == batch.id), None)
    if turn is None:
        raise MistakeOfUser(f"Batch {batch.name} has had no turn.")
    return turn


def _is_batch(hands: Home, pipeline: str, what: str) -> bool:
    return any(what == batch.name for batch in hands.ledger.batches.all(pipeline))


def _told(parts: Sequence[Part], width: int | None) -> list[str]:
    size = min(width or lines.WIDEST, lines.WIDEST)
    told = []
    for part in parts:
        first, *rest = wrapped(" ".join(part.sentences), size, " " * _WIDTH_OF_NAMES + INDENT) or [""]
        told += [f"{INDENT}{part.name:<{_WIDTH_OF_NAMES}}{first.lstrip()}", *rest]
    return told


# ── compare ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _as_object(side: Side) -> dict[str, object]:
    own = {"version": side.version, "family": side.model.family, **_measured(side.score)}
    gate = {"batch": side.gate[0], **_measured(side.gate[1])} if side.gate else None
    judged = [{"batch": name, **_measured(score)} for name, score in side.judged]
    return {**own, "learned_from_these_rows": side.has_learned, "gate": gate, "judged": judged}


def _measured(score: Score) -> dict[str, object]:
    return {"rows": score.rows, **{metric.name: metric.value for metric in score.metrics}}


def _side_by_side(*sides: Side) -> list[str]:
    """One line per version: on these rows, at its gate, on the batches since."""
    told_as = measures.of(sides[0].score)
    head = ("version", "family", told_as.title, "at its gate", "judged live or as challenger", "trained on")
    rows = [head]
    for side in sides:
        gate = f"{sentences.loss(side.gate[1])} on {side.gate[0]}" if side.gate else "never live"
        losses = [score.metrics[0].value for _, score in side.judged]
        known = [value for value in losses if value is not None]
        between = f"{told_as.loss(min(known))} to {told_as.loss(max(known))}" if len(known) > 1 else ""
        told = f"{_times(len(known))}: {between or told_as.loss(known[0])}" if known else "never"
        family = side.model.family.replace("_", " ")
        rows.append((f"v{side.version}", family, sentences.loss(side.score), gate, told, versions.span(side.model)))
    return lines.table(rows, right=len(head))


def _times(count: int) -> str:
    return titles.number_of(count, ("batch", "batches"))


def _verdict(pair: Pair, settings: PipelineSettings) -> str:
    """Which of the two is better on these rows, whether that can be told, and what has to be known beside it."""
    found, percent = pair.comparison, wording.share(settings.evaluation.confidence)
    one, other = f"v{pair.one.version}", f"v{pair.other.version}"
    told = measures.of(found)
    text = f"{titles.capital(told.gain_title)} of {other} over {one}: {measures.gain(found)} "
    text += f"({percent} interval {measures.ends(found)})"
    text += "; " if told.is_number else f" per {settings.reporting.row[0]}; "
    if found.low > 0:
        text += f"{other} is better."
    else:
        text += f"{one} is better." if found.high < 0 else "which one is better cannot be told from these rows."
    learned = [f"v{side.version}" for side in (pair.one, pair.other) if side.has_learned]
    if learned:
        text += f" {titles.listed(learned)} learned from rows of this batch: that flatters it."
    return f"{text} This changes nothing: who is live is decided by evidence over many batches."
