"""How `python -m flows.run` prints: a table that grows on a terminal, plain lines in a pipe, JSON for machines.

Add a way of printing here. What is printed is in `lines.py`; nothing here decides. Text from data is stripped of
control characters and never read as markup. Rich is loaded only where there is a terminal.
"""

import json
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from configs.problems import ProblemName
from configs.settings import PipelineSettings
from flows.console import lines, program
from flows.console.lines import ascii_only, clean, fit, plain_line, row, turn_object, waiting_line, wrapped
from tasks.domain.turns import History, Outcome, Turn
from tasks.problems import kinds
from tasks.reporting import captions, sentences

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

_NARROWEST_WHY = 26
_NARROWEST_WITH_BAR, _BAR, _ELAPSED = 120, 24, 10
"""Columns of a terminal, of the bar of progress, and of the time that has passed."""
_PROGRESS_STYLES = {"bar.complete": "blue", "bar.finished": "blue", "bar.pulse": "blue", "progress.elapsed": "dim"}
NEXT = (
    ("status", "how the live model is, and what waits"),
    ("history", "who was live when, and on what evidence"),
    ("verify", "recompute from the bytes that all this is true"),
)


@dataclass
class Terminal:
    """Says nothing but what cannot wait: with `--quiet`, a batch refused or held, on stderr. The others say more."""

    out: TextIO
    err: TextIO
    problem: ProblemName | None = None
    """What the pipeline that is shown predicts; set before its turns are shown."""

    @property
    def predicted(self) -> ProblemName:
        """What the pipeline that is shown predicts."""
        assert self.problem is not None, "a pipeline is named before its turns are shown"
        return self.problem

    def waiting(self, pipeline: str, names: Sequence[str], folder: Path | str, copies: int = 0) -> None:
        """Batches wait in the landing folder."""

    def step(self, turn: int, batch: str, text: str, number: int, steps: int) -> None:
        """A turn has come to a step."""

    def turn(self, pipeline: str, turn: Turn) -> None:
        """A turn has ended."""
        if turn.outcome in (Outcome.REFUSED, Outcome.HELD):
            say(plain_line(turn), self.err)

    def closing(self, text: str) -> None:
        """All turns are done, something is left to do."""

    def opening(self, text: str) -> None:
        """What a run needs is started; no turn has come to a step yet."""

    def summary(self, history: History, settings: PipelineSettings, report: Path | str, suffix: str = "") -> None:
        """The end: the live model, the rows, the report and what to try next; `suffix` goes behind the commands."""

    def show(self, text: Sequence[str]) -> None:
        """Text that was asked for, such as `status`."""

    def alarm(self, text: Sequence[str]) -> None:
        """Text that nobody may miss, such as what `verify` found."""
        for line in text:
            say(ascii_only(line), self.err)

    def facts(self, values: Mapping[str, object]) -> None:
        """What machines get in place of text: one object on one line."""

    @property
    def width(self) -> int | None:
        """Columns that there are; None where lines may be of any length."""
        return None

    def close(self) -> None:
        """Take the progress line away; may be called twice."""


@dataclass
class Plain(Terminal):
    """Without a terminal: ASCII, one line per turn."""

    def waiting(self, pipeline: str, names: Sequence[str], folder: Path | str, copies: int = 0) -> None:
        """`flights: 12 batches wait in landing/flights.`"""
        self._say(waiting_line(pipeline, names, folder, copies))

    def turn(self, pipeline: str, turn: Turn) -> None:
        """One line."""
        self._say(plain_line(turn))

    def summary(self, history: History, settings: PipelineSettings, report: Path | str, suffix: str = "") -> None:
        """The same sentences as on a terminal, one line each."""
        told = sentences.headline(history, settings)
        self._say(f"{told.title}. {told.text} {told.action}")
        self._say(captions.data(history, settings))
        self._say(f"Report: {report}")
        self._say(f"Next: {', '.join(program.command(f'{command}{suffix}') for command, _ in NEXT)}")

    def show(self, text: Sequence[str]) -> None:
        """As they are, in ASCII."""
        for line in text:
            self._say(line)

    def alarm(self, text: Sequence[str]) -> None:
        """As any other text."""
        self.show(text)

    def _say(self, text: str) -> None:
        say(ascii_only(text), self.out)


@dataclass
class Json(Plain):
    """For machines: one object per turn on stdout, messages on stderr."""

    def turn(self, pipeline: str, turn: Turn) -> None:
        """One object on one line."""
        self.facts(turn_object(pipeline, turn, self.predicted))

    def facts(self, values: Mapping[str, object]) -> None:
        """One object on one line."""
        say(json.dumps(values), self.out)

    def _say(self, text: str) -> None:
        say(ascii_only(text), self.err)


