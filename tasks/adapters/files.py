"""Files that are there wholly or not at all: atomic publishing, locks, digests.

Add what every adapter that writes files needs. What the bytes mean belongs to the adapter.
"""

import fcntl
import hashlib
import os
import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from configs.errors import Busy, UnusableHome
from tasks.adapters import failpoints
from tasks.adapters.processes import identity

LOCK_SECONDS = 120.0
"""Longest wait for a lock; what is done under one takes seconds, on a slow machine half a minute."""
_AGAIN_SECONDS = 0.02
_ROOM_BYTES = 8_000_000
"""With less than this a database that fails has no room: its next page, its log or the file beside it do not fit."""
_DRAFT = re.compile(r"\..*\.(\w+)-(\d+)-(\w*)-\w+\.tmp(-journal|-wal|-shm)?")
"""Name of a file that is being written: place, process and its start are in it. SQLite puts others beside its own."""
_DRAFT_SECONDS = 86_400.0
"""Nothing is written for so long: an older draft is nobody's, wherever its process was."""


def publish(path: Path, content: bytes) -> None:
    """Put a file in place in one step: write beside it, fsync, rename, fsync the folder."""
    with staged(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A temporary file that becomes `path` in one atomic step when the block ends well, and is gone when not.

    What processes that were killed have left half written in that folder goes as well.
    """
    writer = f"{_place()}-{os.getpid()}-{identity.started(os.getpid())}"
    temporary = path.parent / f".{path.name}.{writer}-{uuid4().hex[:6]}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _clear(path.parent)
        yield temporary
        _sync(temporary)
        failpoints.reach("file-written")
        temporary.replace(path)
        _sync(path.parent)
        failpoints.note(f"published {path.name}")
    except OSError as err:
        # Arrow's errors have a story in place of the name of the error.
        why = os.strerror(err.errno) if err.errno else err
        raise UnusableHome(f"{path} cannot be written: {why}. Nothing was put in its place.") from err
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock between processes; the kernel gives it back when the holder dies.

    Raises:
        UnusableHome: Its folder cannot be written.
        Busy: Somebody else holds it for longer than anything takes; a process that was paused, most likely.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as err:
        raise UnusableHome(
            f"{path.parent} cannot be written: {err.strerror}. Set INCUMBENT_HOME to a folder of yours."
        ) from err
    try:
        _wait_for(handle, path)
        yield
    finally:
        os.close(handle)


def lock_now(handle: int) -> bool:
    """Take an exclusive lock on an open file if nobody holds one; says whether it was taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def explain_want_of_room(folder: Path) -> str | None:
    """What to tell if a disk is full; None if it is not."""
    try:
        left = shutil.disk_usage(folder).free
    except OSError:
        return None
    if left > _ROOM_BYTES:
        return None
    return (
        f"The disk of {folder} is full ({left / 1e6:.1f} MB are left). Make room, and run the same command again: "
        "what was committed stays."
    )


def digest(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _clear(folder: Path) -> None:
    """Remove what nobody is going to finish: the process of this place that was writing it is dead, or it is old."""
    drafts = [(entry, _DRAFT.fullmatch(entry.name)) for entry in folder.glob(".*.tmp*")]
    for draft, name in drafts:
        with suppress(OSError):
            if name is not None and _is_left(draft, place=name[1], pid=int(name[2]), since=name[3]):
                draft.unlink()


def _is_left(draft: Path, place: str, pid: int, since: str) -> bool:
    if place != _place():
        return time.time() - draft.stat().st_mtime > _DRAFT_SECONDS
    return identity.has_ended(pid, since, socket.gethostname(), identity.here())


def _place() -> str:
    return hashlib.sha256(f"{socket.gethostname()} {identity.here()}".encode()).hexdigest()[:6]


def _wait_for(handle: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while not lock_now(handle):
        if time.monotonic() > deadline:
            raise Busy(f"Another process holds {path} for {LOCK_SECONDS:.0f} s. Let it go on, or end it.")
        time.sleep(_AGAIN_SECONDS)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
