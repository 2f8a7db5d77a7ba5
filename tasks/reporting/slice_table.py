"""Rows of the table of slices: champion and challenger on each part of the rows, with intervals.

Values in, texts and small pictures out; the caption is in `captions.py`.
"""

from dataclasses import dataclass

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.records import Comparison, Metric, Score, SliceGain, SliceScore
from tasks.domain.turns import Turn
from tasks.evaluation import spot_sentences
from tasks.problems import kinds
from tasks.reporting import pictures
from tasks.reporting.marks import Chart
from tasks.reporting.sentences import loss, written

Ends = tuple[float, float]
"""Where an axis begins and ends."""


@dataclass(frozen=True)
class SliceRow:
    """One slice: both models, their difference, and what the guard says."""

    column: str
    label: str
    rows: str
    level: str
    """Share of positives, or mean label."""
    loss: str
    """Of the champion, with its interval."""
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
    shown = [kinds.shown(metric) for metric in metrics]
    ends = [value for metric in shown for value in (metric.value, metric.low, metric.high) if value is not None]
    scale = (min(ends), max(ends)) if ends else (0.0, 1.0)
    across = _across(base, pair)
    return Table(
        rows=(_total(base, other, turn, scale, across), *[_slice(p, base, other, turn, scale, across) for p in enough]),
        few=tuple(f"{p.column} {p.label}: {wording.count(p.rows)} rows" for p in base.slices if not p.sufficient),
        loss_axis=pictures.axis(scale),
        gain_axis=pictures.axis(across, signed=True) if pair else None,
    )


@dataclass(frozen=True)
class WeakRow:
    """One part of the rows that nobody named."""

    whose: str
    where: str
    share: str
    loss: str
    usual: str
    """What the loss there is compared with, and how much that is."""
    rest: str
    learned: str
    """How many rows of training lie there."""


def weak(turn: Turn, settings: PipelineSettings, names: tuple[str, str]) -> tuple[WeakRow, ...]:
    """Where the live model is weak, and where the challenger is weaker than it; `names` is what both are called."""
    live = turn.health.weak if turn.health and turn.champion else ()
    opened = turn.comparison.opened if turn.comparison else ()
    problem = kinds.of_turn(turn, settings.training.kind)
    both = [(names[0], spot) for spot in live] + [(names[1], spot) for spot in opened]
    return tuple(
        WeakRow(
            whose=whose,
            where=spot.where,
            share=wording.share(spot.share),
            loss=problem.loss(spot.loss),
            usual=f"{spot_sentences.USUAL[spot.against]} {problem.loss(spot.usual)}",
            rest=problem.loss(spot.rest),
            learned=wording.MISSING if spot.trained is None else wording.count(spot.trained),
        )
        for whose, spot in both
    )


@dataclass(frozen=True)
class ClassRow:
    """One class of several, as it came and as it was named."""

    name: str
    rows: str
    share: str
    expected: str
    """Mean probability that it was given."""
    named: str
    """Rows that were put in it."""
    right: str
    """Of its rows, the share that was put in it (recall)."""
    trusted: str
    """Of those that were put in it, the share that is of it (precision)."""


def classes(score: Score | None) -> tuple[ClassRow, ...]:
    """The classes of a score, in the order of the settings; none where there are no several."""
    each = score.classes if score else ()
    rows = sum(one.rows for one in each)
    return tuple(
        ClassRow(
            name=one.name,
            rows=wording.count(one.rows),
            share=wording.share(one.rows / rows),
            expected=wording.share(one.expected),
            named=wording.count(one.named),
            right=wording.share(one.right / one.rows if one.rows else None),
            trusted=wording.share(one.right / one.named if one.named else None),
        )
        for one in each
    )


def _across(base: Score, pair: Comparison | None) -> Ends:
    """Where the axis of the gains begins and ends."""
    if pair is None:
        return 0.0, 1.0
    known = [_gained(base, gain) for gain in pair.slices]
    ends = [end for gains in (kinds.gains(pair), *known) for end in gains if end is not None]
    return min(0.0, *ends), max(0.0, *ends)


def _gained(base: Score, gain: SliceGain) -> tuple[float | None, float | None, float | None]:
    """Gain on a slice and the ends of its interval, as they are told."""
    told, over = kinds.of(base), _loss_on(base, gain)
    return told.gained(gain.gain, over), told.gained(gain.low, over), told.gained(gain.high, over)


def _loss_on(base: Score, gain: SliceGain) -> float | None:
    return next((p.loss.value for p in base.slices if (p.column, p.label) == (gain.column, gain.label)), None)


def _difference(gains: tuple[float | None, ...], worse: bool, across: Ends) -> Chart | None:
    value, low, high = gains
    if value is None or low is None or high is None:
        return None
    return pictures.difference(value, low, high, worse, across)


def _total(base: Score, other: Score | None, turn: Turn, scale: Ends, across: Ends) -> SliceRow:
    pair = turn.comparison if turn.champion else None
    problem = kinds.of(base)
    share = problem.reached(kinds.actual(base))
    return SliceRow(
        column="",
        label="all",
        rows=wording.count(base.rows),
        level=share,
        loss=loss(base),
        forest=_forest(base.loss, other.loss if other else None, scale),
        gain=kinds.gain(pair) if pair else wording.MISSING,
        difference=_difference(kinds.gains(pair), False, across) if pair else None,
        guard="",
    )


def _slice(part: SliceScore, base: Score, other: Score | None, turn: Turn, scale: Ends, across: Ends) -> SliceRow:
    key = (part.column, part.label)
    twin = next((p.loss for p in other.slices if (p.column, p.label) == key), None) if other else None
    pair = turn.comparison if turn.champion else None
    gain = next((g for g in pair.slices if (g.column, g.label) == key), None) if pair else None
    metric, told = part.loss, kinds.of(base)
    share = told.reached(kinds.actual(part))
    guard = "" if gain is None else "worse" if gain.worse else "better" if gain.low > 0 else "unclear"
    return SliceRow(
        column=part.column,
        label=part.label,
        rows=wording.count(part.rows),
        level=share,
        loss=written(metric),
        forest=_forest(metric, twin, scale),
        gain=told.gain(gain.gain, metric.value) if gain else wording.MISSING,
        difference=_difference(_gained(base, gain), gain.worse, across) if gain else None,
        guard=guard,
    )


def _forest(metric: Metric, twin: Metric | None, scale: Ends) -> Chart:
    both = [(kinds.shown(metric), "champ")] + ([(kinds.shown(twin), "fresh")] if twin else [])
    return pictures.interval(both, scale)
