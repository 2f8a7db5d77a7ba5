"""What a source is asked: what is there, one of it, and a mark that changes when something new is there.

A source is a class in a module of its own; its line is in `source_kinds`. A delivery has an address, which only its
source understands: the name of a file, an object in a bucket. What the bytes mean belongs to the formats.
"""

import hashlib
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from configs.errors import BlobUnavailable, DeliveryWaits
from tasks.ingestion.sources import entries


@dataclass(frozen=True)
class Delivery:
    """What a source delivered at once; its identity is its content."""

    name: str
    """What people call it: a file name without its ending."""
    address: str
    """Where it is, in the words of its source; of one that was kept, its key among the blobs."""
    digest: str
    """sha256 of the content."""
    odd: str | None = None
    """What it is if it is not a file: a folder, a pipe, a link out of the landing folder."""
    kept: bool = False
    """Whether its source does not have it any more, and its bytes are those that were kept when it was refused."""
    of_labels: bool = False
    """Whether it is one of labels that come later than their rows."""


@dataclass(frozen=True)
class Listing:
    """What is in a source."""

    deliveries: list[Delivery]
    """In natural order of their names."""
    unreadable: dict[str, str]
    """Names of what cannot be read just now, and why; they wait."""


@dataclass(frozen=True)
class Mark:
    """What tells whether a source is as it was, without reading any delivery."""

    text: str
    """Another one when something was added, removed or replaced; empty where nothing is there."""
    changed: float
    """When the newest delivery changed last, in seconds since 1970; it may still be written."""


class Place(Protocol):
    """Where the bytes of deliveries are; blobs are such a place as well.

    An OSError or BlobUnavailable that is raised here is about a machine at this moment, never about the bytes.
    """

    def get(self, address: str, /) -> bytes:
        """All bytes of one delivery."""

    def open(self, address: str, /) -> AbstractContextManager[BinaryIO]:
        """The bytes as a file in which one can seek, so that of a large one only what is asked for is read."""


class Source(Place, Protocol):
    """Where deliveries come from."""

    @property
    def where(self) -> str:
        """The place to which people bring what is to be taken in."""

    def fetch(self) -> list[str]:
        """Let what is new be deliveries, where a source does not hold them as such; gives their names.

        Raises:
            LandingFolderMissing: There is no such source.
            UnreadableFile: It is damaged, or cannot be made deliveries.
            DeliveryWaits: It cannot be read just now.
        """

    def look(self) -> Listing:
        """All deliveries.

        Raises:
            LandingFolderMissing: There is no such source, or it cannot be listed.
        """

    def mark(self) -> Mark:
        """What tells whether `look` would list the same; raises as it does."""

    def gone(self) -> dict[str, int]:
        """Rows that were delivered and that the source did not have any more when it was last asked, by delivery."""


def read(place: Place, delivery: Delivery) -> bytes:
    """The bytes of a delivery; for something that is no file, a note that says so.

    Raises:
        DeliveryWaits: It is gone, cannot be read just now, or is not what was listed any more.
    """
    try:
        found = place.get(delivery.address)
    except (OSError, BlobUnavailable) as err:
        why = err.why if isinstance(err, BlobUnavailable) else entries.why(err)
        raise DeliveryWaits(
            f"{delivery.name} cannot be read just now: {why}. It waits, and is tried again; nothing of it was recorded."
        ) from err
    if hashlib.sha256(found).hexdigest() != delivery.digest:
        raise DeliveryWaits(
            f"{delivery.name} changed while it was read; it waits. Write it under a name that ends in .tmp, and rename "
            "it then.",
            changed=True,
        )
    return found
