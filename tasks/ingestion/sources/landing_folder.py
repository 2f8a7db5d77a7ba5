"""A landing folder as a source: each file in it is one delivery. Nothing here changes one.

Add here what holds for the entries of a folder. What is in a file belongs to the formats.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from configs.errors import LandingFolderMissing
from tasks.ingestion import intake
from tasks.ingestion.sources import entries
from tasks.ingestion.sources.base import Delivery, Listing, Mark
from tasks.ingestion.sources.digests import Digests

_PACKED = (".csv", ".tsv", ".txt", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class LandingFolder:
    """A folder in which others put files; the address of a delivery is the name of its file."""

    folder: Path
    kind: str
    """Format of the files."""
    remember: Callable[[], Digests] | None = field(default=None, kw_only=True)
    """Gives the digests that the look before has found; None: all files are read."""

    @property
    def where(self) -> str:
        """The folder."""
        return str(self.folder)

    def fetch(self) -> list[str]:
        """Nothing: what is there is delivered."""
        return []

    def gone(self) -> dict[str, int]:
        """Nothing: what was delivered may go."""
        return {}

    def look(self) -> Listing:
        """All deliveries, in natural order of their names without ending: `2013-01` is before `2013-01-late`.

        Left out are only `*.tmp`, `.name` and `_name`: what is being written, and notes of other programs. Anything
        else is listed, folders and pipes too, so that who reads it can name what is wrong; nothing is waited for.

        Raises:
            LandingFolderMissing: There is no such folder, or it cannot be listed.
        """
        try:
            names = [entry.name for entry in self.folder.iterdir()]
        except OSError as err:
            raise self._missing(err) from err
        wanted = [name for name in names if is_wanted(name)]
        place = {stem: number for number, stem in enumerate(intake.order([stem(name) for name in wanted]))}
        deliveries, unreadable = [], {}
        memory = self.remember() if self.remember else None
        for name in sorted(wanted, key=lambda name: (place[stem(name)], name)):
            try:
                digest, odd = (memory.of if memory else entries.digest)(self.folder / name)
            except FileNotFoundError:
                continue  # gone by now
            except OSError as err:
                unreadable[readable(name)] = entries.why(err)
            else:
                deliveries.append(Delivery(readable(stem(name)), name, digest, odd))
        if memory:
            memory.keep()
        return Listing(deliveries, unreadable)

    def mark(self) -> Mark:
        """Names, sizes and times of change of what `look` lists.

        A file that was replaced by another one of the same size and time is found by whoever reads it.

        Raises:
            LandingFolderMissing: There is no such folder, or it cannot be listed.
        """
        marks, newest = hashlib.sha256(), 0.0
        try:
            with os.scandir(self.folder) as inside:
                wanted = [entry for entry in inside if is_wanted(entry.name)]
        except OSError as err:
            raise self._missing(err) from err
        for entry in sorted(wanted, key=lambda entry: entry.name):
            try:
                about = entry.stat(follow_symlinks=False)
            except OSError as err:  # gone by now: the folder is already another one
                marks.update(os.fsencode(entry.name) + f"\0{err.errno}\n".encode())
                continue
            newest = max(newest, about.st_mtime)
            marks.update(os.fsencode(entry.name) + f"\0{about.st_size}\0{about.st_mtime_ns}\0{about.st_ino}\n".encode())
        return Mark(marks.hexdigest() if wanted else "", newest)

    def get(self, address: str, /) -> bytes:
        """All bytes of an entry; of something that is not a file, a note that says so."""
        return entries.read(self.folder / address)[0]

    @contextmanager
    def open(self, address: str, /) -> Iterator[BinaryIO]:
        """An open entry."""
        with entries.opened(self.folder / address) as entry:
            yield entry.file

    def _missing(self, err: OSError) -> LandingFolderMissing:
        """Why the folder cannot be listed, and what to do."""
        if isinstance(err, FileNotFoundError):
            wrong, remedy = "does not exist", f"Make it and put {self.kind} files there"
        elif isinstance(err, NotADirectoryError):
            wrong, remedy = "is not a folder", "Move away the file that stands in its place and make the folder"
        else:
            wrong, remedy = f"cannot be listed ({err.strerror})", "Give this user access to it"
        return LandingFolderMissing(
            f"The landing folder {self.folder} {wrong}. {remedy}, or name another one as ingestion.source.folder."
        )


def is_wanted(name: str) -> bool:
    """Whether a name is that of a delivery, not of what is being written, or of a note of another program."""
    return not (name.startswith((".", "_")) or name.endswith(".tmp"))


def stem(name: str) -> str:
    """A name without its ending: `2013-01.csv.gz` has two."""
    path = Path(name)
    inner = Path(path.stem)
    return inner.stem if path.suffix in (".gz", ".zip") and inner.suffix in _PACKED else path.stem


def readable(name: str) -> str:
    """A name that can be printed and stored, whatever bytes the file system allows."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
