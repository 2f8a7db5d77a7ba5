"""Lines and tables of text for the terminal: a turn, what waits, `status`, `history`, JSON objects; and clean text.

Add a line here when it is printed in more than one way. How it is printed (colour, progress) is in `terminal.py`; what
is said about a model is computed in `tasks.core.reporting`.
"""

import textwrap
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from configs.settings import PipelineSettings
from tasks.core import wording
from tasks.core.records import History, Outcome, Turn
from tasks.core.reporting import labels, sentences

WIDEST = 96
INDENT = "  "
VERDICTS = {
    Outcome.FIRST_CHAMPION: ("●", "bold blue"),
    Outcome.PROMOTE: ("◆", "bold blue"),
    Outcome.KEEP_SHADOWING: ("◇", ""),
    Outcome.REJECT: ("·", "dim"),
    Outcome.REFUSED: ("■", "bold red"),
    Outcome.NOT_JUDGED: ("·", "dim"),
    None: ("·", "dim"),
}
"""Glyph and style of each outcome."""
STATES = {
    "well": ("○", "bold"),
    "watch": ("▲", "bold yellow"),
    "unwell": ("■", "bold red"),
    "refused": ("■", "bold red"),
    "new": ("◆", "bold blue"),
    "unjudged": ("·", "bold"),
    "none": ("○", "bold"),
}
"""Glyph and style of each state of a headline."""
_SIGNS = {"≥": ">=", "−": "-", "–": "-", "×": "x", "·": "-", "\u202f": "", "…": "...", "“": '"', "”": '"'}
_SHAPES = {"▲": "!", "■": "x", "◆": "+", "◇": "~", "●": "*", "○": "o"}
_ASCII = str.maketrans(_SIGNS | _SHAPES)
_MOST_NAMES = 6


def header(width: int) -> str:
    """Heads of the table of turns."""
    return f"turn  {'batch':<{width}}  accepted  quarantined  log loss   {'verdict':<16}  why"


def width_of(names: Sequence[str]) -> int:
    """Width of the column of batches."""
    return min(24, max([7, *(len(clean(name)) for name in names)]))


def waiting_line(pipeline: str, names: Sequence[str], folder: Path | str) -> str:
    """`flights: 12 batches wait in landing/flights.`"""
    one = len(names) == 1
    wait = "batch waits" if one else "batches wait"
    return f"{clean(pipeline)}: {wording.count(len(names))} {wait} in {clean(str(folder))}."


def nothing_waits(history: History, folder: Path | str) -> str:
    """`flights: nothing waits in …. Champion v6 is live since turn 6; last judged on batch 2013-12.`"""
    text = f"{clean(history.pipeline)}: nothing waits in {clean(str(folder))}."
    live = labels.live_after(history, history.turns[-1]) if history.turns else None
    if live is None:
        return f"{text} No champion yet." if history.turns else f"{text} No batch has come in yet."
    since = next(p.turn for p in reversed(history.promotions) if p.version == live)
    judged = next((t for t in reversed(history.turns) if t.champion and t.champion_version == live), None)
    last = f"last judged on batch {clean(judged.batch.name)}" if judged else "not judged on a later batch yet"
    return f"{text} Champion v{live} is live since turn {since}; {last}."


def plain_line(turn: Turn) -> str:
    """`turn 6 2013-06: promote: evidence 1,516 >= 200; gain 0.0418; 28,230 accepted, 13 quarantined`."""
    rows = f"{wording.count(turn.batch.accepted)} accepted, {wording.count(turn.batch.quarantined)} quarantined"
    told = [labels.verdict(turn), sentences.why(turn)]
    return ascii_only(f"turn {turn.number} {turn.batch.name}: {': '.join(part for part in told if part)}; {rows}")


def row(turn: Turn, width: int) -> tuple[str, str, str]:
    """Numbers, verdict and reason of one turn for the table."""
    batch = turn.batch
    loss = wording.loss(turn.champion.log_loss.value if turn.champion else None)
    numbers = f"{wording.count(batch.accepted):>8}  {wording.count(batch.quarantined):>11}  {loss:>8}"
    return f"{turn.number:>4}  {fit(clean(batch.name), width)}  {numbers}", labels.verdict(turn), sentences.why(turn)


def turn_object(pipeline: str, turn: Turn) -> dict[str, object]:
    """One turn for machines; numbers are not rounded, what did not happen is null."""
    return {
        "pipeline": pipeline,
        "turn": turn.number,
        "batch": turn.batch.name,
        "landed": turn.batch.landed,
        "accepted": turn.batch.accepted,
        "quarantined": turn.batch.quarantined,
        "duplicates": turn.batch.duplicates,
        "champion": turn.champion_version,
        "champion_log_loss": turn.champion.log_loss.value if turn.champion else None,
        "challenger": turn.probe_version,
        "challenger_log_loss": turn.probe.log_loss.value if turn.probe else None,
        "gain": turn.comparison.gain if turn.comparison else None,
        "evidence": turn.evidence.value if turn.evidence else None,
        "needed": turn.evidence.needed if turn.evidence else None,
        "verdict": turn.outcome.value if turn.outcome else None,
        "reason": sentences.why(turn),
        "health": turn.health.state.value if turn.health else None,
    }


def status(history: History, settings: PipelineSettings, waits: Sequence[str], last: int = 5) -> list[str]:
    """The live model, what waits, and the last turns."""
    told = sentences.headline(history, settings)
    glyph, _ = STATES[told.state]
    lines = [f"{clean(history.pipeline)}  {glyph} {clean(told.title)}"]
    for text in (told.text, told.action, told.note):
        lines += wrapped(text, WIDEST, INDENT)
    names = ", ".join(clean(name) for name in waits[:_MOST_NAMES])
    more = f" and {len(waits) - _MOST_NAMES} more" if len(waits) > _MOST_NAMES else ""
    lines += ["", f"{INDENT}waits: {names or 'nothing'}{more}"]
    if shown := history.turns[-last:]:
        width = width_of([turn.batch.name for turn in shown])
        lines += ["", header(width)]
        for turn in shown:
            numbers, verdict, why = row(turn, width)
            lines.append(f"{numbers}   {VERDICTS[turn.outcome][0]} {verdict:<14}  {why}")
    return [clean(line) for line in lines]


def history_table(history: History) -> list[str]:
    """Who was live when, trained on what, and by how much it won; the latest first."""
    from tasks.core.reporting import versions

    rows = [("version", "live from", "until", "trained on", "window", "gain at the gate", "log loss", "why")]
    for p in versions.promotions(history):
        rows.append((p.version, p.batch, p.until, p.trained_on[0], p.trained_on[1], p.gain[0], p.gate[0], p.by))
    if len(rows) == 1:
        return [f"{clean(history.pipeline)}: no champion yet."]
    widths = [max(len(clean(cells[n])) for cells in rows) for n in range(len(rows[0]))]
    right = {3}
    return [
        "  ".join(
            f"{clean(text):>{size}}" if n in right else f"{clean(text):<{size}}"
            for n, (text, size) in enumerate(zip(cells, widths, strict=True))
        ).rstrip()
        for cells in rows
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


def fit(text: str, width: int) -> str:
    """The text in exactly that width."""
    return f"{text:<{width}}" if len(text) <= width else f"{text[: width - 1]}…"
