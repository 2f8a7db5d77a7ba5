"""Rows of the tables about data: batches, what kept rows out, inputs.

Values in, texts and small pictures out; captions are `captions.py`. A cell is text that the template escapes.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.observations import ColumnDrift
from tasks.domain.turns import History, Turn
from tasks.problems import kinds
from tasks.reporting import pictures, titles, turn_columns
from tasks.reporting.marks import Chart

SIZES = (0.1, 0.2, 0.35, 0.5)
"""Distances at which the next larger square begins."""


@dataclass(frozen=True)
class BatchRow:
    """What became of one delivery."""

    turn: int
    name: str
    aside: str
    """`refused` or `held`; empty where it was taken in."""
    cells: Mapping[str, str]
    """By the names of `turn_columns.BATCHES`."""
    bar: Chart


@dataclass(frozen=True)
class RuleRow:
    """What one rule kept out, over all batches."""

    column: str
    message: str
    rows: str
    examples: str


@dataclass(frozen=True)
class Square:
    """How far one input was in one turn: size 1 to 5, filled if it moved."""

    turn: int
    css: str
    title: str


@dataclass(frozen=True)
class InputRow:
    """One input over the turns."""

    column: str
    importance: str
    bar: Chart
    squares: tuple[Square, ...]
    text: str
    """Where it differs most in the turn that is told in words, if it moved."""
    brief: str


def batches(history: History, settings: PipelineSettings) -> tuple[BatchRow, ...]:
    """One row per turn, in order."""
    most = max((t.batch.quarantined for t in history.turns if t.batch.is_in), default=0)
    return tuple(_batch(turn, most, settings) for turn in history.turns)


def rules(history: History) -> tuple[RuleRow, ...]:
    """What kept rows out, most rows first; refused batches are told in their stories."""
    rows: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], list[str]] = {}
    for turn in history.turns:
        if turn.batch.is_in:
            for finding in turn.batch.findings:
                key = (finding.column, finding.rule, finding.message)
                rows[key] += finding.rows
                examples.setdefault(key, []).extend(finding.examples)
    return tuple(
        RuleRow(key[0], key[2], wording.count(count), ", ".join(list(dict.fromkeys(examples[key]))[:3]))
        for key, count in rows.most_common()
    )


def missing(history: History) -> str:
    """Columns whose missing values the contract allows, with counts: `wind_gust (18,000), temp (70)`."""
    counts: Counter[str] = Counter()
    for turn in history.turns:
        counts.update(dict(turn.batch.missing))
    return ", ".join(f"{column} ({wording.count(count)})" for column, count in counts.most_common(20))


def weigher(turns: Sequence[Turn], last: Turn) -> Turn | None:
    """The turn that says what each input matters, to its challenger: that one, or else the latest that knows."""
    return last if last.importance else next((turn for turn in reversed(turns) if turn.importance), None)


def inputs(turns: Sequence[Turn], last: Turn | None, most: int) -> tuple[tuple[InputRow, ...], int]:
    """Rows by importance, then by distance, at most so many, moved ones first; and how many were left out.

    `last` is the turn whose distances are told in words; the squares are those of all turns.
    """
    if last is None or last.drift is None:
        return (), 0
    weighed = weigher(turns, last)
    rises = _rises(weighed) if weighed else {}
    weights = {name: value for name, (value, _) in rises.items()}
    far = {c.column: c.effect for turn in turns if turn.drift for c in turn.drift.columns if c.moved}
    names = [c.column for c in last.drift.columns]
    kept = sorted(names, key=lambda n: (n not in far, -weights.get(n, 0.0)))[:most] if len(names) > most else names
    kept = sorted(kept, key=lambda n: (-weights.get(n, 0.0), -far.get(n, 0.0)))
    highest = max(weights.values(), default=0.0)
    known = [(turn, {c.column: c for c in turn.drift.columns} if turn.drift else {}) for turn in turns]
    now = {c.column: c for c in last.drift.columns}
    rows = tuple(
        InputRow(
            column=name,
            importance=rises[name][1] if name in rises else wording.MISSING,
            bar=pictures.bar(weights.get(name, 0.0), highest),
            squares=tuple(_square(turn, moved.get(name)) for turn, moved in known),
            text=now[name].text if now[name].moved else "",
            brief=now[name].text.split("; ")[0] if now[name].moved else "",
        )
        for name in kept
    )
    return rows, len(names) - len(kept)


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _batch(turn: Turn, most: int, settings: PipelineSettings) -> BatchRow:
    aside = "" if turn.batch.is_in else turn.batch.status.value
    bar = pictures.bar(0 if aside else turn.batch.quarantined, most)
    name = turn.batch.name if turn.batch.labels is None else f"{turn.batch.name} (labels)"
    return BatchRow(turn.number, name, aside, turn_columns.cells(turn_columns.BATCHES, turn, settings), bar)


def _square(turn: Turn, column: ColumnDrift | None) -> Square:
    if column is None:
        css = "x" if not turn.batch.is_in else ""
        return Square(turn.number, css, "")
    size = 1 + bisect_right(SIZES, column.effect)
    title = f"{titles.medium(turn.batch)}, {column.column}: {column.text or 'no change'}"
    return Square(turn.number, f"s{size} on" if column.moved else f"s{size}", title)


def _rises(turn: Turn) -> dict[str, tuple[float, str]]:
    """By how much what is told of the loss rises without each input: as a number and written."""
    judged = turn.probe or turn.champion
    if judged is None:
        return {}
    return {name: kinds.of(judged).rise(value, judged.loss.value) for name, value in turn.importance}
