"""An append-only journal: records with a checksum each, written in groups, under numbers that are given out once.

A journal is a folder of segments, one JSON record per line behind its crc32. One process holds it at a time. Numbers
are reserved on disk in blocks before they are given out: after a kill the records that may be lost are those between
the last one that is there and the end of the block, at most `BLOCK`. Whoever appends never waits for the disk unless
they ask to; what a full queue or disk cannot take is counted, and the count is a record as soon as there is room.
"""

import fcntl
import json
import os
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from configs.errors import Damaged, UnusableHome

BLOCK = 10_000
"""Numbers that are reserved at once: so many records at most are unaccounted for after a kill."""
CAPACITY = 50_000
"""Records that may wait for the disk."""
SEGMENT_BYTES = 64_000_000
_GROUP_SECONDS = 0.05
_GROUP = 1_000
_RESERVED, _LOCK, _ENDING = "reserved", "lock", ".log"
GAP, DROPPED = "gap", "dropped"
"""Names of records of our own: numbers that may be lost, and records that were not kept."""

Write = Callable[[], bytes]
"""Makes the JSON of a record; it is called behind the queue."""


class _Entry(NamedTuple):
    size: int
    write: Write
    done: Callable[[bool], None] | None


class Journal:
    """The journal that this process writes."""

    def __init__(self, folder: Path) -> None:
        """Take the first journal below a folder that nobody holds, and put right what a kill has left.

        Raises:
            UnusableHome: The folder cannot be written.
        """
        try:
            self.place, self._lock = _take(folder)
            self._folder = folder / str(self.place)
            self._next, gap = self._recover()
            self._file = self._opened()
            self._reserve(self._next)
        except OSError as err:
            raise UnusableHome(f"The prediction log in {folder} cannot be written: {err.strerror or err}.") from err
        self._waiting: SimpleQueue[_Entry | None] = SimpleQueue()
        self._held, self.dropped, self._told = 0, 0, 0
        self._guard = threading.Lock()
        if gap:
            self._write([json.dumps({GAP: gap}).encode()])
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
        self._waiting.put(_Entry(size, lambda: write(first), done))
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
            kept = self._put([entry for entry in entries if entry is not None])
            with self._guard:
                self._held -= sum(entry.size for entry in entries if entry is not None)
                self.dropped += 0 if kept else sum(entry.size for entry in entries if entry is not None)
                is_low = self._until - self._next < BLOCK // 2
            if is_low:
                with suppress(OSError):  # the next group tries again
                    self._reserve(self._next)
            if None in entries:
                return

    def _group(self) -> list[_Entry | None]:
        """What waits: the first record, and those that come shortly after it.

        The thread sleeps meanwhile: to be woken by each record would cost a request more than all the rest of it.
        """
        entries = [self._waiting.get()]
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
        self._file.write(b"".join(b"%08x %s\n" % (zlib.crc32(record), record) for record in records))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._size = self._file.tell()
        self._told = self.dropped
        if self._size > SEGMENT_BYTES:
            self._file.close()
            self._file = self._opened()

    def _drops(self) -> list[bytes]:
        lost = self.dropped - self._told
        return [json.dumps({DROPPED: lost, "at": time.time_ns() // 1000}).encode()] if lost else []

    def _cut_back(self) -> None:
        """A group that was written in part is none."""
        with suppress(OSError):
            self._file.close()  # the file is closed even where what it had in hand cannot be written
        with suppress(OSError):
            self._file = self._folder.joinpath(self._file.name).open("ab")
            self._file.truncate(self._size)
            self._file.seek(self._size)

    def _opened(self) -> Any:
        path = self._folder / f"{self._next:015d}{_ENDING}"
        file = path.open("ab")
        self._size = file.tell()
        return file

    def _reserve(self, first: int) -> None:
        _keep(self._folder / _RESERVED, first + BLOCK)
        self._until = first + BLOCK

    def _recover(self) -> tuple[int, list[int] | None]:
        """The first number that was never given out, and the numbers that may be lost, if any."""
        path = self._folder / _RESERVED
        until = int(path.read_text()) if path.exists() else 0
        last = 0
        for segment in _segments(self._folder):
            _cut_torn_tail(segment)
            for record in _records(segment):
                last = max(last, *(record[GAP] if GAP in record else [_end(record)]))
        return max(until, last), [last, until] if last < until else None


def _end(record: dict[str, Any]) -> int:
    return int(record["first"]) + len(record["rows"]) if "first" in record else 0


def _take(folder: Path) -> tuple[int, int]:
    """The number of a journal that nobody holds, and its lock, which the kernel gives back when the process ends."""
    place = 0
    while True:
        (folder / str(place)).mkdir(parents=True, exist_ok=True)
        handle = os.open(folder / str(place) / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return place, handle
        except BlockingIOError:
            os.close(handle)
            place += 1


def _keep(path: Path, number: int) -> None:
    draft = path.with_suffix(".new")
    with draft.open("w") as file:
        file.write(str(number))
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _segments(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_ENDING}"))


def _cut_torn_tail(segment: Path) -> None:
    """A last line that was not written whole was never answered for."""
    content = segment.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with segment.open("r+b") as file:
            file.truncate(len(whole))
            os.fsync(file.fileno())


def _records(segment: Path) -> Iterator[dict[str, Any]]:
    with segment.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return  # it is being written
            record = line[9:-1]
            if line[:8] != b"%08x" % zlib.crc32(record):
                raise Damaged(f"Line {number:,} of {segment} was changed: its checksum is another. Restore the file.")
            yield json.loads(record)


def read(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every record of every journal below a folder, in the order of its numbers, with the journal's own number.

    Raises:
        Damaged: A line was changed.
    """
    places = sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit()) if folder.exists() else []
    for place in places:
        for segment in _segments(folder / str(place)):
            for record in _records(segment):
                yield place, record
