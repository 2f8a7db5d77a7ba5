"""Rows of the table of slices: champion and challenger on each part of the rows, with intervals.

Values in, texts and small pictures out; the caption is in `findings.py`.
"""

from dataclasses import dataclass

from tasks.core import measures, wording
from tasks.core.records import Metric, Score, SliceScore
from tasks.core.reporting import pictures
from tasks.core.reporting.marks import Chart
from tasks.core.reporting.sentences import loss, written
from tasks.core.turns import Turn


@dataclass(frozen=True)
class SliceRow:
    """One slice: both models, their difference, and what the guard says."""

    column: str
    label: str
    cells: tuple[str, ...]
    """Rows, share of positives (or mean label), loss of the champion with its interval."""
    forest: Chart | None
    gain: str
    difference: Chart | None
    guard: str


@dataclass(frozen=True)
class Table:
    """All slices of one turn, the total first."""

    rows: tuple[SliceRow, ...]
    few: tuple[str, ...]
    """Pools with too few rows, in words."""
    loss_axis: Chart
    gain_axis: Chart | None


def table(turn: Turn) -> Table | None:
    """Champion and challenger per slice; None if no model was scored."""
    base = turn.champion or turn.probe
    if base is None:
        return None
    other = turn.probe if turn.champion else None
    pair = turn.comparison if turn.champion else None
    enough = [part for part in base.slices if part.sufficient]
    metrics = [base.loss, *[part.loss for part in enough]]
    metrics += [other.loss, *[part.loss for part in other.slices if part.sufficient]] if other else []
    ends = [value for metric in metrics for value in (metric.value, metric.low, metric.high) if value is not None]
    scale = (min(ends), max(ends)) if ends else (0.0, 1.0)
    gains = [pair.low, pair.high] if pair else [0.0, 1.0]
    gains += [value for part in pair.slices for value in (part.low, part.high)] if pair else []
    across = (min(0.0, *gains), max(0.0, *gains))
    return Table(
        rows=(_total(base, other, turn, scale, across), *[_slice(p, other, turn, scale, across) for p in enough]),
        few=tuple(f"{p.column} {p.label}: {wording.count(p.rows)} rows" for p in base.slices if not p.sufficient),
        loss_axis=pictures.axis(scale),
        gain_axis=pictures.axis(across, signed=True) if pair else None,
    )


def _total(
    base: Score, other: Score | None, turn: Turn, scale: tuple[float, float], across: tuple[float, float]
) -> SliceRow:
    pair = turn.comparison if turn.champion else None
    told = measures.of(base)
    share = told.level(measures.actual(base))
    return SliceRow(
        column="",
        label="all",
        cells=(wording.count(base.rows), share, loss(base)),
        forest=_forest(base.loss, other.loss if other else None, scale),
        gain=told.gain(pair.gain) if pair else wording.MISSING,
        difference=pictures.difference(pair.gain, pair.low, pair.high, False, across) if pair else None,
        guard="",
    )


def _slice(
    part: SliceScore, other: Score | None, turn: Turn, scale: tuple[float, float], across: tuple[float, float]
) -> SliceRow:
    key = (part.column, part.label)
    twin = next((p.loss for p in other.slices if (p.column, p.label) == key), None) if other else None
    pair = turn.comparison if turn.champion else None
    gain = next((g for g in pair.slices if (g.column, g.label) == key), None) if pair else None
    metric, told = part.loss, measures.of(turn.champion or turn.probe)
    share = told.level(measures.actual(part))
    guard = "" if gain is None else "worse" if gain.worse else "better" if gain.low > 0 else "unclear"
    return SliceRow(
        column=part.column,
        label=part.label,
        cells=(wording.count(part.rows), share, written(metric)),
        forest=_forest(metric, twin, scale),
        gain=told.gain(gain.gain) if gain else wording.MISSING,
        difference=pictures.difference(gain.gain, gain.low, gain.high, gain.worse, across) if gain else None,
        guard=guard,
    )


def _forest(metric: Metric, twin: Metric | None, scale: tuple[float, float]) -> Chart:
    both = [(metric, "champ")] + ([(twin, "fresh")] if twin else [])
    return pictures.interval(both, scale)
