"""A home is its user's alone: what an earlier version left open to others is closed, once.

New files are closed by the umask that `configs.environment.settle` sets; change this module when something older has to
be found and closed. Only what lies in the home is touched: links are never followed, and deliveries that have a second
name elsewhere, or lie on another disk, belong to whoever put them there.
"""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_MARK = ".closed"
"""A file that says that this has been done."""
_OTHERS = 0o077
_LANDING = "landing"
_OURS = (
    "bundles", "cut", _LANDING, "ledger.db", "ledger.db-wal", "ledger.db-shm", "mlflow", "polled", "prefect", "reports",
    "store", ".ledger.lock", ".alerts.lock",
)  # fmt: skip
"""What a home consists of; a folder that was named by mistake may hold anything else."""
_LOOK_ONLY = getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK)


@dataclass
class _Count:
    """What a walk did."""

    closed: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    """Paths that belong to somebody else."""


def close(home: Path) -> str | None:
    """Take from others what they may read in a home; costs one look at a file if it has been done.

    Returns:
        What to tell the user; None if there was nothing to do, or it has been done before.
    """
    with suppress(OSError):  # what cannot be looked at is named by whoever opens it
        if not (home / _MARK).exists() and home.is_dir():
            return _close_all(home)
    return None


def _close_all(home: Path) -> str | None:
    count = _Count()
    for path, parent, name in _paths(home):
        _close(path, parent, name, count)
    count.closed.discard(str(home))  # where nothing else was open there was nothing to read
    if not count.closed and not any((home / top).exists() for top in _OURS if top != _LANDING):
        return None  # nothing of ours is here yet
    # Of two at once, one tells; somebody who may only read looks again the next time.
    os.close(os.open(home / _MARK, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    return _told(home, count)


def _told(home: Path, count: _Count) -> str | None:
    if not count.closed and not count.refused:
        return None
    paths = f"{len(count.closed):,} path{'' if len(count.closed) == 1 else 's'}"
    told = f"Other users of this machine could read the home {home}; it is closed to them now ({paths})."
    if count.refused:
        more = f" and {len(count.refused) - 1} more" if count.refused[1:] else ""
        told += f" Of another owner, and left as they are: {count.refused[0]}{more}."
    return f"{told} Where others deliver files, let ingestion.source.folder name a folder outside of it."


def _paths(home: Path) -> Iterator[tuple[str, int | None, str]]:
    """Each path to look at, with the open folder in which it is, and its name there."""
    if _is_home_alone(home):
        yield str(home), None, str(home)
    for top in _OURS:
        yield str(home / top), None, str(home / top)
        if not (home / top).is_symlink() and (home / top).is_dir():
            yield from _inside(home / top, _is_delivery if top == _LANDING else _is_ours)


def _inside(top: Path, is_wanted: Callable[[int, str], bool]) -> Iterator[tuple[str, int, str]]:
    for place, folders, names, opened in os.fwalk(top, follow_symlinks=False):
        folders[:] = [name for name in folders if is_wanted(opened, name)]
        inside = [*folders, *(name for name in names if is_wanted(opened, name))]
        yield from ((str(Path(place, name)), opened, name) for name in inside)


def _is_ours(_folder: int, _name: str) -> bool:
    return True


def _is_delivery(folder: int, name: str) -> bool:
    """Whether it lies in the landing folder itself: not on another disk, nor a file with a second name elsewhere."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
        here = found.st_dev == os.fstat(folder).st_dev
    except OSError:
        return False
    return here and (stat.S_ISDIR(found.st_mode) or found.st_nlink == 1)


def _is_home_alone(home: Path) -> bool:
    """Whether the folder is nothing else as well: the user's own folder, say, the checkout, or /tmp."""
    from configs.environment import CHECKOUT

    real, others = home.resolve(), (Path.home().resolve(), CHECKOUT.resolve())
    return not any(other.is_relative_to(real) for other in others) and not real.stat().st_mode & stat.S_ISVTX


def _close(path: str, folder: int | None, name: str, count: _Count) -> None:
    """Close one path. It is opened first, so that no link can be put in its place after it was looked at."""
    try:
        handle = os.open(name, _LOOK_ONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        return  # it went, or is a link
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISLNK(mode) or not mode & _OTHERS:
            return
        _set(handle, stat.S_IMODE(mode) & ~_OTHERS)
        count.closed.add(path)
    except OSError:
        count.refused.append(path)
    finally:
        os.close(handle)


def _set(handle: int, mode: int) -> None:
    if hasattr(os, "O_PATH"):  # which opens also what the user may not read, and changes nothing itself
        Path(f"/proc/self/fd/{handle}").chmod(mode)
    else:
        os.fchmod(handle, mode)
