"""Rows of the tables: batches, rules, inputs, slices, promotions, and the facts about the live model.

Values in, texts and small pictures out; captions are `findings.py`. A cell is text that the template escapes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from configs.settings import PipelineSettings
from tasks.core import wording
from tasks.core.records import Batch, BatchStatus, ColumnDrift, History, Metric, Model, Score, SliceScore, Turn
from tasks.core.reporting import labels, pictures
from tasks.core.reporting.marks import Chart
from tasks.core.reporting.sentences import loss

_HASH = 12
_SIZES = 5
_METRICS = {
    "log_loss": "log loss",
    "brier": "Brier",
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "calibration_error": "calibration error",
}


@dataclass(frozen=True)
class BatchRow:
    """What became of one delivery."""

    turn: int
    name: str
    refused: bool
    cells: tuple[str, ...]
    """Landed, accepted, quarantined, duplicates, no label, share of positives."""
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
    """How far one input was in one turn: size 0 to 5, filled if it moved."""

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


@dataclass(frozen=True)
class SliceRow:
    """One slice: both models, their difference, and what the guard says."""

    column: str
    label: str
    cells: tuple[str, ...]
    """Rows, share of positives, log loss of the champion with its interval."""
    forest: Chart | None
    gain: str
    difference: Chart | None
    guard: str


@dataclass(frozen=True)
class PromotionRow:
    """One change of the live model."""

    version: str
    turn: int
    batch: str
    until: str
    trained_on: tuple[str, str]
    gain: tuple[str, str]
    gate: tuple[str, str]
    by: str


@dataclass(frozen=True)
class Fact:
    """A named value; `code` are identifiers, whole, of which the page shows the beginning."""

    name: str
    text: str
    code: tuple[str, ...] = ()

    @property
    def brief(self) -> tuple[tuple[str, str], ...]:
        """Beginning of each identifier, and all of it."""
        return tuple((one[:_HASH], one) for one in self.code)


def batches(history: History) -> tuple[BatchRow, ...]:
    """One row per turn, in order."""
    most = max((t.batch.quarantined for t in history.turns if t.batch.status is BatchStatus.ACCEPTED), default=0)
    return tuple(_batch(turn, most) for turn in history.turns)


def rules(history: History) -> tuple[RuleRow, ...]:
    """What kept rows out, most rows first; refused batches are told in their stories."""
    rows: Counter[tuple[str, str, str]] = Counter()
    examples: dict[tuple[str, str, str], list[str]] = {}
    for turn in history.turns:
        if turn.batch.status is BatchStatus.ACCEPTED:
            for finding in turn.batch.findings:
                key = (finding.column, finding.rule, finding.message)
                rows[key] += finding.rows
                examples.setdefault(key, []).extend(finding.examples)
    return tuple(
        RuleRow(key[0], key[2], wording.count(count), ", ".join(list(dict.fromkeys(examples[key]))[:3]))
        for key, count in rows.most_common()
    )


def missing(history: History) -> str:
    """Columns whose missing values the contract allows, with counts: `wind_gust (18,000), …`; empty if there are none."""
    counts: Counter[str] = Counter()
    for turn in history.turns:
        counts.update(dict(turn.batch.missing))
    return ", ".join(f"{column} ({wording.count(count)})" for column, count in counts.most_common(20))


def inputs(turns: Sequence[Turn], most: int) -> tuple[tuple[InputRow, ...], int]:
    """Rows by importance, then by distance, at most so many, moved ones first; and how many were left out."""
    last = next((turn for turn in reversed(turns) if turn.drift), None)
    if last is None or last.drift is None:
        return (), 0
    weights = next((dict(turn.importance) for turn in reversed(turns) if turn.importance), {})
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
            importance=_small(weights.get(name)),
            bar=pictures.bar(weights.get(name, 0.0), highest),
            squares=tuple(_square(turn, columns.get(name)) for turn, columns in known),
            text=now[name].text if now[name].moved else "",
        )
        for name in kept
    )
    return rows, len(names) - len(kept)


def slices(turn: Turn) -> tuple[tuple[SliceRow, ...], tuple[str, ...]]:
    """Champion and challenger per slice, the total first; and the pools with too few rows, in words."""
    base = turn.champion or turn.probe
    if base is None:
        return (), ()
    other = turn.probe if turn.champion else None
    enough = [part for part in base.slices if part.sufficient]
    metrics = [base.log_loss, *[part.log_loss for part in enough]]
    metrics += [other.log_loss, *[part.log_loss for part in other.slices if part.sufficient]] if other else []
    ends = [value for m in metrics for value in (m.value, m.low, m.high) if value is not None]
    scale = (min(ends), max(ends)) if ends else (0.0, 1.0)
    pair = turn.comparison if turn.champion else None
    gains = [value for part in pair.slices for value in (part.low, part.high)] + [pair.low, pair.high] if pair else [0.0]
    across = (min(0.0, *gains), max(0.0, *gains)) if pair else (0.0, 1.0)
    rows = [_total(base, other, turn, scale, across)]
    rows += [_slice(part, other, turn, scale, across) for part in enough]
    few = [p for p in base.slices if not p.sufficient]
    return tuple(rows), tuple(f"{part.column} {part.label}: {wording.count(part.rows)} rows" for part in few)


def promotions(history: History) -> tuple[PromotionRow, ...]:
    """Changes of the live model, the latest first."""
    names = {turn.number: turn for turn in history.turns}
    models, gates = dict(history.models), dict(history.gates)
    rows = []
    for n, change in enumerate(history.promotions):
        turn, model, gate = names.get(change.turn), models.get(change.version), gates.get(change.version)
        later = history.promotions[n + 1] if n + 1 < len(history.promotions) else None
        end = names.get(later.turn) if later else None
        pair = turn.comparison if turn else None
        over = f"over v{change.previous}" if change.previous is not None else "over no model"
        gain = wording.gain(pair.gain) if pair else wording.MISSING
        rows.append(
            PromotionRow(
                version=f"v{change.version}",
                turn=change.turn,
                batch=labels.medium(turn.batch.name) if turn else "",
                until="now" if later is None else labels.medium(end.batch.name) if end else f"turn {later.turn}",
                trained_on=(wording.count(model.snapshot.rows), span(model)) if model else (wording.MISSING, ""),
                gain=(f"{gain} {over}", wording.interval(pair.low, pair.high, wording.gain) if pair else ""),
                gate=(wording.loss(gate.log_loss.value) if gate else wording.MISSING, _ends(gate)),
                by=f"{change.by}: {change.reason}" if change.reason else change.by,
            )
        )
    return tuple(reversed(rows))


def model_facts(history: History, version: int, judged: Turn | None, settings: PipelineSettings) -> tuple[Fact, ...]:
    """What the live model is, what it was trained on, and how it did at its gate and on the last batch."""
    model, gate = dict(history.models).get(version), dict(history.gates).get(version)
    nouns = settings.reporting.row
    facts = [Fact("Answers", settings.title)]
    if model:
        parameters = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in model.parameters)
        facts.append(Fact("Made of", f"{model.family.replace('_', ' ')}{f': {parameters}' if parameters else ''}"))
        facts.append(Fact("Inputs", f"{len(settings.training.features)} columns: {', '.join(settings.training.features)}"))
        base = f"{wording.share(model.base_rate)} of them {settings.reporting.outcome}"
        rows = labels.number_of(model.snapshot.rows, nouns)
        facts.append(Fact("Trained on", f"{rows}, {span(model)}; {base}; {model.fit_seconds:.1f} s"))
    if gate:
        facts.append(Fact("At its gate", _metrics(gate, settings)))
    if judged and judged.champion and judged.champion_version == version:
        text = f"{labels.medium(judged.batch.name)}: {_metrics(judged.champion, settings)}"
        facts.append(Fact("Last judged", text))
    else:
        facts.append(Fact("Last judged", "not on a batch after its gate yet"))
    if model:
        facts.append(Fact("Bundle", f"skops, {model.bundle_bytes / 1e6:.1f} MB, sha256", (model.bundle,)))
    return tuple(facts)


def provenance(history: History, version: int | None) -> tuple[Fact, ...]:
    """With what the live model could be made again."""
    model = dict(history.models).get(version) if version is not None else None
    facts = []
    if model:
        shot = model.snapshot
        number = labels.number_of(len(shot.batches), ("batch", "batches"))
        facts.append(Fact("Snapshot", f"{number}, everything known before {moment(shot.cutoff)}", (shot.id,)))
        facts.append(Fact("Model", f"seed {model.seed}", (model.id,)))
        facts.append(Fact("Settings", "of the pipeline file, with defaults", (model.settings_hash,)))
        facts.append(Fact("Code", model.code_version))
        facts.append(Fact("Golden batch", "rows with the answers it gave at its gate", (model.golden,)))
    elif history.settings_hash:
        facts.append(Fact("Settings", "of the pipeline file, with defaults", (history.settings_hash,)))
    libraries = ", ".join(f"{name} {release}" for name, release in history.libraries)
    if libraries or history.lock_hash:
        facts.append(Fact("Libraries", libraries, (history.lock_hash,) if history.lock_hash else ()))
    return tuple(facts)


def span(model: Model) -> str:
    """The days of the training data: `2013-01-01 – 2013-05-31`."""
    first, last = model.snapshot.first_event, model.snapshot.last_event
    if first is None or last is None:
        return f"before {moment(model.snapshot.cutoff)}"
    return f"{first:%Y-%m-%d} – {last:%Y-%m-%d}"


def moment(at: datetime) -> str:
    """`2026-11-21 07:38 UTC`."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _batch(turn: Turn, most: int) -> BatchRow:
    batch: Batch = turn.batch
    refused = batch.status is BatchStatus.REFUSED
    labelled = batch.accepted - batch.unlabelled
    counts = (batch.landed, batch.accepted, batch.quarantined, batch.duplicates)
    unlabelled = wording.MISSING if refused else wording.count(batch.unlabelled)
    share = wording.share(batch.positives / labelled) if labelled > 0 else wording.MISSING
    bar = pictures.bar(0 if refused else batch.quarantined, most)
    return BatchRow(turn.number, batch.name, refused, (*map(wording.count, counts), unlabelled, share), bar)


