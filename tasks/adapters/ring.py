"""The last records of a process, and no more than so many: two files, of which the full one takes the place of the old.

Whoever adds never waits: a thread writes what has come, and what comes too fast for it is lost. Nothing here must last.
"""

import fcntl
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

RECORDS, BYTES = 1_000, 8_000_000
"""Of one process, at most."""
_WAITING = 200
_PAUSE_SECONDS = 0.2
_NEW, _OLD, _LOCK = "refused.jsonl", "refused.old.jsonl", ".refused"

Record = Mapping[str, Any]


class Ring:
    """Keeps the last records in a folder."""

    def __init__(self, folder: Path) -> None:
        """Args:
        folder: Of this process alone.
        """
        self._folder = folder
        self._waiting: deque[bytes] = deque(maxlen=_WAITING)
        self._come, self._ended = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._last = max((int(record["number"]) for record in _records(folder)), default=0)
        self._count = sum(1 for _ in _lines(folder / _NEW))

    def add(self, record: Record) -> int:
        """Let a record be kept; gives its number, which no other one has.

        Args:
            record: Values of JSON.
        """
        # by the clock, so that a number is new also where the files are gone; a clock that goes back does no harm
        self._last = max(self._last + 1, time.time_ns() // 1000)
        self._waiting.append(json.dumps({"number": self._last, **record}).encode() + b"\n")
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="ring", daemon=True)
            self._thread.start()
        self._come.set()
        return self._last

    def close(self) -> None:
        """Write what waits, and end."""
        if self._thread is not None:
            self._ended.set()
            self._come.set()
            self._thread.join()

    def _run(self) -> None:
        while not (self._ended.is_set() and not self._waiting):
            self._come.wait()
            self._come.clear()
            self._ended.wait(_PAUSE_SECONDS)
            lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
            with suppress(OSError), _locked(self._folder / _LOCK):
                self._write(lines)

    def _write(self, lines: list[bytes]) -> None:
        new = self._folder / _NEW
        for line in lines:
            size = new.stat().st_size if new.exists() else 0
            if self._count >= RECORDS // 2 or (size and size + len(line) > BYTES // 2):
                new.replace(self._folder / _OLD)
                self._count = 0
            with new.open("ab") as file:
                file.write(line)
            self._count += 1


def read(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """What all processes have kept below a folder, each with the number of its journal."""
    for place in _places(folder):
        yield from ((int(place.name), record) for record in _records(place))


def drop(folder: Path, which: Callable[[Record], bool]) -> int:
    """Remove records below a folder; says how many there were."""
    gone = 0
    for place in _places(folder):
        with _locked(place / _LOCK):
            gone += sum(_rewrite(place / name, which) for name in (_OLD, _NEW))
    return gone


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone, for the moment that it takes to write."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _rewrite(path: Path, which: Callable[[Record], bool]) -> int:
    lines = list(_lines(path))
    kept = [line for line in lines if not which(json.loads(line))]
    if len(kept) < len(lines):
        draft = path.with_suffix(".new")
        draft.write_bytes(b"".join(kept))
        draft.replace(path)
    return len(lines) - len(kept)


def _places(folder: Path) -> list[Path]:
    return sorted((path for path in folder.iterdir() if path.name.isdigit()), key=str) if folder.exists() else []


def _records(folder: Path) -> Iterator[dict[str, Any]]:
    for name in (_OLD, _NEW):
        yield from (json.loads(line) for line in _lines(folder / name))


def _lines(path: Path) -> Iterator[bytes]:
    """Whole lines; one that was torn is none."""
    with suppress(OSError):
        for line in path.read_bytes().splitlines(keepends=True):
            with suppress(ValueError):
                json.loads(line)
                yield line
