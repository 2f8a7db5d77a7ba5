"""The scratch place of the store: bytes that one task hands to the next by their digest, gone when they were used.

Nothing here is on record. What a process that was killed has left goes when the next run of its pipeline begins.
"""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from configs.errors import DeliveryWaits, UnusableHome
from tasks.adapters import files

_AGAIN = "It is read from its source again by the next try."


class Scratch:
    """Bytes by pipeline and digest; who holds the lease of a pipeline is alone with what is there for it."""

    def __init__(self, folder: Path) -> None:
        """Args:
        folder: Where the files are; made when the first one is written.
        """
        self.folder = folder

    def path(self, pipeline: str, digest: str) -> Path:
        """Where the bytes of this digest are."""
        return self.folder / pipeline / digest

    def put(self, pipeline: str, digest: str, content: bytes) -> None:
        """Write bytes down, unless they are there already.

        Raises:
            UnusableHome: They cannot be written.
        """
        path = self.path(pipeline, digest)
        if not (path.exists() and files.digest(path) == digest):
            files.publish(path, content)

    def get(self, pipeline: str, digest: str) -> bytes:
        """The bytes of this digest.

        Raises:
            DeliveryWaits: They are gone, or others; they have to be read from their source again.
        """
        path = self.path(pipeline, digest)
        try:
            content = path.read_bytes()
        except OSError as err:
            lost = f"What was read of a delivery cannot be had from {path}: {err.strerror}."
            raise DeliveryWaits(f"{lost} {_AGAIN}") from err
        if hashlib.sha256(content).hexdigest() != digest:
            raise DeliveryWaits(f"What was read of a delivery has changed in {path}. {_AGAIN}")
        return content

    def remove(self, pipeline: str, digest: str) -> None:
        """Bytes that nobody needs any more."""
        with _removing(self.path(pipeline, digest)) as path:
            path.unlink()

    def clear(self, pipeline: str) -> None:
        """Whatever an earlier run of a pipeline has left."""
        with _removing(self.folder / pipeline) as path:
            shutil.rmtree(path)


@contextmanager
def _removing(path: Path) -> Iterator[Path]:
    """What is gone by the end, or was not there."""
    try:
        yield path
    except FileNotFoundError:
        return
    except OSError as err:
        raise UnusableHome(f"{path} cannot be removed: {err.strerror}. Give this user access to it.") from err
