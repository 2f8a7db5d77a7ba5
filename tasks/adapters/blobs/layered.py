"""Blobs of one place above those of another one, which are read and never changed: as if both were one.

What an experiment writes goes into its own folder; what the live pipeline has stored is read where it is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tasks.domain.ports import Blobs


@dataclass(frozen=True)
class LayeredBlobs:
    """Written above, read above first and then below; only what is above can be removed."""

    above: Blobs
    below: Blobs

    def where(self, key: str) -> str:
        """Where it is, or would be written."""
        return self._holder(key).where(key)

    def put(self, key: str, content: bytes) -> bool:
        """Write bytes unless they are there, above or below."""
        return False if self.below.has(key) else self.above.put(key, content)

    def replace(self, key: str, content: bytes) -> None:
        """Write them above, which then hides what is below."""
        self.above.replace(key, content)

    def get(self, key: str) -> bytes:
        """All bytes."""
        return self._holder(key).get(key)

    def open(self, key: str) -> BinaryIO:
        """The bytes as a file."""
        return self._holder(key).open(key)

    def has(self, key: str) -> bool:
        """Whether there are bytes in either place."""
        return self.above.has(key) or self.below.has(key)

    def digest(self, key: str) -> str | None:
        """The sha256 of the bytes."""
        return self._holder(key).digest(key)

    def keys(self, folder: str) -> Iterator[str]:
        """The keys of both places, each once."""
        own = set(self.above.keys(folder))
        yield from own
        yield from (key for key in self.below.keys(folder) if key not in own)

    def remove(self, key: str) -> None:
        """Remove what is above."""
        self.above.remove(key)

    def clear(self, folder: str) -> None:
        """Remove what is above."""
        self.above.clear(folder)

    def _holder(self, key: str) -> Blobs:
        return self.above if self.above.has(key) or not self.below.has(key) else self.below
