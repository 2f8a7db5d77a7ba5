"""How long another process or a server is waited for: while it gets on, not by the clock alone.

A machine with forty busy processes makes a start of three seconds one of minutes, and nothing is wrong. So what is
waited for is given up when it has worked enough to be ready, when it does nothing although the machine would let it, or
after a time that is too long under any load. Change a limit here; who waits for what belongs to the callers.
"""

import os
import selectors
import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds between two questions to a server that is not well: each twice as long as the one before."""
MOST_TIMES = 10.0
"""So many times longer than usual a busy machine may take for a small thing."""

_PROC = Path("/proc")
_LOOK_SECONDS = 1.0
_TICKS = os.sysconf("SC_CLK_TCK")
_A_LITTLE = 0.5
"""Processor seconds that count as getting on."""


class Verdict(StrEnum):
    """What becomes of a wait."""

    GO_ON = "it may still come"
    WORKED = "it worked, and did not get ready"
    STILL = "it does nothing on a machine that would let it"
    LATE = "it took too long for the load of this machine"
    LONGEST = "it took too long"


@dataclass(frozen=True)
class Limits:
    """In seconds."""

    usual: float = 180.0
    """Nothing is given up earlier; where processor time is not known, this for each process that wants a core."""
    work: float = 120.0
    """Processor time in which anything gets ready."""
    still: float = 60.0
    """So long nothing starts without any processor time, if cores are free."""
    longest: float = 1800.0
    """The end under any load."""


@dataclass(frozen=True)
class Look:
    """What is to be seen of something that is waited for."""

    waited: float
    """Seconds since the wait began."""
    worked: float | None
    """Processor seconds that it got meanwhile; None where the system does not say."""
    still: float
    """Seconds since it last got on."""
    load: float
    """Processes that want a core, for each core."""


def judge(look: Look, limits: Limits) -> Verdict:
    """Whether to wait on, or why not."""
    if look.waited >= limits.longest:
        return Verdict.LONGEST
    if look.waited < limits.usual:
        return Verdict.GO_ON
    if look.worked is None:
        return Verdict.GO_ON if look.waited < limits.usual * max(1.0, look.load) else Verdict.LATE
    if look.worked >= limits.work:
        return Verdict.WORKED
    return Verdict.STILL if look.still >= limits.still and look.load < 1.0 else Verdict.GO_ON


class Patience:
    """One wait, from now on."""

    def __init__(self, limits: Limits, pid: int | None = None) -> None:
        """Args:
        limits: When it ends.
        pid: The process that is waited for, with its children; None if it is not known.
        """
        self._limits, self._pid = limits, pid
        self._began = self._last = time.monotonic()
        self._before = self._counted = processor_seconds(pid)

    def look(self) -> Look:
        """What is to be seen now."""
        now, counted = time.monotonic(), processor_seconds(self._pid)
        if counted is None or self._counted is None or counted - self._counted >= _A_LITTLE:
            self._last, self._counted = now, counted
        worked = None if counted is None or self._before is None else max(0.0, counted - self._before)
        return Look(now - self._began, worked, now - self._last, load())

    def judge(self) -> Verdict:
        """Whether to wait on, or why not."""
        return judge(self.look(), self._limits)

    def comes(self, pipe: IO[bytes]) -> bool:
        """Wait until a pipe can be read, or has no other end any more; False if it is given up."""
        with selectors.DefaultSelector() as selector:
            selector.register(pipe, selectors.EVENT_READ)
            while not selector.select(min(_LOOK_SECONDS, self._limits.longest)):
                if self.judge() is not Verdict.GO_ON:
                    return False
        return True

    def explain(self) -> str:
        """What is slow, such as `it got 3.1 s of processor time, and this machine is busy (load 41.0 on 2 cores)`."""
        worked = self.look().worked
        machine = busy() or f"this machine is not busy ({_shown_load()})"
        return machine if worked is None else f"it got {worked:.1f} s of processor time, and {machine}"


def pauses() -> Iterator[float]:
    """Seconds to wait before each further question."""
    pause = SHORTEST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, LONGEST_PAUSE)


def stretched(seconds: float) -> float:
    """A limit for a small thing, longer on a busy machine."""
    return seconds * min(max(1.0, load()), MOST_TIMES)


def busy() -> str:
    """That more processes want a core than there are, in words; empty if not."""
    return f"this machine is busy ({_shown_load()})" if load() >= 1.0 else ""


def load() -> float:
    """Processes that want a core, for each core: in the last minute or just now, whichever is more."""
    return _wanting() / _cores()


def processor_seconds(pid: int | None) -> float | None:
    """What a process and its children have used of the processors; None where the system does not say."""
    if pid is None:
        return None
    try:
        fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        listed = [path.read_text(encoding="ascii") for path in (_PROC / str(pid) / "task").glob("*/children")]
    except OSError:
        return None
    own = sum(int(number) for number in fields[11:15]) / _TICKS  # its own and that of children that have ended
    return own + sum(processor_seconds(int(child)) or 0.0 for child in " ".join(listed).split())


def _shown_load() -> str:
    return f"load {_wanting():.1f} on {_cores()} cores"


def _cores() -> int:
    return os.cpu_count() or 1


def _wanting() -> float:
    try:
        average = os.getloadavg()[0]
    except OSError:
        return 0.0
    try:
        now = int((_PROC / "loadavg").read_text(encoding="ascii").split()[3].partition("/")[0]) - 1  # without this one
    except (OSError, ValueError, IndexError):
        return average
    return max(average, float(now))
