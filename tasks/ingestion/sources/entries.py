"""One entry of a folder that others write to: what is opened is what was looked at, in that folder, and a plain file.

Add here what holds for every file of others. Every OSError that is raised here is about this machine at this moment,
never about the bytes: who asks waits, and tries again. What the bytes mean belongs to the formats.
"""

import errno
import hashlib
import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SAFELY = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_MOST_LINKS = 40
_KINDS = {stat.S_IFREG: None, stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}


@dataclass(frozen=True)
class Entry:
    """An entry that has been opened."""

    file: io.BytesIO | io.BufferedReader
    """Its bytes; of something that is not a file, a note that says so."""
    odd: str | None = None
    """What it is if it is not a file of its folder."""


@contextmanager
def opened(path: Path) -> Iterator[Entry]:
    """Open an entry of a folder; a link may lead to a file beside it, and nothing is ever waited for.

    Whatever is put in its place meanwhile, nothing outside of the folder is opened.

    Raises:
        OSError: It is gone, cannot be opened, or was exchanged or written to while it was read.
    """
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        name, looked, odd = _follow(folder, path)
        if odd:
            yield Entry(io.BytesIO(os.fsencode(f"{path.name} is {odd}, not a file.\n")), odd)
            return
        handle = os.open(name, _SAFELY, dir_fd=folder)
    finally:
        os.close(folder)
    with _as_looked_at(handle, looked) as file:
        yield Entry(file)


def read(path: Path) -> tuple[bytes, str | None]:
    """All bytes of an entry, and what it is if it is not a file; raises as `opened` does.

    Raises:
        OSError: Also if there is not enough memory for it just now.
    """
    with opened(path) as entry:
        return _all(entry.file), entry.odd


def digest(path: Path) -> tuple[str, str | None]:
    """The sha256 of an entry's bytes, and what it is if it is not a file; raises as `opened` does."""
    with opened(path) as entry:
        return hashlib.file_digest(entry.file, "sha256").hexdigest(), entry.odd


def read_named(path: Path) -> tuple[bytes, os.stat_result]:
    """All bytes of a file that the user named, wherever its links lead, and what it was when they were read.

    Raises:
        OSError: As `opened` does; also if it is not a plain file.
    """
    looked = path.stat()
    if not stat.S_ISREG(looked.st_mode):
        raise OSError(errno.EINVAL, "it is not a plain file")
    with _as_looked_at(os.open(path, _SAFELY & ~os.O_NOFOLLOW), looked) as file:
        return _all(file), looked


def why(problem: OSError) -> str:
    """What stands in the way, in a few words."""
    return problem.strerror or str(problem) or type(problem).__name__


@contextmanager
def _as_looked_at(handle: int, looked: os.stat_result) -> Iterator[io.BufferedReader]:
    """The file behind a handle, which is what was looked at, and stays so as long as it is read."""
    try:
        _require_same(os.fstat(handle), looked, "it was exchanged while it was opened")
        yield os.fdopen(handle, "rb", closefd=False)
        _require_same(os.fstat(handle), looked, "it changed while it was read")
    finally:
        os.close(handle)


def _all(file: BinaryIO | io.BytesIO) -> bytes:
    try:
        return file.read()
    except MemoryError as err:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)) from err


def _require_same(now: os.stat_result, looked: os.stat_result, otherwise: str) -> None:
    about = [(one.st_mode, one.st_dev, one.st_ino, one.st_size, one.st_mtime_ns) for one in (now, looked)]
    if about[0] != about[1]:
        raise OSError(errno.ESTALE, otherwise)


def _follow(folder: int, path: Path) -> tuple[str, os.stat_result, str | None]:
    """The name in the folder to which an entry leads, what is there, and what it is if it is not a file."""
    name = path.name
    looked = os.stat(name, dir_fd=folder, follow_symlinks=False)
    for _ in range(_MOST_LINKS):
        if not stat.S_ISLNK(looked.st_mode):
            return name, looked, _KINDS.get(stat.S_IFMT(looked.st_mode), "a device")
        target = Path(os.readlink(name, dir_fd=folder))
        if not target.name or target.name == ".." or not _is_beside(target, path.parent):
            leads = os.path.exists(path.parent / target)  # noqa: PTH110  # unlike Path's, it never raises
            return name, looked, "a link out of the landing folder" if leads else "a link to nothing"
        name = target.name
        try:
            looked = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except FileNotFoundError:
            break
    return name, looked, "a link to nothing"


def _is_beside(target: Path, folder: Path) -> bool:
    return target.parent == Path() or os.path.realpath(folder / target.parent) == os.path.realpath(folder)