@dataclass
class Live(Terminal):
    """On a terminal: a table that grows, and one line of progress under it."""

    _console: "Console | None" = None
    _progress: "Progress | None" = None
    _task: "TaskID | None" = None
    _name_width: int = field(default=7)
    _has_header: bool = False

    def waiting(self, pipeline: str, names: Sequence[str], folder: Path | str, copies: int = 0) -> None:
        """What waits, and an empty line; each pipeline has a table of its own."""
        self._has_header = False
        self._name_width = lines.width_of(names)
        self._print(waiting_line(pipeline, names, folder, copies))
        self._print("")

    def opening(self, text: str) -> None:
        """A first line of progress, without steps."""
        self._progress = self._progress or self._open_progress()
        self._end_task()
        self._task = self._progress.add_task(self._shortened(f"      {clean(text)}"), total=None, place="")

    def step(self, turn: int, batch: str, text: str, number: int, steps: int) -> None:
        """Rewrite the line of progress."""
        self._header()
        self._progress = self._progress or self._open_progress()
        place = f"step {number} of {steps},"
        told = self._shortened(f"{turn:>4}  {fit(clean(batch), self._name_width)}  {clean(text)}", place)
        if self._task is None:
            self._task = self._progress.add_task(told, total=steps, place=place)
        self._progress.update(self._task, description=told, completed=number, total=steps, place=place)

    def turn(self, pipeline: str, turn: Turn) -> None:
        """One row; the reason goes under it where there is no room beside it."""
        from rich.text import Text

        self._end_task()
        self._header()
        cells, glyph, style = row(turn, self._name_width), *lines.VERDICTS[turn.outcome]
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
            self._task = self._progress.add_task(self._shortened(f"      {clean(text)}"), total=None, place="")

    def summary(self, history: History, settings: PipelineSettings, report: Path | str, suffix: str = "") -> None:
        """The headline, the rows, the report and three commands."""
        from rich.text import Text

        self.close()
        told = sentences.headline(history, settings)
        glyph, style = lines.STATES[told.state]
        width = min(self._ready().width - 1, lines.WIDEST)
        self._print("")
        self._print(Text(f"{glyph} {clean(told.title)}.", style=style))
        for line in wrapped(f"{told.text} {told.action}", width, lines.INDENT):
            self._print(line)
        self._print("")
        for line in wrapped(captions.data(history, settings), width):
            self._print(line)
        self._print("")
        self._print(Text.assemble("Report  ", (clean(str(report)), "bold")), wrap=False)
        names = [program.command(f"{command}{clean(suffix)}") for command, _ in NEXT]
        for n, (name, (_, meaning)) in enumerate(zip(names, NEXT, strict=True)):
            lead = "Next    " if n == 0 else " " * 8
            self._print(Text.assemble(f"{lead}{name:<{max(map(len, names))}}   ", (meaning, "dim")), wrap=False)

    def show(self, text: Sequence[str]) -> None:
        """As they are, clean."""
        for line in text:
            self._print(clean(line), wrap=False)

    def alarm(self, text: Sequence[str]) -> None:
        """As any other text."""
        self.show(text)

    @property
    def width(self) -> int | None:
        """Columns of the terminal."""
        return self._ready().width

    def close(self) -> None:
        """Take the progress line away."""
        if self._progress is not None:
            self._progress.stop()
            self._progress, self._task = None, None

    def _open_progress(self) -> "Progress":
        from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeElapsedColumn

        columns: list[ProgressColumn] = [TextColumn("{task.description}", style="dim", markup=False)]
        columns += [BarColumn(bar_width=_BAR)] if self._has_bar() else []
        columns += [TextColumn("{task.fields[place]}", style="dim", markup=False), TimeElapsedColumn()]
        progress = Progress(*columns, console=self._ready(), transient=True)
        progress.start()
        return progress

    def _has_bar(self) -> bool:
        """A narrow terminal has room for words only."""
        return self._ready().width >= _NARROWEST_WITH_BAR

    def _shortened(self, text: str, place: str = "") -> str:
        """As much of a text as leaves room for the bar, the step and the time."""
        room = self._ready().width - (_BAR + 1 if self._has_bar() else 0) - len(place) - _ELAPSED
        return text if len(text) <= room else f"{text[: max(room - 3, 0)]}..."

    def _end_task(self) -> None:
        if self._progress is not None and self._task is not None:
            self._progress.remove_task(self._task)
            self._progress.refresh()
        self._task = None

    def _header(self) -> None:
        from rich.text import Text

        if not self._has_header:
            self._end_task()  # that of the opening, which had no steps
            self._print(Text(lines.header(self._name_width, kinds.named(self.predicted)), style="dim"))
            self._has_header = True

    def _ready(self) -> "Console":
        from rich.console import Console
        from rich.theme import Theme

        if self._console is None:
            theme = Theme(_PROGRESS_STYLES)
            self._console = Console(file=self.out, highlight=False, markup=False, emoji=False, theme=theme)
        return self._console

    def _print(self, text: object, wrap: bool = True) -> None:
        self._ready().print(text, soft_wrap=not wrap or not isinstance(text, str))


def say(text: str, to: TextIO) -> None:
    """Print one line. When it cannot be written (`| head` has read enough), the work goes on without it."""
    try:
        print(text, file=to, flush=True)
    except OSError as err:
        # What is still in the buffer would be tried again, and fail again, when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), to.fileno())
        if not isinstance(err, BrokenPipeError) and to is not sys.stderr:
            print(f"What is printed cannot be written ({err.strerror}); the work goes on.", file=sys.stderr)


def open_terminal(*, quiet: bool, as_json: bool, out: TextIO, err: TextIO) -> Terminal:
    """Choose how to talk: for machines, not at all, with a table that grows, or in plain lines."""
    if as_json:
        return Json(out, err)
    if quiet:
        return Terminal(out, err)
    unicode = (getattr(out, "encoding", None) or "").lower().replace("-", "").startswith("utf")
    return Live(out, err) if out.isatty() and unicode else Plain(out, err)
