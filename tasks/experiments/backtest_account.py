"""What is told of a backtest: each rule beside *never* and *always*, as a table and a chart.

Add here what is said of it. What a rule would have done is found in `policies`.
"""

import math
from collections.abc import Sequence

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.records import Comparison
from tasks.experiments import policies, standings
from tasks.experiments.policies import Lot, Walk
from tasks.problems import kinds
from tasks.reporting import charts, titles
from tasks.reporting.account_page import Figure, Section
from tasks.reporting.charts import Line
from tasks.reporting.marks import Chart, Mark, brief

HEAD = ("rule", "loss", "gain over never", "interval", "took over", "of what always gains")
_HEIGHT = 220.0
_ALWAYS, _NEVER = "always", "never"
_CSS = ("champ", "fresh", "never", "dummy")


def of(lots: Sequence[Lot], walks: Sequence[Walk], settings: PipelineSettings) -> list[Section]:
    """One section: sentences, a line per rule, and the loss of each over time."""
    never = next(walk for walk in walks if walk.name == _NEVER)
    tried = max(1, len(walks) - 4)
    confidence = standings.corrected(settings.evaluation.confidence, tried)
    gains = {walk.name: policies.difference(lots, never, walk, confidence) for walk in walks}
    problem = kinds.named(settings.training.kind)
    rows = tuple(_row(lots, walk, gains) for walk in walks)
    judged = titles.number_of(len(lots), ("batch was", "batches were"))
    sentences = (
        f"{judged} judged since there is a champion. Each rule decides from the losses of the models that were fitted "
        "then, and guards are asked where its evidence suffices; nothing is fitted.",
        *_best(lots, walks, gains, tried),
        f"Intervals are over clusters, each of {wording.share(confidence)}"
        + (f", as {tried} were tried." if tried > 1 else "."),
    )
    chart = _chart(lots, walks, "The loss of each rule per batch")
    reading = "Lower is better. Drawn are what was live, the settings of now or those asked about, never and always."
    figures = (Figure(f"{titles.capital(problem.title)} per batch.", reading, chart),)
    return [Section("backtest", sentences, (HEAD, *rows), figures=4, figures_over_time=figures)]


def as_object(lots: Sequence[Lot], walk: Walk) -> dict[str, object]:
    """A rule for machines."""
    return {
        "rule": walk.name,
        "loss": policies.loss(lots, walk),
        "took_over": walk.changes,
        "batches": len(lots),
        "models": list(walk.models),
    }


def _best(lots: Sequence[Lot], walks: Sequence[Walk], gains: dict[str, Comparison], tried: int) -> tuple[str, ...]:
    """Which of the rules that were asked about loses least, and whether that can be told from the settings of now."""
    asked = walks[4:]
    if not asked:
        return ()
    best, now = min(asked, key=lambda walk: policies.loss(lots, walk)), walks[1]
    pair = policies.difference(lots, now, best, standings.corrected(0.95, tried))
    problem = kinds.of(pair)
    lead = f"Of {wording.count(tried)} that were tried, {best.name} would have lost least" if tried > 1 else best.name
    if best.models == now.models:
        return (f"{lead}: the same models as by the settings of now.",)
    ends = kinds.ends(pair) if math.isfinite(pair.low) else "no interval from a single cluster"
    sure = "better" if pair.low > 0 else "worse" if pair.high < 0 else "which is better cannot be told"
    return (f"{lead}: {problem.gain_title} over the settings of now {kinds.gain(pair)} ({ends}); {sure}.",)


def _row(lots: Sequence[Lot], walk: Walk, gains: dict[str, Comparison]) -> tuple[str, ...]:
    gain, most = gains[walk.name], gains[_ALWAYS].gain
    problem = kinds.of(gain)
    share = wording.share(gain.gain / most) if most > 0 else wording.MISSING
    ends = kinds.ends(gain) if math.isfinite(gain.low) else wording.MISSING
    same = walk.name == _NEVER
    return (
        walk.name,
        problem.loss(policies.loss(lots, walk)),
        wording.MISSING if same else kinds.gain(gain),
        wording.MISSING if same else ends,
        wording.count(walk.changes),
        wording.MISSING if same else share,
    )


def _chart(lots: Sequence[Lot], walks: Sequence[Walk], label: str) -> Chart:
    asked = walks[4] if len(walks) > 4 else walks[1]
    drawn = [asked, walks[0], *walks[2:4]]
    value = kinds.of(policies.compare(lots[0], lots[0].live, lots[0].live)).value
    lines = [
        Line(walk.name, css, tuple(value(lot.mean(model)) for lot, model in zip(lots, walk.models, strict=True)))
        for css, walk in zip(_CSS, drawn, strict=True)
    ]
    values = [one for line in lines for one in line.values if one is not None]
    scale, count = charts.fitted(values, 18, _HEIGHT - 8), len(lots)
    shapes = [shape for line in reversed(lines) for shape in charts.joined(line, [False] * count, scale, count)]
    over: list[Mark] = [
        charts.dot(n, count, scale(one), "champ") for n, one in enumerate(lines[0].values) if one is not None
    ]
    over += charts.line_names(lines, scale, _HEIGHT)
    return Chart(_HEIGHT, label, tuple(charts.axis(scale, brief)), tuple(shapes), tuple(over))
