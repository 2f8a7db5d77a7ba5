"""The process tree of `make up`: children that are started, watched, begun again a few times, and all ended together.

Change this module when children have to be kept alive, or ended, in another way. Which children there are is said in
`up`. Each is a process group of its own, so that Ctrl-C reaches only the parent, and a child goes with its children.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from configs import environment
from configs.errors import IncumbentError
from deployments import guardian

RESTARTS = 3
"""So often a child may die within `WINDOW_SECONDS`; then it is no accident."""
WINDOW_SECONDS = 600.0

_LOG_BYTES = 5_000_000


@dataclass
class Child:
    """One process with its children, and how it is started."""

    name: str
    """What it is, for people."""
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    handed: tuple[int, ...] = ()
    """Files that it inherits under their numbers."""
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)

    @property
    def last_words(self) -> str:
        """The last line of its log."""
        lines = self.log.read_text(errors="replace").split("\n") if self.log.exists() else []
        return environment.masked(
            next((line.strip() for line in reversed(lines) if line.strip()), "nothing was logged")
        )


class Tree:
    """All children of this process; to be used from its main thread."""

    def __init__(self, say: Callable[[str], None]) -> None:
        """Args:
        say: Tells people that a child died.
        """
        self._say = say
        self._children: list[Child] = []
        self._groups: set[int] = set()
        self._guardian = subprocess.Popen(
            [sys.executable, "-I", "-S", guardian.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start(self, child: Child) -> Child:
        """Start a child; it ends with this process, whatever becomes of it."""
        if child not in self._children:
            self._children.append(child)
        child.log.parent.mkdir(parents=True, exist_ok=True)
        with _opened(child.log) as log:
            child.process = subprocess.Popen(
                child.command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                pass_fds=child.handed,
                cwd=child.log.parent,
                env=dict(child.environment),
                process_group=0,
            )
        self._groups.add(child.process.pid)
        self._tell_guardian(f"+{child.process.pid}")
        return child

    def look(self) -> None:
        """Begin again what has died.

        Raises:
            IncumbentError: It has died too often.
        """
        for child in self._children:
            if child.process is not None and child.process.poll() is not None:
                self._again(child, child.process.returncode)

    def end(self, child: Child, grace: float) -> None:
        """Let a child end, with what it started; killed if it takes longer than `grace` seconds."""
        if child in self._children:
            self._children.remove(child)
        if child.process is None:
            return
        if child.process.stdin is not None:
            child.process.stdin.close()  # its lifeline
        deadline = time.monotonic() + grace
        guardian.send(child.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.process.wait(grace)
        _bury(child.process)
        self._end_group(child.process.pid, deadline - time.monotonic())

    def close(self) -> None:
        """End all that is left, at once."""
        for child in self._children:
            if child.process is not None:
                _bury(child.process)
        for group in list(self._groups):
            self._end_group(group, 0.0)
        self._children.clear()
        assert self._guardian.stdin is not None
        with suppress(OSError):
            self._guardian.stdin.close()
        self._guardian.wait()

    def _again(self, child: Child, code: int) -> None:
        now = time.monotonic()
        child.deaths = [death for death in child.deaths if now - death < WINDOW_SECONDS] + [now]
        how = f"was killed by signal {-code}" if code < 0 else f"ended with code {code}"
        if len(child.deaths) > RESTARTS:
            raise IncumbentError(
                f"{child.name} {how}, for the {len(child.deaths)}th time in a few minutes: {child.last_words} "
                f"Its log is {child.log}."
            )
        self._say(f"{child.name} {how} and is started again. Its log is {child.log}.")
        assert child.process is not None
        _bury(child.process)
        self.start(child)

    def _end_group(self, group: int, grace: float) -> None:
        guardian.end({group}, max(grace, 0.0))
        self._groups.discard(group)
        self._tell_guardian(f"-{group}")

    def _tell_guardian(self, line: str) -> None:
        assert self._guardian.stdin is not None
        with suppress(OSError):  # without it the children still hold their lifelines
            self._guardian.stdin.write(f"{line}\n".encode())
            self._guardian.stdin.flush()


def _bury(process: "subprocess.Popen[bytes]") -> None:
    """Make sure that a process has ended, and take note of it: as a zombie it would keep its group alive."""
    if process.stdin is not None:
        process.stdin.close()
    process.kill()
    process.wait()


def _opened(path: Path) -> IO[bytes]:
    grown = path.exists() and path.stat().st_size > _LOG_BYTES
    if grown:
        path.replace(path.with_suffix(".1.log"))
    return path.open("ab")
