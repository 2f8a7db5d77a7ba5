"""The page: one self-contained HTML file per pipeline, which works offline and forbids itself everything else.

What is said is computed in `sentences`, `captions`, `stories` and `tables`, what is drawn in `charts` and `pictures`;
this module puts them in their places. Layout and looks live in `template/`. Needs Jinja only, so that it is quick.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from markupsafe import Markup

from configs.settings import PipelineSettings
from tasks.domain import wording
from tasks.domain.turns import History, Turn
from tasks.monitoring import health
from tasks.problems import kinds
from tasks.problems.base import Problem
from tasks.reporting import (
    captions,
    charts,
    pictures,
    sentences,
    slice_table,
    standing,
    stories,
    strip,
    tables,
    templates,
    tiles,
    titles,
    turn_columns,
    versions,
)
from tasks.reporting.marks import Chart
from tasks.reporting.titles import capital

Links = Mapping[int, Mapping[str, str]]
"""Per number of a turn: what there is to open, and where (relative, or http): `{3: {"Drift": "drift/3.html"}}`."""

WINDOW = 26
"""Turns that are drawn and told in full; older ones have one row each."""
_MOST_INPUTS = 24
_MOST_PICTURES = 6


@dataclass(frozen=True)
class Story:
    """One turn, told."""

    column: strip.Column
    why: str
    condition: str
    parts: tuple[stories.Part, ...]
    clusters: Chart | None
    links: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Figure:
    """A chart with its finding and with how to read it."""

    finding: str
    reading: str
    chart: Chart
    keys: tuple[tuple[str, str], ...] = ()
    """Styles and names of its lines, where there is no room at their ends."""


def render(history: History, settings: PipelineSettings, *, written: datetime, links: Links | None = None) -> str:
    """Write the report of one pipeline as HTML.

    Args:
        history: All that is known about the pipeline.
        settings: Its settings; the section `reporting` has the nouns.
        written: Now, in UTC.
        links: Pages beside the report, per turn; anything but a relative or http address is left out.
    """
    shown = history.turns[-WINDOW:]
    older = history.turns[: -len(shown)] if shown else ()
    style, script = templates.text("style.css"), templates.text("script.js")
    problem = kinds.named(settings.training.kind)
    return templates.get("page.html.jinja").render(
        pipeline=history.pipeline,
        settings=settings,
        csp=templates.policy(style, script),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        written=titles.moment(written),
        headline=sentences.headline(history, settings),
        numbers=tiles.four(history, settings),
        columns=list(map(strip.column, shown, titles.axis([turn.batch for turn in shown]))),
        reigns=strip.reigns(history, shown),
        back=strip.back(history),
        overview=_overview(history, len(shown), problem.title),
        figures=_figures(history, shown, settings),
        heads=turn_columns.heads(turn_columns.FIGURES, settings),
        rows=[turn_columns.cells(turn_columns.FIGURES, turn, settings) for turn in shown],
        stories=[_story(history, turn, settings, links or {}) for turn in reversed(shown)],
        older=[_older(turn, settings) for turn in reversed(older)],
        nouns=settings.reporting.row,
        outcome=settings.reporting.outcome,
        **_words(problem, settings),
        loss=capital(problem.title),
        gain=capital(problem.gain_title),
        **_data(history, settings),
        **_inputs(history, shown, settings),
        **_model(history, settings),
        needed=wording.number(settings.promotion.false_promotion_every),
        points=_points(settings),
        far=_points(settings, health.FAR),
        missing_numbers=captions.left_out(history, settings),
        total=captions.total(history),
    )


def _words(told: Problem, settings: PipelineSettings) -> dict[str, str]:
    """What the kind of problem calls what is told."""
    outcome = settings.reporting.outcome
    return {
        "level": told.column(outcome),
        "across": told.across(outcome),
        "average": told.average,
        "grouped": told.grouped_title,
        "loss_name": told.title,
        "meaning": told.glossary(settings.reporting.row[0]),
    }


# ── over time ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _overview(history: History, shown: int, loss: str) -> Figure | None:
    if len(history.turns) <= shown:
        return None
    finding = f"All {wording.count(len(history.turns))} turns."
    reading = f"{capital(loss)} of the champion; the last {shown} turns, shaded, follow in full."
    chart = charts.overview(history.turns, shown, f"{finding} {reading}")
    return Figure(finding, reading, chart) if chart else None


def _figures(history: History, turns: Sequence[Turn], settings: PipelineSettings) -> list[Figure]:
    needed, rows = settings.promotion.false_promotion_every, settings.reporting.row[1]
    problem = kinds.named(settings.training.kind)
    loss, gain = capital(problem.title), capital(problem.gain_title)
    percent = wording.share(settings.evaluation.confidence)
    live_from = [(p.place, p.version) for p in history.promotions if p.previous is not None]
    said = (
        captions.loss(history),
        captions.gain(turns),
        captions.evidence(turns, needed),
        captions.share(turns, settings),
    )
    drawn = (
        charts.loss(turns, live_from, f"{loss} per turn. {said[0]}"),
        charts.gain(turns, f"{gain} of retraining per turn. {said[1]}"),
        charts.evidence(turns, needed, f"Evidence per turn. {said[2]}"),
        charts.share(turns, settings.monitoring.health, settings.reporting.outcome, said[3]),
    )
    readings = (
        f"{loss} per turn, lower is better; band: {percent} interval of the champion.",
        f"{loss} of the champion minus that of a model retrained for it, same {rows}; lines: {percent} interval.",
        "Carried from turn to turn, but never below 1; a promotion or a rollback starts it again at 1. Logarithmic.",
        f"Expected by the champion (hollow) and actual (filled); thick: off by more than {_points(settings)}.",
    )
    known = zip(said, readings, drawn, (charts.LINES, (), (), ()), strict=True)
    return [Figure(finding, reading, chart, key) for finding, reading, chart, key in known if chart]


def _points(settings: PipelineSettings, times: int = 1) -> str:
    """How far a share, or a mean, may be off; or so many times that."""
    return kinds.named(settings.training.kind).off_by(settings.monitoring.health, times)


def _story(history: History, turn: Turn, settings: PipelineSettings, links: Links) -> Story:
    pair = turn.comparison
    label = stories.clusters(pair, turn, settings) if pair else ""
    given = links.get(turn.number, {})
    return Story(
        column=strip.column(turn),
        why=sentences.why(turn),
        condition=sentences.condition(turn, settings),
        parts=stories.story(history, turn, settings),
        clusters=pictures.clusters(pair, label) if pair else None,
        links=tuple((name, href) for name, href in given.items() if _is_harmless(href)),
    )


def _older(turn: Turn, settings: PipelineSettings) -> tuple[strip.Column, str, dict[str, str]]:
    return strip.column(turn), sentences.why(turn), turn_columns.cells(turn_columns.FIGURES, turn, settings)


def _is_harmless(href: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") or (not parts.scheme and not parts.netloc and not href.startswith("/"))


# ── the other sections ────────────────────────────────────────────────────────────────────────────────────────────
def _data(history: History, settings: PipelineSettings) -> dict[str, object]:
    return {
        "data_finding": captions.data(history, settings),
        "batch_heads": turn_columns.heads(turn_columns.BATCHES, settings),
        "batches": tables.batches(history, settings),
        "rules": tables.rules(history),
        "missing": tables.missing(history),
        "duplicates": [(copy, first, wording.count(rows)) for copy, first, rows in history.duplicates],
    }


def _inputs(history: History, turns: Sequence[Turn], settings: PipelineSettings) -> dict[str, object]:
    last = standing.compared(history)
    weighed = tables.weigher(turns, last) if last else None
    rows, hidden = tables.inputs(turns, last, _MOST_INPUTS)
    shown = {row.column for row in rows}
    moved = [c for c in last.drift.moved if c.column in shown] if last and last.drift else []
    order = {row.column: n for n, row in enumerate(rows)}
    moved.sort(key=lambda c: order[c.column])
    drawn = [(c.column, c.text, pictures.histogram(c.histogram, f"{c.column}: {c.text}")) for c in moved]
    tests = [
        (c.column, c.kind, wording.loss(c.effect), wording.p_value(c.p_value), "moved" if c.moved else "", c.text)
        for c in (last.drift.columns if last and last.drift else ())
    ]
    return {
        "inputs_finding": captions.inputs(last, settings) if last else "Nothing to compare the inputs with yet.",
        "inputs_aside": captions.compared_with(history, last) if last else "",
        "inputs_against": f"v{last.champion_version}" if last and last.champion_version is not None else "the champion",
        "inputs_weigher": _weigher(weighed) if weighed else "",
        "inputs_batch": titles.medium(last.batch) if last else "",
        "inputs": rows,
        "inputs_hidden": hidden,
        "sizes": [wording.number(size) for size in tables.SIZES],
        "tests": tests,
        "pictures": [(name, text, chart) for name, text, chart in drawn if chart][:_MOST_PICTURES],
    }


def _weigher(turn: Turn) -> str:
    return f"{sentences.challenger(turn)}, the challenger of {titles.medium(turn.batch)}"


def _model(history: History, settings: PipelineSettings) -> dict[str, object]:
    live = titles.live_now(history) if history.turns else None
    judged, shown = standing.judged(history), standing.shown(history)
    score = judged.champion if judged else dict(history.gates).get(live) if live is not None else None
    other = judged.probe if judged else None
    table = slice_table.table(shown) if shown else None
    words = settings.reporting
    said = captions.calibration(score, live, settings)
    texts = kinds.named(settings.training.kind).on_the_line(words.outcome)
    return {
        "live": live,
        "facts": versions.model_facts(history, live, judged, settings) if live is not None else (),
        "calibration": pictures.calibration(score, other, texts, said) if score and live is not None else None,
        "calibration_finding": said,
        "classes": slice_table.classes((shown.champion or shown.probe) if shown else None),
        "slices": table,
        "slices_finding": captions.slices(shown.champion or shown.probe) if shown else "",
        "slices_batch": titles.medium(shown.batch) if shown else "",
        "slices_names": _names(shown) if shown else ("", ""),
        "weak": slice_table.weak(shown, settings, _names(shown)) if shown else (),
        "promotions": versions.promotions(history),
        "provenance": versions.provenance(history, live),
    }


def _names(turn: Turn) -> tuple[str, str]:
    if turn.champion is None:
        return sentences.challenger(turn), ""
    return f"champion v{turn.champion_version}", f"challenger {sentences.challenger(turn)}" if turn.probe else ""
