"""The scratch place of the store: bytes that one task hands to the next by their digest, gone when they were used.

Nothing here is on record. What a process that was killed has left goes when the next run of its pipeline begins.
"""

import hashlib

from configs.errors import BlobUnavailable, DeliveryWaits
from tasks.adapters.blobs import layout
from tasks.domain.ports import Blobs

_AGAIN = "It is read from its source again by the next try."


class Scratch:
    """Bytes by pipeline and digest; who holds the lease of a pipeline is alone with what is there for it."""

    def __init__(self, blobs: Blobs) -> None:
        """Args:
        blobs: Where the bytes are.
        """
        self.blobs = blobs

    def put(self, pipeline: str, digest: str, content: bytes) -> None:
        """Write bytes down, unless they are there already.

        Raises:
            UnusableHome: They cannot be written.
        """
        key = layout.scratch(pipeline, digest)
        if self.blobs.digest(key) != digest:
            self.blobs.replace(key, content)

    def get(self, pipeline: str, digest: str) -> bytes:
        """The bytes of this digest.

        Raises:
            DeliveryWaits: They are gone, or others; they have to be read from their source again.
        """
        key = layout.scratch(pipeline, digest)
        place = self.blobs.where(key)
        try:
            content = self.blobs.get(key)
        except BlobUnavailable as err:
            lost = f"What was read of a delivery cannot be had from {place}: {err.why}."
            raise DeliveryWaits(f"{lost} {_AGAIN}") from err
        if hashlib.sha256(content).hexdigest() != digest:
            raise DeliveryWaits(f"What was read of a delivery has changed in {place}. {_AGAIN}")
        return content

    def remove(self, pipeline: str, digest: str) -> None:
        """Bytes that nobody needs any more; raises as `clear` does."""
        self.blobs.remove(layout.scratch(pipeline, digest))

    def clear(self, pipeline: str) -> None:
        """Whatever an earlier run of a pipeline has left.

        Raises:
            UnusableHome: It cannot be removed.
        """
        self.blobs.clear(layout.scratch(pipeline))
