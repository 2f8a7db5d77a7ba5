"""Charts with one column per turn, stacked under the strip of turns: loss, gain, evidence, share, and the overview.

Pure geometry: turns in, marks out. What a chart shows is said by `captions.py`; how it looks, by `style.css`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10

from configs.monitoring import HealthSettings
from tasks.domain import wording
from tasks.domain.records import Score
from tasks.domain.turns import Turn, VerdictKind
from tasks.monitoring import health
from tasks.problems import kinds
from tasks.problems.base import Problem
from tasks.reporting import sentences, titles
from tasks.reporting.marks import WIDE, Chart, Mark, Scale, apart, brief, decimals, mark, path, percent, runs, ticks

LINE_HEIGHT = 14.0
LINES = (("champ", "champion"), ("fresh", "retrained every turn"), ("never", "never retrained"), ("dummy", "no model"))
"""Style and name of the lines of the loss chart, the one on top first."""
_HIGHEST_EVIDENCE = 1e5
_LOWEST_EVIDENCE = 1e-2
_ROOM_FOR_WORDS, _ROOM_FOR_NUMBER = 0.07, 0.045
"""Shares of the width that `v14 live` and `v14` take."""
_MOST_LABELLED = 16
"""With more turns, numbers beside the marks would lie upon each other."""


@dataclass(frozen=True)
class Line:
    """One line of the loss chart: a name, a style and a value per turn."""

    name: str
    css: str
    values: tuple[float | None, ...]


def loss(turns: Sequence[Turn], live_from: Sequence[tuple[int, int]], label: str) -> Chart | None:
    """Loss per turn: the champion with its interval, retrained every turn, never retrained, no model.

    `live_from` has turn and version of the promotions to mark. None if there is no turn to draw.
    """
    values = {
        "dummy": tuple(_dummy(turn) for turn in turns),
        "never": tuple(_loss(turn.never) if turn.champion else None for turn in turns),
        "fresh": tuple(_loss(turn.probe) if turn.champion else None for turn in turns),
        "champ": tuple(_loss(turn.champion) for turn in turns),
    }
    lines = [Line(name, css, values[css]) for css, name in reversed(LINES)]
    bands = [_interval(turn) for turn in turns]
    known = [v for line in lines for v in line.values if v is not None] + [v for b in bands if b for v in b]
    if not known:
        return None
    height = 236.0
    scale = fitted(known, 18, height - 8)
    skip = [turn.champion is None for turn in turns]
    shapes = [_band(bands, skip, scale)]
    under, over = axis(scale, brief), []
    for line in lines:
        shapes += joined(line, skip, scale, len(turns))
        if line.css in ("fresh", "champ"):
            over += [dot(n, len(turns), scale(v), line.css) for n, v in enumerate(line.values) if v is not None]
    under += _promotions(turns, live_from, height)
    over += line_names(lines, scale, height)
    return Chart(height, label, tuple(under), tuple(shapes), (*over, *_hits(turns, height, _loss_title)))


def gain(turns: Sequence[Turn], label: str) -> Chart | None:
    """Gain of retraining per turn with its interval; a diamond where it was promoted."""
    pairs = [kinds.gains(turn.comparison) if turn.champion and turn.comparison else None for turn in turns]
    known = [v for pair in pairs if pair for v in pair if v is not None]
    if not known:
        return None
    height = 132.0
    scale = fitted([*known, 0.0], 10, height - 10)
    under = axis(scale, signed)
    under.append(mark("line", "zero", x1="0", x2="100%", y1=scale(0), y2=scale(0)))
    over = []
    for n, (turn, pair) in enumerate(zip(turns, pairs, strict=True)):
        if pair is None:
            continue
        x, (value, low, high) = percent((n + 0.5) / len(turns)), pair
        if low is not None and high is not None:
            over.append(mark("line", "whisker", x1=x, x2=x, y1=scale(low), y2=scale(high)))
        if value is not None:
            over.append(_judged(turn, n, len(turns), scale(value)))
    notes = (("retraining helps", max(10.0, scale(0) - 22)), ("retraining hurts", min(height - 4, scale(0) + 30)))
    over += [mark("text", "end faint", text, x="100%", dx="10", y=y) for text, y in notes]
    return Chart(height, label, tuple(under), (), (*over, *_hits(turns, height, _gain_title)))


def evidence(turns: Sequence[Turn], needed: float, label: str) -> Chart | None:
    """Evidence after each turn on a logarithmic scale, with the threshold; stems start at what was carried in."""
    known = [(turn.evidence.before, turn.evidence.value) if turn.evidence else None for turn in turns]
    found = [_power(v) for pair in known if pair for v in pair]
    if not found:
        return None
    height = 196.0
    scale = Scale(min(-1.0, *found), max(log10(needed) + 0.35, *found), 24, height - 18)
    under = _powers(scale)
    limit, one = scale(log10(needed)), scale(0)
    under.append(mark("rect", "reached", x="0", y=0, width="100%", height=limit))
    under.append(mark("line", "limit", x1="0", x2="100%", y1=limit, y2=limit))
    under.append(mark("line", "zero", x1="0", x2="100%", y1=one, y2=one))
    over: list[Mark] = []
    last: int | None = None
    for n, pair in enumerate(known):
        if pair is None:
            continue
        over += _stem(turns, n, pair, scale, last)
        last = n
    ends = apart([limit + 4, one + 4], LINE_HEIGHT, 8, height - 4)
    texts = ((f"{wording.number(needed)}: promote", "end champ"), ("1: no evidence", "end faint"))
    over += [mark("text", css, text, x="100%", dx="10", y=y) for (text, css), y in zip(texts, ends, strict=True)]
    return Chart(height, label, tuple(under), (), (*over, *_hits(turns, height, _evidence_title)))


def share(turns: Sequence[Turn], limits: HealthSettings, outcome: str, label: str) -> Chart | None:
    """Share of positives (or mean label) per turn, expected by the champion and actual; thick where it was off."""
    pairs = [_shares(turn.champion) for turn in turns]
    known = [v for pair in pairs if pair for v in pair]
    if not known:
        return None
    height = 128.0
    scale = fitted(known, 12, height - 12)
    problem = _told(turns)
    under, over = axis(scale, _percent if problem.reached_shares else brief), []
    for n, pair in enumerate(pairs):
        if pair is None:
            continue
        x, (expected, actual) = percent((n + 0.5) / len(turns)), pair
        score = turns[n].champion
        css = "off" if score and health.is_off(score, limits) else "whisker"
        over.append(mark("line", css, x1=x, x2=x, y1=scale(expected), y2=scale(actual)))
        over.append(dot(n, len(turns), scale(expected), "fresh"))
        over.append(dot(n, len(turns), scale(actual), "ink"))
    last = next(pair for pair in reversed(pairs) if pair)
    ends = apart([scale(last[1]) + 4, scale(last[0]) + 4], LINE_HEIGHT, 10, height - 4)
    texts = zip(problem.levels(outcome), ends, strict=True)
    over += [mark("text", "end", text, x="100%", dx="10", y=y) for text, y in texts]
    return Chart(height, label, tuple(under), (), (*over, *_hits(turns, height, _share_title)))


def overview(turns: Sequence[Turn], shown: int, label: str) -> Chart | None:
    """The champion's loss over the whole history as one low line; the turns drawn in full are shaded."""
    values = tuple(_loss(turn.champion) for turn in turns)
    known = [v for v in values if v is not None]
    if len(known) < 2:
        return None
    height = 56.0
    scale = Scale(min(known), max(known), 6, height - 6)
    part = shown / len(turns)
    window = mark("rect", "window", x=percent(1 - part), y=0, width=percent(part), height=height)
    ends = [(scale.high, scale.top + 4), (scale.low, scale.bottom + 4)]
    write = _told(turns).write
    under = [window, *[mark("text", "tick", write(v), x=-10, y=y) for v, y in ends]]
    shapes = joined(Line("", "champ", values), [turn.champion is None for turn in turns], scale, len(turns))
    return Chart(height, label, tuple(under), tuple(shapes))


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _loss(score: Score | None) -> float | None:
    return kinds.shown(score.loss).value if score else None


