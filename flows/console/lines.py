"""Lines and tables of text for the terminal: a turn, what waits, `status`, `history`, JSON objects; and clean text.

Add a line here when it is printed in more than one way. How it is printed (colour, progress) is in `terminal.py`; what
is said about a model is computed in `tasks.reporting`.
"""

import textwrap
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from configs.problems import ProblemName
from configs.settings import PipelineSettings
from flows.console import program
from tasks.domain import late_labels, wording
from tasks.domain.label_records import LateLabels
from tasks.domain.records import Batch
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Alert, History, Outcome, Trigger, Turn
from tasks.problems import kinds
from tasks.problems.base import Problem
from tasks.reporting import sentences, titles

WIDEST = 96
INDENT = "  "
VERDICTS = {
    Outcome.FIRST_CHAMPION: ("●", "bold blue"),
    Outcome.PROMOTE: ("◆", "bold blue"),
    Outcome.KEEP_SHADOWING: ("◇", ""),
    Outcome.REJECT: ("·", "dim"),
    Outcome.REFUSED: ("■", "bold red"),
    Outcome.HELD: ("■", "bold yellow"),
    Outcome.NOT_JUDGED: ("·", "dim"),
    Outcome.FAILED: ("■", "bold red"),
    None: ("·", "dim"),
}
"""Glyph and style of each outcome."""
STATES = {
    "well": ("○", "bold"),
    "watch": ("▲", "bold yellow"),
    "unwell": ("■", "bold red"),
    "refused": ("■", "bold red"),
    "held": ("■", "bold yellow"),
    "new": ("◆", "bold blue"),
    "unjudged": ("·", "bold"),
    "none": ("○", "bold"),
}
"""Glyph and style of each state of a headline."""
_SIGNS = {"≥": ">=", "−": "-", "–": "-", "×": "x", "·": "-", "\u202f": "", "…": "...", "“": '"', "”": '"', "�": "?"}
_SHAPES = {"▲": "!", "■": "x", "◆": "+", "◇": "~", "●": "*", "○": "o"}
_ASCII = str.maketrans(_SIGNS | _SHAPES)
_MOST_NAMES = 6


def header(width: int, problem: Problem) -> str:
    """Heads of the table of turns."""
    return f"turn  {'batch':<{width}}  accepted  quarantined  {problem.title:>8}   {'verdict':<16}  why"


def width_of(names: Sequence[str]) -> int:
    """Width of the column of batches."""
    return min(24, max([7, *(len(clean(name)) for name in names)]))


def waiting_line(pipeline: str, names: Sequence[str], folder: Path | str, copies: int = 0) -> str:
    """`flights: 12 batches wait in landing/flights.`; `copies` are deliveries of known content."""
    if not names and copies:
        known = "1 delivery" if copies == 1 else f"{wording.count(copies)} deliveries"
        return f"{clean(pipeline)}: no new batch in {clean(str(folder))}, but {known} of known content."
    if not names:
        return f"{clean(pipeline)}: no new batch in {clean(str(folder))}; MLflow and the report are brought up to date."
    one = len(names) == 1
    wait = "batch waits" if one else "batches wait"
    return f"{clean(pipeline)}: {wording.count(len(names))} {wait} in {clean(str(folder))}."


def nothing_waits(history: History, folder: Path | str) -> str:
    """`flights: nothing waits in …. Champion v6 is live since turn 6; last judged on batch 2013-12.`"""
    text = f"{clean(history.pipeline)}: nothing waits in {clean(str(folder))}."
    live = titles.live_now(history)
    if live is None:
        return f"{text} No champion yet." if history.turns else f"{text} No batch has come in yet."
    since = titles.since(history.promotions[-1])
    judged = next((t for t in reversed(history.turns) if t.champion and t.champion_version == live), None)
    last = f"last judged on batch {clean(judged.batch.name)}" if judged else "not judged on a later batch yet"
    return f"{text} Champion v{live} is live since {since}; {last}."


def plain_line(turn: Turn) -> str:
    """`turn 6 2013-06: promote: evidence 1,516 >= 200; gain 0.0418; 28,230 accepted, 13 quarantined`."""
    told = [titles.verdict(turn), sentences.why(turn).removesuffix(".")]
    text = f"turn {turn.number} {turn.batch.name}: {': '.join(part for part in told if part)}; {_rows(turn.batch)}"
    return ascii_only(text)


def batch_line(batch: Batch) -> str:
    """`2013-01: 26,982 accepted, 22 quarantined`, with the reason if it is refused or held."""
    aside = f"batch {batch.status}: {batch.reason.removesuffix('.')}; " if batch.reason else ""
    return f"{clean(batch.name)}: {aside}{_rows(batch)}"


