"""Runs a command in a cold process and measures it: wall time, when each line came, memory of all its processes."""

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent.parent
_SAMPLE_SECONDS = 0.2


@dataclass(frozen=True)
class Measured:
    """One cold process."""

    seconds: float
    cpu_seconds: float
    """Of the process and all children that ended with it."""
    megabytes: float
    """Peak of the proportional memory of the tree (shared pages counted once)."""
    lines: tuple[tuple[float, str], ...]
    """Lines of its output, with the seconds after the command."""


def run(*command: str, home: Path, expect: int = 0, checkout: Path = CHECKOUT) -> Measured:
    """Run `python *command` on a home; stops with what it said if it exits with another code.

    Args:
        command: Arguments of the interpreter.
        home: INCUMBENT_HOME.
        expect: Exit code.
        checkout: Whose code runs; by default this one's.
    """
    environment = variables(home)
    before, began = os.times(), time.perf_counter()
    lines: list[tuple[float, str]] = []
    with subprocess.Popen(
        [sys.executable, *command],
        cwd=checkout,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        memory = _Memory(process.pid)
        memory.start()
        assert process.stdout is not None
        assert process.stderr is not None
        errors: list[str] = []
        listener = threading.Thread(target=lambda stream: errors.extend(stream), args=(process.stderr,))
        listener.start()
        for line in process.stdout:
            lines.append((time.perf_counter() - began, line.rstrip("\n")))
        code = process.wait()
        seconds = time.perf_counter() - began
        listener.join()
        memory.ended.set()
        memory.join()
    if code != expect:
        raise SystemExit(f"{' '.join(command)} ended with {code}:\n{''.join(errors)}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Measured(seconds, cpu, memory.peak, tuple(lines))


def variables(home: Path) -> dict[str, str]:
    """The environment of a process that is measured."""
    environment = {**os.environ, "INCUMBENT_HOME": str(home)}
    environment.pop("PREFECT_API_URL", None)
    # As for a user: compiled modules are kept, so that no start compiles them anew.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


def cpu_of(root: int) -> float:
    """Processor seconds of a running process so far, with those of its descendants."""
    return sum(map(_cpu, _tree(root))) / os.sysconf("SC_CLK_TCK")


class _Memory(threading.Thread):
    """Looks at a process and its descendants until told to stop."""

    def __init__(self, root: int) -> None:
        super().__init__(daemon=True)
        self.root, self.peak, self.ended = root, 0.0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, sum(map(_proportional, _tree(self.root))))


def _tree(root: int) -> list[int]:
    found, waiting = [], [root]
    while waiting:
        process = waiting.pop()
        found.append(process)
        try:
            for thread in Path(f"/proc/{process}/task").iterdir():
                waiting += [int(child) for child in (thread / "children").read_text().split()]
        except OSError:
            continue  # it has just ended
    return found


def _proportional(process: int) -> float:
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0.0)


def _cpu(process: int) -> int:
    """Its own ticks, and those of its children that have ended."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0
    return sum(map(int, text.rpartition(")")[2].split()[11:15]))
