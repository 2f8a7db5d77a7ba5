"""Digests of what lies in a landing folder, remembered: a look reads only what is new or has changed.

A file is the one that was looked at as long as its place, size and times are the same. Add here what tells that. What
is taken in is compared with its digest when it is read, so a memory that is wrong makes nothing wrong come in.
"""

import json
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configs.errors import UnusableHome
from tasks.adapters import failpoints, files
from tasks.ingestion.sources import entries

_SETTLED_SECONDS = 2.0
"""A file that has changed just now could change again within one tick of the clock; it is read each time."""


@dataclass
class Digests:
    """The digests of one landing folder, by name of the entry."""

    memory: Path
    now: float
    """In seconds since 1970."""
    before: dict[str, Any] = field(default_factory=dict)
    found: dict[str, Any] = field(default_factory=dict)

    def of(self, path: Path) -> tuple[str, str | None]:
        """As `entries.digest`, which is asked unless the file is as it was."""
        mark, kept = self._mark(path), self.before.get(path.name)
        if mark is not None and isinstance(kept, list) and kept[:-1] == mark:
            self.found[path.name] = kept
            return str(kept[-1]), None
        digest, odd = entries.digest(path)
        if mark is not None and odd is None:
            self.found[path.name] = [*mark, digest]
        return digest, odd

    def tagged(self, name: str, tag: str) -> str | None:
        """The digest of an object of this tag; None if it has to be read."""
        kept = self.before.get(name)
        if not isinstance(kept, list) or kept[:-1] != [tag]:
            return None
        self.found[name] = kept
        return str(kept[-1])

    def tag(self, name: str, tag: str, digest: str) -> None:
        """Remember the digest of an object."""
        self.found[name] = [tag, digest]

    def keep(self) -> None:
        """Remember what was found, and nothing of what is gone."""
        if self.found != self.before:
            with suppress(UnusableHome):  # without it a look takes longer, and finds the same
                files.publish(self.memory, json.dumps(self.found).encode())
                failpoints.reach("digests-kept")

    def _mark(self, path: Path) -> list[int] | None:
        """What stays the same as long as a file does; None for links and all that are not files."""
        entry = path.lstat()
        settled = abs(self.now - max(entry.st_mtime, entry.st_ctime)) >= _SETTLED_SECONDS
        if not settled or not stat.S_ISREG(entry.st_mode):
            return None
        return [entry.st_dev, entry.st_ino, entry.st_size, entry.st_mtime_ns, entry.st_ctime_ns]


def place(home: Path, pipeline: str) -> Path:
    """Where a home remembers the digests of a pipeline's landing folder."""
    return home / "polled" / f"{pipeline}.digests"


def remembered(memory: Path, now: float) -> Digests:
    """What the look before has left; nothing if that cannot be read."""
    try:
        before = json.loads(memory.read_bytes())
    except (OSError, ValueError):
        before = None
    return Digests(memory, now, before if isinstance(before, dict) else {})