def duplicate_line(name: str) -> str:
    """`again: known content, counted as a duplicate`"""
    return f"{clean(name)}: known content, counted as a duplicate"


def gone_line(file: str, gone: Mapping[str, int]) -> str:
    """`sales.csv no longer has 12 rows that it delivered (2013-01: 10, 2013-02: 2). What was taken in stays …`"""
    named = [f"{clean(name)}: {rows:,}" for name, rows in list(gone.items())[:_MOST_NAMES]]
    more = f" and {len(gone) - _MOST_NAMES} more deliveries" if len(gone) > _MOST_NAMES else ""
    rows = sum(gone.values())
    counted = f"{rows:,} row{'s' if rows > 1 else ''}"
    return (
        f"{clean(file)} no longer has {counted} that it delivered ({', '.join(named)}{more}). "
        "What was taken in stays. If the file was cut off, put it right; nothing is taken in twice."
    )


def batch_object(pipeline: str, batch: Batch) -> dict[str, object]:
    """One batch for machines."""
    counts = {name: getattr(batch, name) for name in ("landed", "accepted", "held", "quarantined", "duplicates")}
    return {"pipeline": pipeline, "batch": batch.name, "status": batch.status.value, **counts, "reason": batch.reason}


def row(turn: Turn, width: int) -> tuple[str, str, str]:
    """Numbers, verdict and reason of one turn for the table."""
    batch = turn.batch
    loss = sentences.value(turn.champion)
    numbers = f"{wording.count(batch.accepted):>8}  {wording.count(batch.quarantined):>11}  {loss:>8}"
    more = [part for part in (_copies(batch), *batch.notes) if part]
    why = "; ".join([sentences.why(turn).removesuffix("."), *more]).removeprefix("; ")
    cells = f"{turn.number:>4}  {fit(clean(batch.name), width)}  {numbers}"
    return cells, titles.verdict(turn), why if more else sentences.why(turn)


def turn_object(pipeline: str, turn: Turn, problem: ProblemName) -> dict[str, object]:
    """One turn for machines; numbers are not rounded, in units of the loss itself; what did not happen is null."""
    loss = kinds.of_turn(turn, problem).metric
    return {
        "pipeline": pipeline,
        "turn": turn.number,
        "batch": turn.batch.name,
        "landed": turn.batch.landed,
        "accepted": turn.batch.accepted,
        "quarantined": turn.batch.quarantined,
        "duplicates": turn.batch.duplicates,
        "champion": turn.champion_version,
        f"champion_{loss}": turn.champion.loss.value if turn.champion else None,
        "challenger": turn.probe_version,
        f"challenger_{loss}": turn.probe.loss.value if turn.probe else None,
        "gain": turn.comparison.gain if turn.comparison else None,
        "evidence": turn.evidence.value if turn.evidence else None,
        "needed": turn.evidence.needed if turn.evidence else None,
        "verdict": turn.outcome.value if turn.outcome else None,
        "reason": sentences.why(turn),
        "health": turn.health.state.value if turn.health else None,
        **({} if turn.batch.labels is None else {"labels": counts_of(turn.batch.labels)}),
    }


def counts_of(labels: LateLabels) -> dict[str, int]:
    """What became of a delivery of labels, for machines."""
    return {name: value for name, value in asdict(labels).items() if type(value) is int}


def status(
    history: History, settings: PipelineSettings, waits: Sequence[str], last: int = 5, width: int | None = None
) -> list[str]:
    """The live model, what waits, and the last turns; with a width, what has no room goes under its line."""
    ended = tuple(turn for turn in history.turns if turn.outcome is not None)
    # A turn that is not finished says nothing about the live model yet.
    told = sentences.headline(replace(history, turns=ended) if ended else history, settings)
    glyph, _ = STATES[told.state]
    lines = [f"{clean(history.pipeline)}  {glyph} {clean(told.title)}"]
    for text in (told.text, told.action, told.note):
        lines += wrapped(text, min(width or WIDEST, WIDEST), INDENT)
    names = ", ".join(clean(name) for name in waits[:_MOST_NAMES])
    more = f" and {len(waits) - _MOST_NAMES} more" if len(waits) > _MOST_NAMES else ""
    lines += ["", f"{INDENT}waits: {names or 'nothing'}{more}"]
    if shown := history.turns[-last:]:
        size = width_of([turn.batch.name for turn in shown])
        lines += ["", header(size, kinds.named(settings.training.kind))]
        for turn in shown:
            numbers, verdict, why = row(turn, size)
            lines += beside(f"{numbers}   {VERDICTS[turn.outcome][0]} {verdict:<14}", why, width)
    return [clean(line) for line in lines]


