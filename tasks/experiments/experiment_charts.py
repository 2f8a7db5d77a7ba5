"""Charts of an experiment, one column per batch: the loss of both, and how much lower that of the experiment is.

Pure geometry. What a chart shows is said in `experiment_account`; how it looks, in the style sheet of the report.
"""

from tasks.experiments.replayed import Replayed
from tasks.experiments.standings import Standing
from tasks.problems import kinds
from tasks.reporting import charts
from tasks.reporting.charts import Line
from tasks.reporting.marks import Chart, Mark, brief, mark, percent

_LOSS, _GAIN, _TIME = 190.0, 132.0, 96.0


def loss(standing: Standing, label: str) -> Chart | None:
    """The loss of the model of the experiment and of the one that was live, on the same rows; None without any."""
    own, live = zip(*map(_losses, standing.replayed), strict=True) if standing.replayed else ((), ())
    values = [value for value in (*own, *live) if value is not None]
    if not values:
        return None
    scale, count = charts.fitted(values, 18, _LOSS - 8), len(standing.replayed)
    lines = [Line("was live", "fresh", live), Line("experiment", "champ", own)]
    skip = [one.comparison is None for one in standing.replayed]
    shapes = [shape for line in lines for shape in charts.joined(line, skip, scale, count)]
    over = [
        charts.dot(n, count, scale(value), line.css)
        for line in lines
        for n, value in enumerate(line.values)
        if value is not None
    ]
    over += charts.line_names(lines, scale, _LOSS)
    under = [*charts.axis(scale, brief), *_changes(standing, _LOSS)]
    return Chart(_LOSS, label, tuple(under), tuple(shapes), tuple(over))


def gain(standing: Standing, label: str) -> Chart | None:
    """How much lower the loss of the experiment is on each batch, with its interval; a diamond where it promoted."""
    pairs = [kinds.gains(one.comparison) if one.comparison else None for one in standing.replayed]
    values = [value for pair in pairs if pair for value in pair if value is not None]
    if not values:
        return None
    scale, count = charts.fitted([*values, 0.0], 10, _GAIN - 10), len(pairs)
    under = charts.axis(scale, charts.signed)
    under.append(mark("line", "zero", x1="0", x2="100%", y1=scale(0), y2=scale(0)))
    over: list[Mark] = []
    for n, (one, pair) in enumerate(zip(standing.replayed, pairs, strict=True)):
        value, low, high = pair or (None, None, None)
        if value is None:
            continue
        x = percent((n + 0.5) / count)
        if low is not None and high is not None:
            over.append(mark("line", "whisker", x1=x, x2=x, y1=scale(low), y2=scale(high)))
        over.append(_dot(one, n, count, scale(value)))
    notes = (("experiment better", max(10.0, scale(0) - 22)), ("experiment worse", min(_GAIN - 4, scale(0) + 30)))
    over += [mark("text", "end faint", text, x="100%", dx="10", y=y) for text, y in notes]
    return Chart(_GAIN, label, tuple(under), (), tuple(over))


def time(standing: Standing, label: str) -> Chart | None:
    """How long each batch took, in seconds."""
    seconds = [one.seconds for one in standing.replayed]
    if not any(seconds):
        return None
    scale, count = charts.fitted([*seconds, 0.0], 8, _TIME - 8), len(seconds)
    zero = scale(0)
    bars = [
        mark("rect", "bar", "", f"{one.batch}: {one.seconds:.1f} s", x=percent((n + 0.2) / count), y=scale(one.seconds),
             width=percent(0.6 / count), height=max(zero - scale(one.seconds), 0.6))
        for n, one in enumerate(standing.replayed)
    ]  # fmt: skip
    return Chart(_TIME, label, tuple(charts.axis(scale, brief)), (), tuple(bars))


def _losses(one: Replayed) -> tuple[float | None, float | None]:
    """Mean loss of the experiment and of what was live, as it is told."""
    pair = one.comparison
    if pair is None:
        return None, None
    value = kinds.of(pair).value
    return value(sum(pair.challenger_loss) / pair.rows), value(sum(pair.base_loss) / pair.rows)


def _dot(one: Replayed, n: int, count: int, y: float) -> Mark:
    if not one.promoted:
        return charts.dot(n, count, y, "ink")
    x = percent((n + 0.5) / count)
    return mark("use", "glyph promote", href="#g-promote", x=x, y=y - 7, width=14, height=14)


def _changes(standing: Standing, height: float) -> list[Mark]:
    """Where the live model of the experiment changed."""
    count = len(standing.replayed)
    places = [percent((n + 1) / count) for n, one in enumerate(standing.replayed) if one.promoted and n + 1 < count]
    return [mark("line", "change", x1=x, x2=x, y1=2, y2=height - 8) for x in places]
