"""The one file that a pipeline names as its source, here or in object storage: what tells it apart, and its bytes."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from configs import environment
from configs.errors import LandingFolderMissing
from tasks.ingestion.sources import entries
from tasks.ingestion.sources.objects import Objects


class NamedFile(Protocol):
    """A file that is read whole."""

    def marks(self) -> list[object]:
        """What stays the same as long as it does; nothing of it is read.

        Raises:
            OSError: It is gone, or cannot be read just now.
        """

    def read(self) -> tuple[bytes, list[object]]:
        """Its bytes, and what told it apart when they were read; raises as `marks` does."""


def of(file: str) -> NamedFile:
    """The file of this name; a relative path starts from the folder of data.

    Raises:
        LandingFolderMissing: There is no such file.
        MistakeOfUser: What it takes to reach it is missing.
    """
    if "://" in file:
        prefix, _, name = file.rpartition("/")
        return _Object(Objects(prefix), name)
    return _Local(_path(file))


@dataclass(frozen=True)
class _Local:
    path: Path

    def marks(self) -> list[object]:
        return _marks(self.path, self.path.stat())

    def read(self) -> tuple[bytes, list[object]]:
        content, looked = entries.read_named(self.path)
        return content, _marks(self.path, looked)


@dataclass(frozen=True)
class _Object:
    objects: Objects
    name: str

    def marks(self) -> list[object]:
        return [self.objects.where, self.name, self.objects.one(self.name).tag]

    def read(self) -> tuple[bytes, list[object]]:
        entry = self.objects.one(self.name)
        return b"".join(self.objects.parts(entry)), [self.objects.where, self.name, entry.tag]


def _marks(path: Path, known: os.stat_result) -> list[object]:
    return [str(path), known.st_size, known.st_mtime_ns, known.st_ino]


def _path(file: str) -> Path:
    data = environment.data_folder()
    try:
        path = data / Path(file).expanduser()
        if path.is_file():
            return path
        wrong = "is not a file" if path.exists() else "does not exist"
    except (OSError, RuntimeError) as err:
        path, wrong = Path(file), f"cannot be reached ({err})"
    raise LandingFolderMissing(
        f"The file {path} {wrong}. Put it there, or name another one as ingestion.source.file; a relative path starts "
        f"from INCUMBENT_DATA (now {data})."
    )