def at_work(triggers: Sequence[Trigger], alerts: Sequence[Alert], worker: str | None, ui: str | None) -> list[str]:
    """What asks for a turn, what people are told, who works, and where to look on; nothing where there is nothing."""
    told = [f"asked for by {TriggerKind.in_words(one.kind)}: {one.evidence}" for one in triggers]
    told += [f"alert: {one.text}" for one in alerts]
    told += [f"at work: {worker}"] if worker else []
    told += [f"Prefect's UI: {ui}"] if ui else []
    return [f"{INDENT}{clean(line)}" for line in told]


def history_table(history: History, problem: Problem, width: int | None = None) -> list[str]:
    """Who was live when, trained on what, and by how much it won; the latest first."""
    from tasks.reporting import versions

    gain = f"{problem.gain_title} at the gate"
    rows = [("version", "live from", "until", "trained on", "window", gain, problem.title, "why")]
    for p in versions.promotions(history):
        rows.append((p.version, p.batch, p.until, p.trained_on, p.span, p.gain, p.loss, p.what))
    if len(rows) == 1:
        return [f"{clean(history.pipeline)}: no champion yet."]
    aligned = table(rows)
    if width is None or max(map(len, aligned)) <= width:
        return aligned
    short = table([(*cells[:4], *cells[5:7]) for cells in rows])
    below = [wrapped(f"{cells[4]}; {cells[7]}", width, " " * 9) for cells in rows[1:]]
    return [short[0], *(line for first, rest in zip(short[1:], below, strict=True) for line in (first, *rest))]


def held(pipeline: str, versions: Sequence[int]) -> list[str]:
    """For each version that is barred, how it is released."""
    return [
        f"  v{version} is barred: automation does not make it live again until "
        f"`{program.command(f'release {clean(pipeline)} {version}')}`"
        for version in versions
    ]


# ── text ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def clean(text: str) -> str:
    """The text without control and direction characters, which could rewrite what the terminal shows."""
    return "".join("�" if unicodedata.category(letter).startswith("C") else letter for letter in text)


def ascii_only(text: str) -> str:
    """The text for a log or a mail: signs are spelled, other letters are escaped."""
    return clean(text).translate(_ASCII).encode("ascii", "backslashreplace").decode()


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of at most that width; a no-break space holds a number and its unit together."""
    return textwrap.wrap(clean(text), width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def beside(line: str, text: str, width: int | None) -> list[str]:
    """A line and the text behind it, or under it where there is no room beside it."""
    if width is None or len(line) + 2 + len(clean(text)) <= width:
        return [f"{line}  {text}".rstrip()]
    return [line.rstrip(), *wrapped(text, width, " " * 6)]


def fit(text: str, width: int) -> str:
    """The text in exactly that width; three dots are three signs in any encoding."""
    return f"{text:<{width}}" if len(text) <= width else f"{text[: width - 3]}..."


def _rows(batch: Batch) -> str:
    """What became of the rows; those of a file that cannot be read are not known."""
    if batch.reason and not batch.landed:
        return "the file was set aside whole"
    if batch.labels is not None and not batch.reason:
        return late_labels.briefly(batch.labels)
    held = f"{wording.count(batch.held)} held, " if batch.held else ""
    rows = f"{wording.count(batch.accepted)} accepted, {held}{wording.count(batch.quarantined)} quarantined"
    more = "".join(f"; {note}" for note in batch.notes)
    return f"{rows}, {copies}{more}" if (copies := _copies(batch)) else f"{rows}{more}"


def _copies(batch: Batch) -> str:
    """Rows that were dropped because the same ones were there before; nothing where there are none."""
    noun = "duplicate" if batch.duplicates == 1 else "duplicates"
    return f"{wording.count(batch.duplicates)} {noun} dropped" if batch.duplicates else ""


def table(rows: Sequence[Sequence[str]], right: int = 3) -> list[str]:
    """Rows of cells as lines; one column, of numbers, is flush right."""
    cleaned = [[clean(cell) for cell in cells] for cells in rows]
    sizes = [max(map(len, column)) for column in zip(*cleaned, strict=True)]
    signs = [">" if n == right else "<" for n in range(len(sizes))]
    padded = [
        [f"{cell:{sign}{size}}" for cell, sign, size in zip(cells, signs, sizes, strict=True)] for cells in cleaned
    ]
    return ["  ".join(cells).rstrip() for cells in padded]