def _dummy(turn: Turn) -> float | None:
    return kinds.of(turn.champion).value(turn.dummy_loss) if turn.champion else None


def _interval(turn: Turn) -> tuple[float, float] | None:
    metric = kinds.shown(turn.champion.loss) if turn.champion else None
    return (metric.low, metric.high) if metric and metric.low is not None and metric.high is not None else None


def _shares(score: Score | None) -> tuple[float, float] | None:
    actual = kinds.actual(score) if score else None
    return (score.mean_predicted, actual) if score and actual is not None else None


def _told(turns: Sequence[Turn]) -> Problem:
    """How the numbers of these turns are written: those of the latest that was judged, of which there is one."""
    return kinds.of(next(turn.champion for turn in reversed(turns) if turn.champion))


def _power(value: float) -> float:
    return log10(min(max(value, _LOWEST_EVIDENCE), _HIGHEST_EVIDENCE))


def fitted(values: Sequence[float], top: float, bottom: float) -> Scale:
    """A scale on which all values have room."""
    low, high = min(values), max(values)
    spare = (high - low) * 0.04 or abs(high) * 0.05 or 0.01
    return Scale(low - spare, high + spare, top, bottom)


def axis(scale: Scale, write: Callable[[float, int], str]) -> list[Mark]:
    """Its grid, and the round values beside it."""
    values = ticks(scale.low, scale.high, 5 if scale.bottom - scale.top > 104 else 3)
    places = decimals(values)
    marks: list[Mark] = []
    for value in values:
        y = scale(value)
        marks.append(mark("line", "grid", x1="0", x2="100%", y1=y, y2=y))
        marks.append(mark("text", "tick", write(value, places), x=-10, y=y + 4))
    return marks


