"""Small pictures: bars of a story, histograms of an input, calibration, intervals in a table row.

Pure geometry: values in, marks out. Charts with one column per turn live in `charts.py`.
"""

from collections.abc import Sequence

from tasks.domain import wording
from tasks.domain.records import CalibrationBin, Comparison, Metric, Score
from tasks.problems import kinds
from tasks.reporting.marks import WIDE, Chart, Mark, Point, Scale, brief, decimals, mark, path, percent, ticks


def clusters(pair: Comparison, label: str) -> Chart | None:
    """Gain per row in each cluster as bars up and down."""
    gains = cluster_gains(pair)
    if pair.independent or not gains or not any(gains):
        return None
    height, most = 44.0, max(abs(g) for g in gains)
    scale = Scale(-most, most, 2, height - 2)
    step = 1 / len(gains)
    bars = []
    for n, value in enumerate(gains):
        top, bottom = sorted((scale(value), scale(0)))
        css = "up" if value > 0 else "down"
        x, width = percent((n + 0.12) * step), percent(0.76 * step)
        bars.append(mark("rect", css, x=x, width=width, y=top, height=max(bottom - top, 0.6)))
    zero = mark("line", "zero", x1="0", x2="100%", y1=scale(0), y2=scale(0))
    return Chart(height, label, (zero,), (), tuple(bars), css="bars")


def cluster_gains(pair: Comparison) -> list[float]:
    """Gain per row of each cluster that has rows."""
    sums = zip(pair.base_loss, pair.challenger_loss, pair.cluster_rows, strict=True)
    return [(base - challenger) / rows for base, challenger, rows in sums if rows]


def histogram(bins: Sequence[tuple[str, float, float]], label: str) -> Chart | None:
    """Two distributions of one input: what was (the training data) as an area, what is (the batch) as a line."""
    most = max((max(was, now) for _, was, now in bins), default=0.0)
    if not most:
        return None
    height = 58.0
    scale = Scale(0, most, 3, height - 1)
    count = len(bins)
    was = _steps([scale(w) for _, w, _ in bins], count, height)
    now = _steps([scale(n) for _, _, n in bins], count, height)
    shapes = (mark("path", "was", d=path(was, close=True)), mark("path", "line now", d=path(now)))
    return Chart(height, label, (), shapes, (mark("line", "zero", x1="0", x2="100%", y1=height - 1, y2=height - 1),))


def calibration(score: Score, other: Score | None, texts: Sequence[str], label: str) -> Chart | None:
    """What happened over what was expected, ten groups of rows; `texts` are two lines beside the diagonal.

    Shares begin at 0 and end at 1 at most, numbers where they are.
    """
    if not score.calibration:
        return None
    shares = kinds.of(score).shares
    bins = [*score.calibration, *(other.calibration if other else ())]
    least, most = _ends(bins, shares)
    size, left = 280.0, 40.0
    across, down = Scale(least, most, size + left - 8, left), Scale(least, most, 8, size)
    under: list[Mark] = []
    values = ticks(least, most, 4)
    for value in values:
        x, y = across(value), down(value)
        text = wording.share(round(value, 6)) if shares else brief(value, decimals(values))
        under.append(mark("line", "grid", x1=left, x2=size + left - 8, y1=y, y2=y))
        under.append(mark("text", "tick", text, x=left - 6, y=y + 4))
        under.append(mark("text", "tick mid", text, x=x, y=size + 17))
    under.append(mark("line", "zero", x1=across(least), y1=down(least), x2=across(most), y2=down(most)))
    for n, aside in enumerate(texts):
        under.append(mark("text", "aside right", aside, x=across(most) - 2, y=down((least + most) / 2) + 14 * n))
    points: list[Point] = [(across(b.predicted), down(b.actual)) for b in score.calibration]
    hollow = [(across(b.predicted), down(b.actual)) for b in (other.calibration if other else ())]
    over = [mark("circle", "dot fresh", cx=x, cy=y, r=3.2) for x, y in hollow]
    over.append(mark("path", "line champ thin", d=path(points)))
    over += [mark("circle", "dot champ", cx=x, cy=y, r=3.4) for x, y in points]
    return Chart(size + 24, label, tuple(under), (), tuple(over), width=size + left + 6, css="square")


def interval(metrics: Sequence[tuple[Metric, str]], scale: tuple[float, float]) -> Chart:
    """Values with their intervals in one row of a table, one below the other."""
    height = 8.0 + 8 * len(metrics)
    marks: list[Mark] = []
    for n, (metric, css) in enumerate(metrics):
        y = 8.0 + 8 * n
        if metric.low is not None and metric.high is not None:
            x1, x2 = _at(metric.low, scale), _at(metric.high, scale)
            marks.append(mark("line", f"bar {css}", x1=x1, x2=x2, y1=y, y2=y))
        if metric.value is not None:
            marks.append(mark("circle", f"dot {css}", cx=_at(metric.value, scale), cy=y, r=3.2))
    return Chart(height, "", (), (), tuple(marks), css="row")


def difference(value: float, low: float, high: float, worse: bool, scale: tuple[float, float]) -> Chart:
    """One difference with its interval and the line of no difference."""
    zero = _at(0, scale)
    css = "off" if worse else "whisker"
    marks = (
        mark("line", "zero", x1=zero, x2=zero, y1=0, y2=24),
        mark("line", css, x1=_at(low, scale), x2=_at(high, scale), y1=12, y2=12),
        mark("circle", "dot ink", cx=_at(value, scale), cy=12, r=3.2),
    )
    return Chart(24, "", (), (), marks, css="row")


def axis(scale: tuple[float, float], signed: bool = False) -> Chart:
    """The numbers under a column of intervals."""
    values = ticks(*scale, 4)
    places = decimals(values)
    marks: list[Mark] = []
    for value in values:
        text = brief(value, places, signed)
        marks.append(mark("line", "grid", x1=_at(value, scale), x2=_at(value, scale), y1=0, y2=4))
        text = "0" if signed and abs(value) < 1e-12 else text
        marks.append(mark("text", "tick mid", text, x=_at(value, scale), y=16))
    return Chart(20, "", (), (), tuple(marks), css="row")


def bar(value: float, most: float) -> Chart:
    """One bar in a row of a table."""
    width = percent(max(0.0, value / most) if most > 0 else 0.0)
    return Chart(10, "", (), (), (mark("rect", "bar", x="0", y=1, width=width, height=8),), css="cell")


def _ends(bins: Sequence[CalibrationBin], shares: bool) -> tuple[float, float]:
    """Where both axes of a calibration begin and end."""
    values = [value for b in bins for value in (b.predicted, b.actual)]
    if shares:
        return 0.0, min(1.0, max(values) * 1.06 or 1.0)
    spare = (max(values) - min(values)) * 0.04 or abs(max(values)) * 0.05 or 1.0
    return min(values) - spare, max(values) + spare


def _at(value: float, scale: tuple[float, float]) -> str:
    low, high = scale
    share = (value - low) / ((high - low) or 1.0)
    return percent(0.02 + 0.96 * min(max(share, 0.0), 1.0))


def _steps(heights: Sequence[float], count: int, bottom: float) -> list[Point]:
    points: list[Point] = [(0.0, bottom)]
    for n, y in enumerate(heights):
        points += [(WIDE * n / count, y), (WIDE * (n + 1) / count, y)]
    return [*points, (WIDE, bottom)]
