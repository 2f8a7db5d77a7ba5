"""Ports: what rooms and adapters ask of technology, as protocols. An adapter implements one; a test has a fake of it.

Add a port when a second implementation is due, and with it the contract test that each of them passes. What only one
room plugs in has its protocol in the `base` of that room's folder.
"""

from collections.abc import Iterator
from typing import BinaryIO, Protocol


class Blobs(Protocol):
    """Bytes under keys, whole or not at all: what a process that was killed had half written is under no key.

    A key is a path with `/` in it, and names its bytes by their digest: whoever writes it writes the same bytes. Where
    what is there may be damaged, who reads compares the digest, and each has rules of its own for what then follows.
    """

    def where(self, key: str) -> str:
        """The place of a key as people write it, for messages."""

    def put(self, key: str, content: bytes) -> bool:
        """Write bytes unless there are some already, and last beyond a power cut; says whether they were written.

        Of several at once each one ends well.

        Raises:
            UnusableHome: They cannot be written.
        """

    def replace(self, key: str, content: bytes) -> None:
        """The same whatever is there: who asks has found it damaged."""

    def get(self, key: str) -> bytes:
        """All bytes.

        Raises:
            BlobUnavailable: There are none, or they cannot be read.
        """

    def open(self, key: str) -> BinaryIO:
        """The bytes as a file in which one can seek, so that of a large one only what is asked for is read.

        Raises:
            BlobUnavailable: There are none, or they cannot be read.
        """

    def has(self, key: str) -> bool:
        """Whether there are bytes, of which nothing is read."""

    def digest(self, key: str) -> str | None:
        """The sha256 of the bytes, in hex; None if there are none.

        Raises:
            BlobUnavailable: They cannot be read.
        """

    def keys(self, folder: str) -> Iterator[str]:
        """The keys below a folder, in no order; what is not wholly written is not among them."""

    def remove(self, key: str) -> None:
        """Remove bytes that nobody needs any more; nothing if there are none.

        Raises:
            UnusableHome: They cannot be removed.
        """

    def clear(self, folder: str) -> None:
        """Remove all that is below a folder, half written or not; raises as `remove` does."""