def signed(value: float, places: int) -> str:
    """A tick of a difference."""
    return "0" if abs(value) < 1e-9 else brief(value, places, signed=True)


def _percent(value: float, places: int) -> str:
    return wording.share(round(value, 6))


def _powers(scale: Scale) -> list[Mark]:
    first, last = int(scale.low) - (scale.low < 0), int(scale.high)
    marks: list[Mark] = []
    for power in range(first, last + 1):
        if power < scale.low - 1e-9:
            continue
        y, value = scale(power), 10.0**power
        marks.append(mark("line", "grid", x1="0", x2="100%", y1=y, y2=y))
        marks.append(mark("text", "tick", wording.number(value), x=-10, y=y + 4))
    return marks


def _band(bands: Sequence[tuple[float, float] | None], skip: Sequence[bool], scale: Scale) -> Mark:
    pieces = []
    for run in runs([band[0] if band else None for band in bands], skip):
        ends = [(n, band) for n in run if (band := bands[n])]
        upper = [(WIDE * (n + 0.5) / len(bands), scale(band[1])) for n, band in ends]
        lower = [(WIDE * (n + 0.5) / len(bands), scale(band[0])) for n, band in reversed(ends)]
        pieces.append(path([*upper, *lower], close=True))
    return mark("path", "band", d="".join(pieces))


def joined(line: Line, skip: Sequence[bool], scale: Scale, count: int) -> list[Mark]:
    """A line through its values; it breaks where one is missing, unless that is to be skipped."""
    pieces = []
    for run in runs(line.values, skip):
        points = [(WIDE * (n + 0.5) / count, scale(value)) for n in run if (value := line.values[n]) is not None]
        pieces.append(path(points))
    return [mark("path", f"line {line.css}", d="".join(pieces))] if pieces else []


def dot(n: int, count: int, y: float, css: str) -> Mark:
    """A dot in the middle of a column."""
    return mark("circle", f"dot {css}", cx=percent((n + 0.5) / count), cy=y, r=3.2)


def _judged(turn: Turn, n: int, count: int, y: float) -> Mark:
    if turn.verdict and turn.verdict.kind is VerdictKind.PROMOTE:
        x = percent((n + 0.5) / count)
        return mark("use", "glyph promote", href="#g-promote", x=x, y=y - 7, width=14, height=14)
    return dot(n, count, y, "ink")


