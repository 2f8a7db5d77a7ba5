"""A folder of parquet files with partitions as one file: `year=2024/month=05/part-0.parquet` has a year and a month.

Add here what writers of such folders do. How one of the files is read belongs to the format.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from configs.errors import BadInput, UnreadableFile
from configs.ingestion import Source
from tasks.ingestion.formats import parquet, readers
from tasks.ingestion.sources import entries, landing_folder

if TYPE_CHECKING:
    import pyarrow as pa

_NOTHING = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")


def files(folder: Path) -> list[Path]:
    """The files of a folder and of all folders in it, in order; what is being written, and notes, are left out.

    Raises:
        OSError: It cannot be listed.
    """
    return sorted(_inside(folder))


def marks(folder: Path) -> list[object]:
    """What stays the same as long as the files do; nothing of them is read."""
    about = [(str(path.relative_to(folder)), path.stat()) for path in files(folder)]
    return [str(folder), *([name, known.st_size, known.st_mtime_ns, known.st_ino] for name, known in about)]


def table(folder: Path, source: Source) -> "pa.Table":
    """The rows of all files, each with the values that stand in the names of its folders.

    Raises:
        UnreadableFile: A file cannot be read, or they do not fit together.
        OSError: A file is gone, or cannot be read just now.
    """
    import pyarrow as pa

    paths = files(folder)
    if not paths:
        raise UnreadableFile("The folder has no files.")
    named = {path: dict(_values(path.relative_to(folder).parts[:-1])) for path in paths}
    keys = {tuple(values) for values in named.values()}
    if len(keys) > 1:
        shown = " and ".join("/".join(f"{key}=" for key in one) or "none" for one in sorted(keys)[:2])
        raise UnreadableFile(f"The folder has files with different partitions: {shown}.")
    numbers = {key for key in next(iter(keys)) if all(_is_whole(values[key]) for values in named.values())}
    tables = [_with(_read(path, folder, source), values, numbers, path.name) for path, values in named.items()]
    with readers.refusing("The files of the folder do not fit together", pa.ArrowException):
        return pa.concat_tables(tables, promote_options="permissive")


def _inside(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if not landing_folder.is_wanted(path.name):
            continue
        if path.is_dir():
            yield from _inside(path)
        else:
            yield path


def _values(folders: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    for name in folders:
        key, sign, value = name.partition("=")
        if sign:
            yield unquote(key), None if value == _NOTHING else unquote(value)


def _is_whole(value: str | None) -> bool:
    """Whether it may be a number: 05 would lose its zero."""
    return value is None or _WHOLE.fullmatch(value) is not None


def _read(path: Path, folder: Path, source: Source) -> "pa.Table":
    try:
        return parquet.table(entries.read_named(path)[0], source)
    except BadInput as problem:
        raise UnreadableFile(f"{path.relative_to(folder)}: {problem}") from problem


def _with(rows: "pa.Table", values: dict[str, str | None], numbers: set[str], name: str) -> "pa.Table":
    import pyarrow as pa

    for key, value in values.items():
        if key in rows.column_names:
            raise UnreadableFile(f"Column {key!r} is in {name} and in the name of its folder; one would be lost.")
        known = int(value) if value is not None and key in numbers else value
        kind = pa.int64() if key in numbers else pa.string()
        rows = rows.append_column(key, pa.array([known] * rows.num_rows, kind))
    return rows.replace_schema_metadata(None)
