"""Segments of journals as they lie on the disk: listed, locked, and read with a checksum per record.

A segment is named by the first number that can be in it. Only the last one of a journal is still written: the others
never change any more, and are gone once they are sealed. Writing belongs to `journal`.
"""

import fcntl
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from configs.errors import Damaged

ENDING = ".log"
GAP, DROPPED, NUMBERED = "gap", "dropped", "numbered"
"""Names in records of our own: numbers that may be lost; answers that were not kept, and how many of those had one."""
UNTIL = "until"
_LOCK = "lock"


@dataclass(frozen=True)
class Segment:
    """A file of a journal."""

    journal: int
    first: int
    path: Path
    next: int | None
    """The name of the one after it; None if it is the last one, which may still be written."""

    @property
    def is_closed(self) -> bool:
        """Whether it never changes any more."""
        return self.next is not None


def places(folder: Path) -> list[int]:
    """Numbers of the journals below a folder."""
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdigit()) if folder.exists() else []


def paths(folder: Path) -> list[Path]:
    """The files of one journal, in order."""
    return sorted(folder.glob(f"*{ENDING}"))


def segments(folder: Path) -> list[Segment]:
    """All files of all journals below a folder."""
    found = []
    for place in places(folder):
        there = paths(folder / str(place))
        names = [int(path.stem) for path in there]
        found += [
            Segment(place, name, path, after)
            for name, path, after in zip(names, there, [*names[1:], None], strict=False)
        ]
    return found


def held(folder: Path) -> int | None:
    """The lock of one journal, which the kernel gives back when the process ends; None if somebody holds it."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle


def end(record: Mapping[str, Any]) -> int:
    """The number after the last one that a record says something of."""
    if GAP in record:
        return int(record[GAP][1])
    return int(record["first"]) + len(record["rows"]) if "first" in record else int(record.get(UNTIL, 0))


def cut_torn_tail(path: Path) -> None:
    """A last line that was not written whole was never answered for."""
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
            os.fsync(file.fileno())


def line(record: bytes) -> bytes:
    """A record as it is written."""
    return b"%08x %s\n" % (zlib.crc32(record), record)


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The records of one file.

    Raises:
        Damaged: A line was changed.
    """
    with path.open("rb") as file:
        yield from _read(file, path)


def _read(file: BinaryIO, path: Path) -> Iterator[dict[str, Any]]:
    for number, text in enumerate(file, start=1):
        if not text.endswith(b"\n"):
            return  # it is being written
        record = text[9:-1]
        if text[:8] != b"%08x" % zlib.crc32(record):
            raise Damaged(f"Line {number:,} of {path} was changed: its checksum is another. Restore the file.")
        yield msgspec.json.decode(record)


class Opened:
    """Files of journals, held open: what is sealed and removed meanwhile can still be read."""

    def __init__(self, folder: Path) -> None:
        """Open all files below a folder, as they are now."""
        self._files = ExitStack()
        self.segments: list[Segment] = []
        self._opened: dict[Path, BinaryIO] = {}
        for one in segments(folder):
            try:
                self._opened[one.path] = self._files.enter_context(one.path.open("rb"))
            except FileNotFoundError:
                continue  # it was sealed just now, and the ledger knows it
            self.segments.append(one)

    def __enter__(self) -> "Opened":
        return self

    def __exit__(self, *_: object) -> None:
        self._files.close()

    def records(self, one: Segment) -> Iterator[dict[str, Any]]:
        """The records of one file; raises as `records` does."""
        yield from _read(self._opened[one.path], one.path)


def read(folder: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Every record of every journal below a folder, in the order of its numbers, with the journal's own number.

    Raises:
        Damaged: A line was changed.
    """
    for one in segments(folder):
        yield from ((one.journal, record) for record in records(one.path))
