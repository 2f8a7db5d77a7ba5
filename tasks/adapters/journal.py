"""An append-only journal: records with a checksum each, written in groups, under numbers that are given out once.

A journal is a folder of segments, one JSON record per line behind its crc32. One process holds it at a time. Numbers
are reserved on disk in blocks before they are given out: after a kill the records that may be lost are those between
the last one that is there and the end of the block, at most `BLOCK`. Whoever appends never waits for the disk unless
they ask to; what a full queue or disk cannot take is counted, and the count is a record as soon as there is room.

A segment that is large or old is closed, and never changes any more. How segments are read stands in
`journal_segments`.
"""

import json
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from configs.errors import UnusableHome
from tasks.adapters import journal_segments
from tasks.adapters.journal_segments import DROPPED, ENDING, GAP, NUMBERED, UNTIL

BLOCK = 10_000
"""Numbers that are reserved at once: so many records at most are unaccounted for after a kill."""
CAPACITY = 50_000
"""Records that may wait for the disk."""
SEGMENT_BYTES = 64_000_000
SEGMENT_SECONDS = 3_600.0
"""A segment is closed at the latest when it is so large, or so old."""
LOOK_SECONDS = 1.0
"""So often a journal that has nothing to do looks whether its segment is to be closed."""
_GROUP_SECONDS = 0.05
_GROUP = 1_000
_RESERVED, _CLOSE = "reserved", "close"

Write = Callable[[], bytes]
"""Makes the JSON of a record; it is called behind the queue."""


class _Entry(NamedTuple):
    first: int
    size: int
    write: Write
    done: Callable[[bool], None] | None


