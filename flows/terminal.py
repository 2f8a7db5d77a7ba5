"""What `python -m flows.run` prints: lines of turns, the closing words, `status` and `history`.

Add here how something looks on a terminal, in a pipe (ASCII, no colour, one line per turn) or for machines (JSON). What
is said is computed in `tasks.core.reporting`; nothing here decides. Text from data is stripped of control characters, and
never read as markup. Rich is loaded only where there is a terminal.
"""

import json
import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from configs.settings import PipelineSettings
from tasks.core import wording
from tasks.core.records import History, Outcome, Turn
from tasks.core.reporting import findings, labels, sentences

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_WIDEST = 96
_INDENT = "  "
_NARROWEST_WHY = 26
_ASCII = str.maketrans({"≥": ">=", "−": "-", "–": "-", "×": "x", "·": "-", "\u202f": "", "…": "...", "“": '"', "”": '"'})
_GLYPHS = {
    Outcome.FIRST_CHAMPION: ("●", "bold blue"),
    Outcome.PROMOTE: ("◆", "bold blue"),
    Outcome.KEEP_SHADOWING: ("◇", ""),
    Outcome.REJECT: ("·", "dim"),
    Outcome.REFUSED: ("■", "bold red"),
    Outcome.NOT_JUDGED: ("·", "dim"),
}
_STATES = {
    "well": ("○", "bold"),
    "watch": ("▲", "bold yellow"),
    "unwell": ("■", "bold red"),
    "refused": ("■", "bold red"),
    "new": ("◆", "bold blue"),
    "unjudged": ("·", "bold"),
    "none": ("○", "bold"),
}
NEXT = (
    ("status", "how the live model is, and what waits"),
    ("history", "who was live when, and on what evidence"),
    ("verify", "recompute from the bytes that all this is true"),
)


@dataclass
class Terminal:
    """Says nothing but what cannot wait: with `--quiet`, a refused batch, on stderr. The others say more."""

    out: TextIO
    err: TextIO

    def waiting(self, pipeline: str, names: Sequence[str], folder: Path | str) -> None:
        """Batches wait in the landing folder."""

    def step(self, turn: int, batch: str, text: str, number: int, steps: int) -> None:
        """A turn has come to a step."""

    def turn(self, pipeline: str, turn: Turn) -> None:
        """A turn has ended."""
        if turn.outcome is Outcome.REFUSED:
            print(plain_line(turn), file=self.err, flush=True)

    def closing(self, text: str) -> None:
        """All turns are done, something is left to do."""

    def summary(self, history: History, settings: PipelineSettings, report: Path | str, suffix: str = "") -> None:
        """The end: the live model, the rows, the report and what to try next; `suffix` goes behind the commands."""

    def lines(self, lines: Sequence[str]) -> None:
        """Text that was asked for, such as `status`."""

    def close(self) -> None:
        """Take the progress line away; may be called twice."""


@dataclass
class Plain(Terminal):
    """Without a terminal: ASCII, one line per turn."""

    def waiting(self, pipeline: str, names: Sequence[str], folder: Path | str) -> None:
        """`flights: 12 batches wait in landing/flights.`"""
        self._say(waiting_line(pipeline, names, folder))

    def turn(self, pipeline: str, turn: Turn) -> None:
        """One line."""
        self._say(plain_line(turn))

    def summary(self, history: History, settings: PipelineSettings, report: Path | str, suffix: str = "") -> None:
        """The same sentences as on a terminal, one line each."""
        told = sentences.headline(history, settings)
        self._say(f"{told.title}. {told.text} {told.action}")
        self._say(findings.data(history, settings))
        self._say(f"Report: {report}")
        self._say(f"Next: {', '.join(f'python -m flows.run {command}{suffix}' for command, _ in NEXT)}")

    def lines(self, lines: Sequence[str]) -> None:
        """As they are, in ASCII."""
        for line in lines:
            self._say(line)

    def _say(self, text: str) -> None:
        print(ascii_only(text), file=self.out, flush=True)


@dataclass
class Json(Plain):
    """For machines: one object per turn on stdout, messages on stderr."""

    def turn(self, pipeline: str, turn: Turn) -> None:
        """One object on one line."""
        print(json.dumps(turn_object(pipeline, turn)), file=self.out, flush=True)

    def _say(self, text: str) -> None:
        print(ascii_only(text), file=self.err, flush=True)


