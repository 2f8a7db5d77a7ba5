"""The page: one self-contained HTML file per pipeline, which works offline and forbids itself everything else.

What is said is computed in `sentences`, `findings`, `stories` and `tables`, what is drawn in `charts` and `pictures`;
this module puts them in their places. Layout and looks live in `template/`. Needs Jinja only, so that it is quick.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from configs.settings import PipelineSettings
from tasks.core import measures, wording
from tasks.core.reporting import charts, findings, labels, pictures, sentences, slices, stories, tables, versions
from tasks.core.reporting.labels import capital
from tasks.core.reporting.marks import Chart
from tasks.core.turns import HealthState, History, Outcome, Turn

Links = Mapping[int, Mapping[str, str]]
"""Per number of a turn: what there is to open, and where (relative, or http): `{3: {"Drift": "drift/3.html"}}`."""

WINDOW = 26
"""Turns that are drawn and told in full; older ones have one row each."""
_TEMPLATES = Path(__file__).with_name("template")
_VERDICT_GLYPHS = {
    Outcome.FIRST_CHAMPION: "first",
    Outcome.PROMOTE: "promote",
    Outcome.REJECT: "reject",
    Outcome.KEEP_SHADOWING: "keep",
    Outcome.REFUSED: "refused",
    Outcome.NOT_JUDGED: "unjudged",
    Outcome.FAILED: "refused",
}
_HEALTH_GLYPHS = {
    HealthState.WELL: "well",
    HealthState.WATCH: "watch",
    HealthState.UNWELL: "unwell",
    HealthState.NOT_JUDGED: "unjudged",
}
_MOST_INPUTS = 24
_MOST_PICTURES = 6


@dataclass(frozen=True)
class Column:
    """One turn in the strip."""

    turn: int
    name: str
    brief: str
    """Where there is hardly room: a letter, or every fifth number."""
    full: str
    verdict: tuple[str, str]
    """Glyph and word."""
    health: tuple[str, str]


@dataclass(frozen=True)
class Story:
    """One turn, told."""

    column: Column
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


@dataclass(frozen=True)
class Reign:
    """One version and the number of columns over which it was live."""

    name: str
    turns: int
    live: bool


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
    style, script = _text("style.css"), _text("script.js")
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            pipeline=history.pipeline,
            settings=settings,
            csp=_policy(style, script),
            style=Markup(style),  # noqa: S704 - our own file
            script=Markup(script),  # noqa: S704 - our own file
            written=labels.moment(written),
            headline=sentences.headline(history, settings),
            numbers=sentences.four_numbers(history, settings),
            columns=list(map(_column, shown, labels.axis([turn.batch.name for turn in shown]))),
            reigns=_reigns(history, shown),
            overview=_overview(history, len(shown)),
            figures=_figures(history, shown, settings),
            rows=[_numbers(turn) for turn in shown],
            stories=[_story(history, turn, settings, links or {}) for turn in reversed(shown)],
            older=[(_column(turn), sentences.why(turn), _numbers(turn)) for turn in reversed(older)],
            nouns=settings.reporting.row,
            outcome=settings.reporting.outcome,
            is_number=settings.training.problem == "regression",
            loss=measures.of_problem(settings.training.problem).title,
            **_data(history, settings),
            **_inputs(shown, settings),
            **_model(history, settings),
            needed=wording.number(settings.promotion.false_promotion_every),
            points=_points(settings),
            missing_numbers=findings.left_out(history, settings),
            total=findings.total(history),
        )
    )


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


@cache
def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    hashes = [b64encode(sha256(text.encode()).digest()).decode() for text in (style, script)]
    allowed = f"style-src 'sha256-{hashes[0]}'; script-src 'sha256-{hashes[1]}'; img-src data:"
    return f"default-src 'none'; {allowed}; base-uri 'none'; form-action 'none'"


# ── over time ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _column(turn: Turn, place: str | None = None) -> Column:
    place = place or labels.short(turn.batch.name)
    name = place or str(turn.number)
    verdict = _VERDICT_GLYPHS[turn.outcome] if turn.outcome else "unjudged"
    health = _HEALTH_GLYPHS[turn.health.state] if turn.health else "unjudged"
    return Column(
        turn=turn.number,
        name=name,
        brief="" if place and place.isdigit() else name[:1] if place else "" if turn.number % 5 else name,
        full=labels.medium(turn.batch.name),
        verdict=(verdict, labels.verdict(turn)),
        health=(health, labels.health(turn)),
    )


def _reigns(history: History, turns: Sequence[Turn]) -> list[Reign]:
    found: list[Reign] = []
    now = labels.live_now(history)
    for turn in turns:
        version = labels.live_after(history, turn)
        name = f"v{version}" if version is not None else ""
        if found and found[-1].name == name:
            found[-1] = Reign(name, found[-1].turns + 1, found[-1].live)
        else:
            found.append(Reign(name, 1, version is not None and version == now))
    return found


def _overview(history: History, shown: int) -> Figure | None:
    if len(history.turns) <= shown:
        return None
    finding = f"All {wording.count(len(history.turns))} turns."
    told = capital(measures.of_turn(history.turns[-1]).title)
    reading = f"{told} of the champion; the last {shown} turns, shaded, follow in full."
    chart = charts.overview(history.turns, shown, f"{finding} {reading}")
    return Figure(finding, reading, chart) if chart else None


def _figures(history: History, turns: Sequence[Turn], settings: PipelineSettings) -> list[Figure]:
    needed, rows = settings.promotion.false_promotion_every, settings.reporting.row[1]
    loss = capital(measures.of_problem(settings.training.problem).title)
    percent = wording.share(settings.evaluation.confidence)
    live_from = [(p.place, p.version) for p in history.promotions if p.previous is not None]
    said = (
        findings.loss(history),
        findings.gain(turns),
        findings.evidence(turns, needed),
        findings.share(turns, settings),
    )
    drawn = (
        charts.loss(turns, live_from, f"{loss} per turn. {said[0]}"),
        charts.gain(turns, f"Gain of retraining per turn. {said[1]}"),
        charts.evidence(turns, needed, f"Evidence per turn. {said[2]}"),
        charts.share(turns, settings.monitoring.health, settings.reporting.outcome, said[3]),
    )
    readings = (
        f"{loss} per turn, lower is better; band: {percent} interval of the champion.",
        f"Loss of the champion minus loss of a model retrained for the batch, same {rows}; lines: {percent} interval.",
        "Carried from turn to turn, but never below 1; after a promotion it starts again at 1. Logarithmic.",
        f"Expected by the champion (hollow) and actual (filled); thick: off by more than {_points(settings)}.",
    )
    known = zip(said, readings, drawn, (charts.LINES, (), (), ()), strict=True)
    return [Figure(finding, reading, chart, key) for finding, reading, chart, key in known if chart]


def _points(settings: PipelineSettings) -> str:
    """How far a share, or a mean, may be off."""
    limits = settings.monitoring.health
    if settings.training.problem == "regression":
        return f"{wording.number(limits.max_bias)} standard deviations"
    return f"{wording.number(round(100 * limits.max_share_error, 2))} points"


def _numbers(turn: Turn) -> tuple[str, ...]:
    score, pair = turn.champion, turn.comparison if turn.champion else None
    gain = sentences.gain(pair) if pair else wording.MISSING
    told = measures.of_turn(turn)
    expected = told.level(score.mean_predicted) if score else wording.MISSING
    actual = told.level(measures.actual(score)) if score else wording.MISSING
    return (
        wording.count(score.rows) if score else wording.MISSING,
        sentences.loss(score),
        sentences.value(turn.probe),
        sentences.value(turn.never),
        told.loss(turn.dummy_loss),
        gain,
        wording.evidence(turn.evidence.value if turn.evidence else None),
        expected,
        actual,
    )


def _story(history: History, turn: Turn, settings: PipelineSettings, links: Links) -> Story:
    pair = turn.comparison
    label = stories.clusters(pair, turn, settings) if pair else ""
    given = links.get(turn.number, {})
    return Story(
        column=_column(turn),
        why=sentences.why(turn),
        condition=sentences.condition(turn, settings),
        parts=stories.story(history, turn, settings),
        clusters=pictures.clusters(pair, label) if pair else None,
        links=tuple((name, href) for name, href in given.items() if _is_harmless(href)),
    )


def _is_harmless(href: str) -> bool:
    try:
        parts = urlsplit(href)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") or (not parts.scheme and not parts.netloc and not href.startswith("/"))


# ── the other sections ────────────────────────────────────────────────────────────────────────────────────────────
def _data(history: History, settings: PipelineSettings) -> dict[str, object]:
    return {
        "data_finding": findings.data(history, settings),
        "batches": tables.batches(history),
        "rules": tables.rules(history),
        "missing": tables.missing(history),
        "duplicates": [(copy, first, wording.count(rows)) for copy, first, rows in history.duplicates],
    }


def _inputs(turns: Sequence[Turn], settings: PipelineSettings) -> dict[str, object]:
    last = next((turn for turn in reversed(turns) if turn.drift), None)
    rows, hidden = tables.inputs(turns, _MOST_INPUTS)
    shown = {row.column for row in rows}
    moved = [c for c in last.drift.moved if c.column in shown] if last and last.drift else []
    order = {row.column: n for n, row in enumerate(rows)}
    moved.sort(key=lambda c: order[c.column])
    drawn = [(c.column, c.text, pictures.histogram(c, f"{c.column}: {c.text}")) for c in moved]
    tests = [
        (c.column, c.kind, wording.loss(c.effect), wording.p_value(c.p_value), "moved" if c.moved else "", c.text)
        for c in (last.drift.columns if last and last.drift else ())
    ]
    return {
        "inputs_finding": findings.inputs(last, settings) if last else "Nothing to compare the inputs with yet.",
        "inputs_batch": labels.medium(last.batch.name) if last else "",
        "inputs": rows,
        "inputs_hidden": hidden,
        "sizes": [wording.number(size) for size in tables.SIZES],
        "tests": tests,
        "pictures": [(name, text, chart) for name, text, chart in drawn if chart][:_MOST_PICTURES],
    }


def _model(history: History, settings: PipelineSettings) -> dict[str, object]:
    live = labels.live_now(history) if history.turns else None
    judged = next((t for t in reversed(history.turns) if t.champion and t.champion_version == live), None)
    shown = judged or next((t for t in reversed(history.turns) if t.probe), None)
    score = judged.champion if judged else dict(history.gates).get(live) if live is not None else None
    other = judged.probe if judged else None
    table = slices.table(shown) if shown else None
    words = settings.reporting
    said = findings.calibration(score, live, settings)
    is_number = settings.training.problem == "regression"
    texts = ("the mean", "as expected") if is_number else (f"{words.outcome} as often", "as expected")
    return {
        "live": live,
        "facts": versions.model_facts(history, live, judged, settings) if live is not None else (),
        "calibration": pictures.calibration(score, other, texts, said) if score and live is not None else None,
        "calibration_finding": said,
        "slices": table,
        "slices_finding": findings.slices(shown.champion or shown.probe) if shown else "",
        "slices_batch": labels.medium(shown.batch.name) if shown else "",
        "slices_names": _names(shown) if shown else ("", ""),
        "promotions": versions.promotions(history),
        "provenance": versions.provenance(history, live),
    }


def _names(turn: Turn) -> tuple[str, str]:
    if turn.champion is None:
        return sentences.challenger(turn), ""
    return f"champion v{turn.champion_version}", f"challenger {sentences.challenger(turn)}" if turn.probe else ""
