"""What the other processes of the service count: each writes its figures down, and whoever is asked tells those of all.

A scrape reaches one process, whichever is free; figures of that one alone would jump from scrape to scrape.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

SECONDS = 1.0
"""How old the figures of another process are at most."""
_PREFIX, _OLD_SECONDS = "figures-", 86_400.0


class Siblings:
    """The processes that have the same parent."""

    def __init__(self, folder: Path, process: int) -> None:
        """Args:
        folder: In which all of them write.
        process: The number of this one.
        """
        self._folder, self._family = folder, f"{_PREFIX}{os.getppid()}-"
        self._path = folder / f"{self._family}{process}.json"
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(f"{_PREFIX}*"):
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < time.time() - _OLD_SECONDS:  # of a family that was killed
                    path.unlink()

    def write(self, figures: Any) -> None:
        """Put down the figures of this process; where the disk is full the others know those of before."""
        draft = self._path.with_suffix(".new")
        with suppress(OSError):
            draft.write_bytes(msgspec.json.encode(figures))
            draft.replace(self._path)

    def others(self) -> Iterator[tuple[int, Any]]:
        """The numbers of the others, and what each has put down last."""
        for path in sorted(self._folder.glob(f"{self._family}*.json")):
            if path != self._path:
                with suppress(FileNotFoundError):
                    yield int(path.stem.removeprefix(self._family)), msgspec.json.decode(path.read_bytes())

    def close(self) -> None:
        """It counts no more."""
        self._path.unlink(missing_ok=True)