@dataclass
class Live(Terminal):
    """On a terminal: a table that grows, and one line of progress under it."""

    _console: "Console | None" = None
    _progress: "Progress | None" = None
    _task: "TaskID | None" = None
    _name_width: int = field(default=7)
    _has_header: bool = False

    def waiting(self, pipeline: str, names: Sequence[str], folder: Path | str) -> None:
        """What waits, and an empty line."""
        self._name_width = min(24, max([7, *(len(clean(name)) for name in names)]))
        self._print(waiting_line(pipeline, names, folder))
        self._print("")

    def step(self, turn: int, batch: str, text: str, number: int, steps: int) -> None:
        """Rewrite the line of progress."""
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        told = f"{turn:>4}  {_fit(clean(batch), self._name_width)}  {clean(text)}"
        if self._progress is None:
            self._header()
            columns = (
                TextColumn("{task.description}", style="dim", markup=False),
                BarColumn(bar_width=24),
                TextColumn("step {task.completed} of {task.total},", style="dim", markup=False),
                TimeElapsedColumn(),
            )
            self._progress = Progress(*columns, console=self._ready(), transient=True)
            self._progress.start()
        if self._task is None:
            self._task = self._progress.add_task(told, total=steps)
        self._progress.update(self._task, description=told, completed=number, total=steps)

    def turn(self, pipeline: str, turn: Turn) -> None:
        """One row; the reason goes under it where there is no room beside it."""
        from rich.text import Text

        self._end_task()
        self._header()
        cells, glyph, style = row(turn, self._name_width), *_GLYPHS.get(turn.outcome or Outcome.NOT_JUDGED, ("·", ""))
        line = Text(cells[0] + "   ")
        line.append(f"{glyph} {cells[1]:<14}", style=style)
        room = self._ready().width - line.cell_len - 2
        why = clean(cells[2])
        if len(why) <= max(room, _NARROWEST_WHY):
            line.append(f"  {why}")
            self._print(line)
            return
        self._print(line)
        for part in textwrap.wrap(why, max(self._ready().width - 6, 20)):
            self._print(Text(f"      {part}", style="dim"))

    def closing(self, text: str) -> None:
        """A last line of progress, without steps."""
        self._end_task()
        if self._progress is not None:
            self._task = self._progress.add_task(f"      {clean(text)}", total=None)

    def summary(self, history: History, settings: PipelineSettings, report: Path | str, suffix: str = "") -> None:
        """The headline, the rows, the report and three commands."""
        from rich.text import Text

        self.close()
        told = sentences.headline(history, settings)
        glyph, style = _STATES[told.state]
        width = min(self._ready().width - 1, _WIDEST)
        self._print("")
        self._print(Text(f"{glyph} {clean(told.title)}.", style=style))
        for line in wrapped(f"{told.text} {told.action}", width, _INDENT):
            self._print(line)
        self._print("")
        for line in wrapped(findings.data(history, settings), width):
            self._print(line)
        self._print("")
        self._print(Text.assemble("Report  ", (clean(str(report)), "bold")), wrap=False)
        names = [f"python -m flows.run {command}{clean(suffix)}" for command, _ in NEXT]
        for n, (name, (_, meaning)) in enumerate(zip(names, NEXT, strict=True)):
            lead = "Next    " if n == 0 else " " * 8
            self._print(Text.assemble(f"{lead}{name:<{max(map(len, names))}}   ", (meaning, "dim")), wrap=False)

    def lines(self, lines: Sequence[str]) -> None:
        """As they are, clean."""
        for line in lines:
            self._print(clean(line), wrap=False)

    def close(self) -> None:
        """Take the progress line away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress, self._task = None, None

    def _end_task(self) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.remove_task(self._task)
        self._task = None

    def _header(self) -> None:
        from rich.text import Text

        if not self._has_header:
            heads = f"turn  {'batch':<{self._name_width}}  accepted  quarantined  log loss   {'verdict':<16}  why"
            self._print(Text(heads, style="dim"))
            self._has_header = True

    def _ready(self) -> "Console":
        from rich.console import Console

        if self._console is None:
            self._console = Console(file=self.out, highlight=False, markup=False, emoji=False)
        return self._console

    def _print(self, text: object, wrap: bool = True) -> None:
        self._ready().print(text, soft_wrap=not wrap or not isinstance(text, str))


def open_terminal(*, quiet: bool, as_json: bool, out: TextIO, err: TextIO) -> Terminal:
    """Choose how to talk: for machines, not at all, with a table that grows, or in plain lines."""
    if as_json:
        return Json(out, err)
    if quiet:
        return Terminal(out, err)
    unicode = (getattr(out, "encoding", None) or "").lower().replace("-", "").startswith("utf")
    return Live(out, err) if out.isatty() and unicode else Plain(out, err)


# ── what is said ──────────────────────────────────────────────────────────────────────────────────────────────────
def waiting_line(pipeline: str, names: Sequence[str], folder: Path | str) -> str:
    """`flights: 12 batches wait in landing/flights.`"""
    one = len(names) == 1
    return f"{clean(pipeline)}: {wording.count(len(names))} {'batch waits' if one else 'batches wait'} in {clean(str(folder))}."


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
    return f"{turn.number:>4}  {_fit(clean(batch.name), width)}  {numbers}", labels.verdict(turn), sentences.why(turn)


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
    glyph, _ = _STATES[told.state]
    lines = [f"{clean(history.pipeline)}  {glyph} {clean(told.title)}"]
    for text in (told.text, told.action, told.note):
        lines += wrapped(text, _WIDEST, _INDENT)
    names = ", ".join(clean(name) for name in waits[:6]) + (f" and {len(waits) - 6} more" if len(waits) > 6 else "")
    lines += ["", f"{_INDENT}waits: {names or 'nothing'}"]
    if history.turns:
        shown = history.turns[-last:]
        width = min(24, max([7, *(len(clean(turn.batch.name)) for turn in shown)]))
        heads = f"turn  {'batch':<{width}}  accepted  quarantined  log loss   {'verdict':<16}  why"
        lines += ["", heads]
        for turn in shown:
            cells = row(turn, width)
            lines.append(f"{cells[0]}   {_GLYPHS.get(turn.outcome or Outcome.NOT_JUDGED, ('·', ''))[0]} {cells[1]:<14}  {cells[2]}")
    return [clean(line) for line in lines]


def history_table(history: History) -> list[str]:
    """Who was live when, trained on what, and by how much it won; the latest first."""
    from tasks.core.reporting import tables

    rows = [("version", "live from", "until", "trained on", "window", "gain at the gate", "log loss", "why")]
    for p in tables.promotions(history):
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


def _fit(text: str, width: int) -> str:
    return f"{text:<{width}}" if len(text) <= width else f"{text[: width - 1]}…"
