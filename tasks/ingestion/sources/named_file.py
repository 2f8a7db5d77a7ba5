"""The one file that a pipeline names as its source, here or in object storage: what tells it apart, and its rows.

A folder of parquet files with partitions is one as well, and so is a Delta table.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from configs import environment
from configs.errors import LandingFolderMissing
from configs.ingestion import Source
from tasks.ingestion.formats import decoding
from tasks.ingestion.sources import delta, entries, partitions
from tasks.ingestion.sources.objects import Objects

if TYPE_CHECKING:
    import pyarrow as pa


class NamedFile(Protocol):
    """A file that is read whole."""

    def marks(self) -> list[object]:
        """What stays the same as long as it does; nothing of it is read.

        Raises:
            OSError: It is gone, or cannot be read just now.
        """

    def table(self, source: Source) -> "tuple[pa.Table, list[object]]":
        """Its rows as they stand there, and what told it apart when they were read.

        Raises:
            UnreadableFile: It is not of its format.
            OSError: It is gone, or cannot be read just now.
        """


def of(file: str, source: Source) -> NamedFile:
    """The file of this name; a relative path starts from the folder of data.

    Raises:
        LandingFolderMissing: There is no such file.
        MistakeOfUser: What it takes to reach it is missing.
    """
    if source.kind == "delta":
        return delta.WholeTable(file)
    if "://" in file:
        prefix, _, name = file.rpartition("/")
        return _Object(Objects(prefix), name)
    return _local(file, source)


@dataclass(frozen=True)
class _Local:
    path: Path

    def marks(self) -> list[object]:
        return _marks(self.path, self.path.stat())

    def table(self, source: Source) -> "tuple[pa.Table, list[object]]":
        content, looked = entries.read_named(self.path)
        return decoding.FORMATS[source.kind].table(content, source), _marks(self.path, looked)


@dataclass(frozen=True)
class _Folder:
    path: Path

    def marks(self) -> list[object]:
        return partitions.marks(self.path)

    def table(self, source: Source) -> "tuple[pa.Table, list[object]]":
        looked = partitions.marks(self.path)
        return partitions.table(self.path, source), looked


@dataclass(frozen=True)
class _Object:
    objects: Objects
    name: str

    def marks(self) -> list[object]:
        return [self.objects.where, self.name, self.objects.one(self.name).tag]

    def table(self, source: Source) -> "tuple[pa.Table, list[object]]":
        entry = self.objects.one(self.name)
        content = b"".join(self.objects.parts(entry))
        return decoding.FORMATS[source.kind].table(content, source), [self.objects.where, self.name, entry.tag]


def _marks(path: Path, known: os.stat_result) -> list[object]:
    return [str(path), known.st_size, known.st_mtime_ns, known.st_ino]


def _local(file: str, source: Source) -> NamedFile:
    data = environment.data_folder()
    try:
        path = data / Path(file).expanduser()
        if path.is_file():
            return _Local(path)
        if path.is_dir() and source.kind == "parquet":
            return _Folder(path)
        wrong = "is not a file" if path.exists() else "does not exist"
    except (OSError, RuntimeError) as err:
        path, wrong = Path(file), f"cannot be reached ({err})"
    raise LandingFolderMissing(
        f"The file {path} {wrong}. Put it there, or name another one as ingestion.source.file; a relative path starts "
        f"from INCUMBENT_DATA (now {data})."
    )
