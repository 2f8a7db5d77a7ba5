"""Blobs as files below a folder of this machine.

What is written is published in one atomic step (`files`). Another place is a module of its own beside this one, and
passes the same tests (`tests/adapters/blobs/test_contract.py`).
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from configs.errors import BlobUnavailable, UnusableHome
from tasks.adapters import files


@dataclass(frozen=True)
class LocalBlobs:
    """Files by their path below a folder, which is made with the first of them."""

    folder: Path

    def where(self, key: str) -> str:
        """The path."""
        return str(self.folder / key)

    def put(self, key: str, content: bytes) -> bool:
        """Write a file unless there is one."""
        if self.has(key):
            return False
        self.replace(key, content)
        return True

    def replace(self, key: str, content: bytes) -> None:
        """Write a file, whatever is in its place."""
        files.publish(self.folder / key, content)

    def get(self, key: str) -> bytes:
        """All bytes of a file."""
        with self._reading(key) as path:
            return path.read_bytes()

    def open(self, key: str) -> BinaryIO:
        """An open file."""
        with self._reading(key) as path:
            return path.open("rb")

    def has(self, key: str) -> bool:
        """Whether there is a file."""
        return (self.folder / key).exists()

    def digest(self, key: str) -> str | None:
        """The sha256 of a file's bytes; None if there is none."""
        with self._reading(key) as path:
            return files.digest(path) if self.has(key) else None

    def keys(self, folder: str) -> Iterator[str]:
        """Paths of files; drafts have names that begin with a point."""
        for place, _, names in os.walk(self.folder / folder):
            below = Path(place).relative_to(self.folder)
            yield from ((below / name).as_posix() for name in names if not name.startswith("."))

    def remove(self, key: str) -> None:
        """Remove a file, if it is there."""
        with self._removing(key) as path:
            path.unlink()

    def clear(self, folder: str) -> None:
        """Remove a folder with all that is in it."""
        with self._removing(folder) as path:
            shutil.rmtree(path)

    @contextmanager
    def _reading(self, key: str) -> Iterator[Path]:
        path = self.folder / key
        try:
            yield path
        except OSError as err:
            is_gone = isinstance(err, FileNotFoundError | NotADirectoryError)
            raise BlobUnavailable(str(path), err.strerror or str(err), is_gone=is_gone) from err

    @contextmanager
    def _removing(self, key: str) -> Iterator[Path]:
        path = self.folder / key
        try:
            yield path
        except (FileNotFoundError, NotADirectoryError):
            return
        except OSError as err:
            raise UnusableHome(f"{path} cannot be removed: {err.strerror}. Give this user access to it.") from err