def _promotions(turns: Sequence[Turn], live_from: Sequence[tuple[int, int]], height: float) -> list[Mark]:
    marks: list[Mark] = []
    at = {turn.number: n for n, turn in enumerate(turns)}
    shown = [(at[turn] + 1, version) for turn, version in live_from if turn in at]
    for (place, version), (following, _) in pairwise([*shown, (len(turns) + 2, 0)]):
        x, room = percent(place / len(turns)), (following - place) / len(turns)
        marks.append(mark("line", "change", x1=x, x2=x, y1=2, y2=height - 8))
        if room > _ROOM_FOR_NUMBER and place < len(turns):
            text = f"v{version} live" if room > _ROOM_FOR_WORDS else f"v{version}"
            marks.append(mark("text", "aside", text, x=x, dx="4", y=11))
    return marks


def line_names(lines: Sequence[Line], scale: Scale, height: float) -> list[Mark]:
    """The name of each line behind its end."""
    known = [(line, [v for v in line.values if v is not None]) for line in lines]
    named = [(line, scale(values[-1]) + 4) for line, values in known if values]
    placed = apart([y for _, y in named], LINE_HEIGHT, 10, height - 4)
    return [
        mark("text", f"end {line.css}", line.name, x="100%", dx="10", y=y)
        for (line, _), y in zip(named, placed, strict=True)
    ]


def _stem(turns: Sequence[Turn], n: int, pair: tuple[float, float], scale: Scale, last: int | None) -> list[Mark]:
    before, value = scale(_power(pair[0])), scale(_power(pair[1]))
    x = percent((n + 0.5) / len(turns))
    marks = [mark("line", "whisker", x1=x, x2=x, y1=before, y2=value)]
    if last is not None and pair[0] > 1:
        marks.append(mark("line", "carry", x1=percent((last + 0.5) / len(turns)), x2=x, y1=before, y2=before))
    up = pair[1] >= pair[0]
    css = "value" if pair[1] >= 1 else "value low"
    judged = _judged(turns[n], n, len(turns), value)
    if len(turns) > _MOST_LABELLED and n + 1 < len(turns):  # no room: a finger on it tells
        return [*marks, judged]
    return [*marks, judged, mark("text", css, wording.evidence(pair[1]), x=x, y=value - 9 if up else value + 17)]


def _hits(turns: Sequence[Turn], height: float, title: Callable[[Turn], str]) -> list[Mark]:
    width = percent(1 / len(turns))
    return [
        mark(
            *("rect", "hit", "", f"Turn {turn.number}, {titles.medium(turn.batch)}: {title(turn)}"),
            x=percent(n / len(turns)),
            y=0,
            width=width,
            height=height,
            data_t=str(turn.number),
        )
        for n, turn in enumerate(turns)
    ]


def _loss_title(turn: Turn) -> str:
    if not turn.champion:
        return titles.verdict(turn)
    parts = [f"champion {sentences.value(turn.champion)}"]
    parts += [f"retrained {sentences.value(turn.probe)}"] if turn.probe else []
    parts += [f"never retrained {sentences.value(turn.never)}"] if turn.never else []
    parts += [f"no model {kinds.of(turn.champion).loss(turn.dummy_loss)}"] if turn.dummy_loss is not None else []
    return ", ".join(parts)


def _gain_title(turn: Turn) -> str:
    pair = turn.comparison if turn.champion else None
    if not pair:
        return titles.verdict(turn)
    return f"gain of retraining {sentences.gain(pair)}"


def _evidence_title(turn: Turn) -> str:
    if not turn.evidence:
        return titles.verdict(turn)
    return f"evidence {wording.evidence(turn.evidence.before)} to {wording.evidence(turn.evidence.value)}"


def _share_title(turn: Turn) -> str:
    pair = _shares(turn.champion)
    if not pair or not turn.champion:
        return titles.verdict(turn)
    write = kinds.of(turn.champion).reached
    return f"expected {write(pair[0])}, was {write(pair[1])}"
