"""A prefix of object storage as a source: each object behind it is one delivery. Nothing is written there.

It is a landing folder elsewhere: what is left out and in which order deliveries come is the same. An object is the one
that was read as long as its etag is the same; parts of its name are joined by `-` in the name of its batch.
"""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass, field
from functools import cached_property
from typing import BinaryIO

from tasks.ingestion import intake
from tasks.ingestion.sources import entries, landing_folder
from tasks.ingestion.sources.base import Delivery, Listing, Mark
from tasks.ingestion.sources.digests import Digests
from tasks.ingestion.sources.objects import Entry, Objects

_AT_ONCE = 16
"""Objects that are read at the same time: most of the time of a small one is spent waiting."""


@dataclass(frozen=True)
class ObjectPrefix:
    """Objects that others put there; the address of a delivery is the name of its object behind the prefix."""

    address: str
    """Such as s3://bucket/prefix."""
    kind: str
    """Format of the objects."""
    remember: Callable[[], Digests] | None = field(default=None, kw_only=True)
    """Gives the digests that the look before has found; None: all objects are read."""

    @property
    def where(self) -> str:
        """The address."""
        return self._objects.where

    @cached_property
    def _objects(self) -> Objects:
        return Objects(self.address)

    def fetch(self) -> list[str]:
        """Nothing: what is there is delivered."""
        return []

    def gone(self) -> dict[str, int]:
        """Nothing: what was delivered may go."""
        return {}

    def look(self) -> Listing:
        """All deliveries, in natural order of their names.

        Raises:
            LandingFolderMissing: There is no such bucket, or this user may not list it.
            DeliveryWaits: It cannot be reached just now.
        """
        wanted = {entry: _name(entry.path) for entry in self._wanted()}
        place = {name: number for number, name in enumerate(intake.order([*wanted.values()]))}
        memory = self.remember() if self.remember else None
        ordered = sorted(wanted, key=lambda entry: (place[wanted[entry]], entry.path))
        digests, unreadable = self._digests(ordered, memory)
        if memory:
            memory.keep()
        deliveries = [
            Delivery(landing_folder.readable(wanted[entry]), entry.path, digests[entry.path])
            for entry in ordered
            if entry.path in digests
        ]
        return Listing(deliveries, unreadable)

    def mark(self) -> Mark:
        """Names and etags of what `look` lists; raises as it does."""
        wanted = sorted(self._wanted(), key=lambda entry: entry.path)
        text = "".join(f"{entry.path}\0{entry.tag}\n" for entry in wanted)
        newest = max((entry.changed for entry in wanted), default=0.0)
        return Mark(hashlib.sha256(text.encode()).hexdigest() if wanted else "", newest)

    def get(self, address: str, /) -> bytes:
        """All bytes of an object."""
        return self._objects.get(address)

    def open(self, address: str, /) -> AbstractContextManager[BinaryIO]:
        """An open object."""
        return self._objects.open(address)

    def _wanted(self) -> list[Entry]:
        return [entry for entry in self._objects.all() if _is_wanted(entry)]

    def _digests(self, ordered: list[Entry], memory: Digests | None) -> tuple[dict[str, str], dict[str, str]]:
        """The digests of objects, and why some cannot be read; those that are gone by now are in neither."""
        found = {entry: memory.tagged(entry.path, entry.tag) if memory else None for entry in ordered}
        fresh = [entry for entry, digest in found.items() if digest is None]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            read = dict(zip(fresh, pool.map(self._digest, fresh), strict=True))
        for entry, (digest, _) in read.items():
            found[entry] = digest
            if memory and digest is not None:
                memory.tag(entry.path, entry.tag, digest)
        unreadable = {landing_folder.readable(entry.path): why for entry, (_, why) in read.items() if why is not None}
        return {entry.path: digest for entry, digest in found.items() if digest is not None}, unreadable

    def _digest(self, entry: Entry) -> tuple[str | None, str | None]:
        found = hashlib.sha256()
        try:
            with closing(self._objects.parts(entry)) as parts:
                for part in parts:
                    found.update(part)
        except FileNotFoundError:
            return None, None
        except OSError as err:
            return None, entries.why(err)
        return found.hexdigest(), None


def _is_wanted(entry: Entry) -> bool:
    """As in a landing folder; nothing, with a name without an ending, is the mark of a folder."""
    parts = entry.path.split("/")
    is_folder = entry.size == 0 and "." not in parts[-1]
    return not is_folder and all(landing_folder.is_wanted(part) for part in parts)


def _name(path: str) -> str:
    *folders, last = path.split("/")
    return "-".join((*folders, landing_folder.stem(last)))