class Journal:
    """The journal that this process writes."""

    def __init__(self, folder: Path, held: tuple[int, int] | None = None) -> None:
        """Take the first journal below a folder that nobody holds, and put right what a kill has left.

        Args:
            folder: Of all journals.
            held: Number and lock of the one to take; None: the first that is free.

        Raises:
            UnusableHome: The folder cannot be written.
        """
        self._waiting: SimpleQueue[_Entry | None] = SimpleQueue()
        self._held, self.dropped, self._told = 0, 0, 0
        self._numbered, self._numbered_told = 0, 0
        self._guard = threading.Lock()
        try:
            self.place, self._lock = held or _take(folder)
            self._folder = folder / str(self.place)
            self._next, gap, path = self._recover()
            self._file, self._size, self._since = path.open("ab"), path.stat().st_size, time.monotonic()
            if gap:
                self._write([json.dumps({GAP: gap}).encode()])
            self._accounted = self._next
            self._follow()
            self._reserve(self._next)
        except OSError as err:
            raise _unwritable(folder, err) from err
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def append(
        self, size: int, write: Callable[[int], bytes], done: Callable[[bool], None] | None = None
    ) -> int | None:
        """Let a record of several rows be written; gives the number of its first row, None if it is dropped.

        Args:
            size: How many numbers it takes.
            write: Makes its JSON, given the first of them.
            done: Told whether it is on the disk, from another thread.
        """
        with self._guard:
            if self._held + size > CAPACITY or self._next + size > self._until:
                self.dropped += size
                return None
            first = self._next
            self._next += size
            self._held += size
        self._waiting.put(_Entry(first, size, lambda: write(first), done))
        return first

    def close(self) -> None:
        """Write what waits, and end: no number is unaccounted for."""
        self._waiting.put(None)
        self._thread.join()
        with suppress(OSError):
            self._write(self._drops())
            self._file.close()
            _keep(self._folder / _RESERVED, self._next)
        os.close(self._lock)

    def _run(self) -> None:
        while True:
            entries = self._group()
            written = [entry for entry in entries if entry is not None]
            kept, size = self._put(written), sum(entry.size for entry in written)
            with self._guard:
                self._held -= size
                self.dropped += 0 if kept else size
                self._numbered += 0 if kept else size
                is_low = self._until - self._next < BLOCK // 2
            self._accounted = max([self._accounted, *(entry.first + entry.size for entry in written)])
            if is_low:
                with suppress(OSError):  # the next group tries again
                    self._reserve(self._next)
            if None in entries:
                return
            self._close_if_due()

    def _group(self) -> list[_Entry | None]:
        """What waits: the first record, and those that come shortly after it; nothing if none comes for a while.

        The thread sleeps meanwhile: to be woken by each record would cost a request more than all the rest of it.
        """
        try:
            entries = [self._waiting.get(timeout=LOOK_SECONDS)]
        except Empty:
            return []
        if entries[0] is not None and entries[0].done is None:
            time.sleep(_GROUP_SECONDS)
        while entries[-1] is not None and len(entries) < _GROUP:
            try:
                entries.append(self._waiting.get_nowait())
            except Empty:
                break
        return entries

    def _put(self, entries: list[_Entry]) -> bool:
        """Write records in one go; whether they are on the disk."""
        if not entries:
            return True
        try:
            self._write([*self._drops(), *(entry.write() for entry in entries)])
            is_there = True
        except OSError:
            is_there = False
            self._cut_back()
        for entry in entries:
            if entry.done is not None:
                entry.done(is_there)
        return is_there

    def _write(self, records: list[bytes]) -> None:
        if not records:
            return
        dropped, numbered = self.dropped, self._numbered
        self._file.write(b"".join(map(journal_segments.line, records)))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._size = self._file.tell()
        self._told, self._numbered_told = dropped, numbered

    def _drops(self) -> list[bytes]:
        """What was dropped since that was written last: rows, and how many of them had numbers, up to which one."""
        lost, numbered = self.dropped - self._told, self._numbered - self._numbered_told
        about = {DROPPED: lost, NUMBERED: numbered, UNTIL: self._accounted, "at": time.time_ns() // 1000}
        return [json.dumps(about).encode()] if lost else []

    def _cut_back(self) -> None:
        """A group that was written in part is none."""
        with suppress(OSError):
            self._file.close()  # the file is closed even where what it had in hand cannot be written
        with suppress(OSError):
            self._file = self._folder.joinpath(self._file.name).open("ab")
            self._file.truncate(self._size)
            self._file.seek(self._size)

    def _close_if_due(self) -> None:
        """Let a segment be followed by another when it is large or old, or somebody waits for it."""
        asked = self._folder / _CLOSE
        is_asked = asked.exists()
        is_old = time.monotonic() - self._since > SEGMENT_SECONDS
        if self._size > SEGMENT_BYTES or (self._size and (is_asked or is_old)):
            with suppress(OSError):  # the old one goes on
                self._follow()
        if is_asked:
            with suppress(OSError):
                asked.unlink(missing_ok=True)

    def _follow(self) -> None:
        """Go on in a segment that is named by the first number that can be in it."""
        path = self._folder / f"{self._accounted:015d}{ENDING}"
        if path == Path(self._file.name):
            return
        old, self._file = self._file, path.open("ab")
        self._size, self._since = self._file.tell(), time.monotonic()
        with suppress(OSError):
            old.close()

    def _reserve(self, first: int) -> None:
        _keep(self._folder / _RESERVED, first + BLOCK)
        self._until = first + BLOCK

    def _recover(self) -> tuple[int, list[int] | None, Path]:
        """The first number that was never given out, the numbers that may be lost, if any, and the file to go on in."""
        path = self._folder / _RESERVED
        until = int(path.read_text()) if path.exists() else 0
        paths = journal_segments.paths(self._folder)
        last = int(paths[-1].stem) if paths else 0
        for segment in paths[-1:]:
            journal_segments.cut_torn_tail(segment)
            last = max([last, *map(journal_segments.end, journal_segments.records(segment))])
        following = max(until, last)
        gap = [last, until] if last < until else None
        return following, gap, paths[-1] if paths else self._folder / f"{last:015d}{ENDING}"


def require(folder: Path) -> None:
    """Make sure that journals can be written below a folder.

    Raises:
        UnusableHome: They cannot.
    """
    probe = folder / f".probe-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"\n")
        probe.unlink()
    except OSError as err:
        raise _unwritable(folder, err) from err


def _unwritable(folder: Path, err: OSError) -> UnusableHome:
    return UnusableHome(
        f"The prediction log in {folder} cannot be written: {err.strerror or err}. Give this user access to it, make "
        "room on its disk, or name another INCUMBENT_HOME."
    )


def finish(folder: Path) -> None:
    """Close what processes that have ended have left: the last segment of each journal that nobody holds.

    Raises:
        UnusableHome: The folder cannot be written.
        Damaged: A line was changed.
    """
    for place in journal_segments.places(folder):
        paths = journal_segments.paths(folder / str(place))
        if paths and paths[-1].stat().st_size and (handle := journal_segments.held(folder / str(place))) is not None:
            Journal(folder, (place, handle)).close()


def ask_to_close(folder: Path) -> None:
    """Let whoever writes a journal below a folder close its segment, if there is anything in it."""
    for one in journal_segments.segments(folder):
        if not one.is_closed and one.path.stat().st_size:
            one.path.with_name(_CLOSE).touch()


def _take(folder: Path) -> tuple[int, int]:
    """The number of a journal that nobody holds, and its lock."""
    place = 0
    while (handle := journal_segments.held(folder / str(place))) is None:
        place += 1
    return place, handle


def _keep(path: Path, number: int) -> None:
    draft = path.with_suffix(".new")
    with draft.open("w") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
