"""The rows at a place that a user names: a file, a folder of files, or a pattern; all of them, to be looked at.

Add a kind of place here when a source of that kind can be written down for it.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs import environment
from configs.errors import MistakeOfUser
from configs.ingestion import Source
from tasks.drafting import dialect
from tasks.ingestion.formats import decoding
from tasks.ingestion.sources import entries

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_FILES = 200
_ENDINGS = {".parquet": "parquet", ".csv": "csv", ".gz": "csv", ".zip": "csv", ".tsv": "csv", ".txt": "csv"}


def read(data: str) -> "tuple[pa.Table, Source, dict[str, str]]":
    """All rows at a place, how and where they are written, and why that is thought.

    Raises:
        MistakeOfUser: There is nothing there that can be read.
        UnreadableFile: The bytes cannot be read.
    """
    listed, folder = paths(data)
    content, _ = entries.read_named(listed[0])
    written = dialect.read(content)
    place = {"file": _address(listed[0])} if folder is None else {"folder": str(folder)}
    source = written.source.model_copy(update=place)
    return _joined(listed, source), source, written.reasons


def table(data: str, source: Source) -> "pa.Table":
    """All rows at a place, read as a source says; raises as `read` does."""
    return _joined(paths(data)[0], source)


def _joined(listed: Sequence[Path], source: Source) -> "pa.Table":
    import pyarrow as pa

    tables = [_table(entries.read_named(path)[0], source) for path in listed]
    return pa.concat_tables(tables, promote_options="permissive")


def _table(content: bytes, source: Source) -> "pa.Table":
    return decoding.of(source, content).table(content, source)


def paths(data: str) -> tuple[list[Path], Path | None]:
    """The files that are meant, and their folder if it is one."""
    given = Path(data).expanduser()
    found = given if given.exists() else environment.data_folder() / given
    if found.is_file():
        return [found.absolute()], None
    if found.is_dir():
        return _files(found), found.absolute()
    if any(sign in data for sign in "*?["):
        matching = sorted(path for path in given.parent.glob(given.name) if path.is_file())
        if not matching:
            raise MistakeOfUser(f"No file is like {data!r}.")
        if len(matching) == 1:
            return [matching[0].absolute()], None
        others = [path.name for path in _files(given.parent) if path not in matching]
        if others:
            raise MistakeOfUser(
                f"{given.parent} has other files as well ({', '.join(others[:4])}): a landing folder holds the batches "
                "of one pipeline and nothing else. Put those that are meant into a folder of their own, and name it."
            )
        return matching, given.parent.absolute()
    raise MistakeOfUser(
        f"There is no {data!r}: name a file or a folder of files; a relative path starts from here, or from "
        "INCUMBENT_DATA."
    )


def _files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    endings = {_ENDINGS.get(path.suffix.lower()) for path in paths}
    if not paths:
        raise MistakeOfUser(f"The folder {folder} has no files.")
    if len(endings) > 1 or None in endings:
        names = ", ".join(path.name for path in paths[:5])
        raise MistakeOfUser(f"The folder {folder} has files of several kinds ({names}); a landing folder has one kind.")
    return _evenly(paths)


def _evenly(paths: Sequence[Path]) -> list[Path]:
    """Not more than can be looked at, the first and the last among them."""
    if len(paths) <= _MOST_FILES:
        return list(paths)
    step = (len(paths) - 1) / (_MOST_FILES - 1)
    return [paths[round(place * step)] for place in range(_MOST_FILES)]


def _address(path: Path) -> str:
    """A path as the settings have it: from the folder of data, if it lies there."""
    data = environment.data_folder().absolute()
    return str(path.relative_to(data)) if path.is_relative_to(data) else str(path)
