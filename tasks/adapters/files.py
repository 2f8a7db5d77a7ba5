"""Files that are there wholly or not at all: atomic publishing, locks, digests.

Add what every adapter that writes files needs. What the bytes mean belongs to the adapter.
"""

import fcntl
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

from configs.errors import Busy, UnusableHome

LOCK_SECONDS = 120.0
"""Longest wait for a lock; what is done under one takes seconds, on a slow machine half a minute."""
_AGAIN_SECONDS = 0.02


def publish(path: Path, content: bytes) -> None:
    """Put a file in place in one step: write beside it, fsync, rename, fsync the folder."""
    with staged(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def staged(path: Path) -> Iterator[Path]:
    """A temporary file that becomes `path` in one atomic step when the block ends well, and is gone when not."""
    temporary = path.parent / f".{path.name}.{uuid4().hex[:8]}.tmp"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        _sync(temporary)
        temporary.replace(path)
        _sync(path.parent)
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
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as err:
        raise UnusableHome(
            f"{path.parent} cannot be written: {err.strerror}. Set INCUMBENT_HOME to a folder of yours."
        ) from err
    try:
        _wait_for(handle, path)
        yield
    finally:
        os.close(handle)


def digest(path: Path) -> str:
    """The sha256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _wait_for(handle: int, path: Path) -> None:
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            if time.monotonic() > deadline:
                raise Busy(f"Another process holds {path} for {LOCK_SECONDS:.0f} s. Let it go on, or end it.") from err
        time.sleep(_AGAIN_SECONDS)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