def _square(turn: Turn, column: ColumnDrift | None) -> Square:
    if column is None:
        css = "x" if turn.batch.status is BatchStatus.REFUSED else ""
        return Square(turn.number, css, "")
    size = min(_SIZES, max(0, ceil(column.effect * 8)))
    title = f"{labels.medium(turn.batch.name)}, {column.column}: {column.text or 'no change'}"
    return Square(turn.number, f"s{size} on" if column.moved else f"s{size}", title)


def _small(value: float | None) -> str:
    return wording.MISSING if value is None else "0" if abs(value) < 5e-5 else f"{value:.4f}".replace("-", "−")


def _total(
    base: Score, other: Score | None, turn: Turn, scale: tuple[float, float], across: tuple[float, float]
) -> SliceRow:
    pair = turn.comparison if turn.champion else None
    share = wording.share(base.positives / base.rows) if base.rows else wording.MISSING
    return SliceRow(
        column="",
        label="all",
        cells=(wording.count(base.rows), share, loss(base)),
        forest=_forest(base.log_loss, other.log_loss if other else None, scale),
        gain=wording.gain(pair.gain) if pair else wording.MISSING,
        difference=pictures.difference(pair.gain, pair.low, pair.high, False, across) if pair else None,
        guard="",
    )


def _slice(
    part: SliceScore, other: Score | None, turn: Turn, scale: tuple[float, float], across: tuple[float, float]
) -> SliceRow:
    key = (part.column, part.label)
    twin = next((p.log_loss for p in other.slices if (p.column, p.label) == key), None) if other else None
    pair = turn.comparison if turn.champion else None
    gain = next((g for g in pair.slices if (g.column, g.label) == key), None) if pair else None
    metric = part.log_loss
    known = metric.low is not None and metric.high is not None
    text = f"{wording.loss(metric.value)} ({wording.interval(metric.low, metric.high)})" if known else wording.loss(metric.value)
    guard = "" if gain is None else "worse" if gain.worse else "better" if gain.low > 0 else "unclear"
    return SliceRow(
        column=part.column,
        label=part.label,
        cells=(wording.count(part.rows), wording.share(part.positives / part.rows) if part.rows else wording.MISSING, text),
        forest=_forest(metric, twin, scale),
        gain=wording.gain(gain.gain) if gain else wording.MISSING,
        difference=pictures.difference(gain.gain, gain.low, gain.high, gain.worse, across) if gain else None,
        guard=guard,
    )


def _forest(metric: Metric, twin: Metric | None, scale: tuple[float, float]) -> Chart:
    both = [(metric, "champ")] + ([(twin, "fresh")] if twin else [])
    return pictures.interval(both, scale)


def _ends(score: Score | None) -> str:
    known = score and score.log_loss.low is not None and score.log_loss.high is not None
    return wording.interval(score.log_loss.low, score.log_loss.high) if known and score else ""


def _metrics(score: Score, settings: PipelineSettings) -> str:
    told = [f"log loss {loss(score)}"]
    told += [f"{_METRICS.get(m.name, m.name)} {wording.loss(m.value)}" for m in score.metrics[1:] if m.value is not None]
    return f"{labels.number_of(score.rows, settings.reporting.row)}: {', '.join(told)}"
