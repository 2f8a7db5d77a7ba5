"""The rows at a place that a user names: a file, a folder, a pattern, object storage, a table of a database.

Add a kind of place here when a source of that kind can be written down for it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from configs import addresses, environment
from configs.errors import DeliveryWaits, LandingFolderMissing, MistakeOfUser
from configs.ingestion import OBJECTS, Address, Source
from tasks.drafting import dialect, literal_columns
from tasks.ingestion.formats import decoding
from tasks.ingestion.sources import databases, delta, entries

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
LITERALS = ("json_lines", "excel")
"""Formats whose cells say themselves what they are."""
_MOST_FILES = 200
_MOST_ROWS = 1_000_000
"""So many rows of a table of a database are looked at."""
_FOLDERS = {
    **dict.fromkeys((".csv", ".gz", ".zip", ".tsv", ".txt"), "csv"),
    **{".parquet": "parquet", ".jsonl": "json_lines", ".ndjson": "json_lines", ".arrow": "arrow", ".xlsx": "excel"},
}
"""Kind of the files of a folder by their ending: a folder has one."""


@dataclass(frozen=True)
class Files:
    """The files at a place."""

    names: Sequence[str]
    get: Callable[[str], bytes]
    setting: dict[str, Any]
    """How a source says where they are."""


def read(data: str, table: str | None = None) -> "tuple[pa.Table, Source, dict[str, str]]":
    """All rows at a place, how and where they are written, and why that is thought.

    Args:
        data: The place.
        table: Which table of a database.

    Raises:
        MistakeOfUser: There is nothing there that can be read.
        UnreadableFile: The bytes cannot be read.
    """
    if is_database(data):
        _require_address(data)
        source = Source.model_construct(kind="sql", address=data, table=_require_table(data, table))
        return _of_database(source), source, {}
    if _is_delta(data):
        source = Source.model_construct(kind="delta", file=_address(_there(data)))
        return table_of(data, source), source, {}
    place = files(data)
    written = dialect.read(place.get(place.names[0]))
    source = written.source.model_copy(update=place.setting)
    return _joined(place, source), source, written.reasons


def table_of(data: str, source: Source) -> "pa.Table":
    """All rows at a place, read as a source says; raises as `read` does."""
    if source.kind == "sql":
        return _of_database(source)
    if source.kind == "delta":
        return delta.WholeTable(data).table(source)[0]
    return _joined(files(data), source)


def is_database(data: str) -> bool:
    """Whether a place is an address of a database."""
    whole = addresses.VARIABLE.fullmatch(data) is not None
    return whole or ("://" in data and not data.startswith((*OBJECTS, "http://", "https://", "file://")))


def _there(data: str) -> Path:
    path = Path(data).expanduser()
    return (path if path.exists() else environment.data_folder() / path).absolute()


def _is_delta(data: str) -> bool:
    """Whether a place is a Delta table of this machine."""
    return "://" not in data and delta.is_table(_there(data))


def _joined(place: Files, source: Source) -> "pa.Table":
    import pyarrow as pa

    tables = [decoding.of(source, content := place.get(name)).table(content, source) for name in place.names]
    rows = pa.concat_tables(tables, promote_options="permissive")
    return literal_columns.typed(rows) if source.kind in LITERALS else rows


# ── databases ─────────────────────────────────────────────────────────────────────────────────────────────────────
def _require_address(data: str) -> None:
    """Refuse an address that a pipeline file may not have: a password in it would be written down."""
    from pydantic import TypeAdapter, ValidationError

    try:
        TypeAdapter(Address).validate_python(data)
    except ValidationError as err:
        why = str(err.errors()[0]["msg"]).removeprefix("Value error, ")
        raise MistakeOfUser(f"{why[:1].upper()}{why[1:]}. In a shell, put the whole address in single quotes.") from err


def _require_table(data: str, table: str | None) -> str:
    if table is None:
        raise MistakeOfUser(f"Which table of {addresses.shown(data)} is meant? Name it: --table NAME.")
    return table


def _of_database(source: Source) -> "pa.Table":
    import pyarrow as pa

    parts, rows = list[pa.Table](), 0
    with databases.opened(source) as (database, statements):
        for part in database.rows(f"SELECT * FROM {statements.base}"):  # noqa: S608
            parts.append(pa.Table.from_batches([part]))
            rows += part.num_rows
            if rows >= _MOST_ROWS:
                break
    # A driver that knows no types has parts without a value in a column, which are of no type there.
    return pa.concat_tables(parts, promote_options="permissive")


# ── files ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def files(data: str) -> Files:
    """The files that are meant.

    Raises:
        MistakeOfUser: There are none.
    """
    if data.startswith(OBJECTS):
        return _objects(data)
    if data.startswith(("http://", "https://")):
        shown = addresses.shown(data)
        raise MistakeOfUser(f"{shown} is a page: fetch the file first, and name it. Nothing keeps a page as it was.")
    listed, folder = paths(data)
    setting = {"file": _address(listed[0])} if folder is None else {"folder": str(folder)}
    return Files([str(path) for path in listed], lambda name: entries.read_named(Path(name))[0], setting)


def _objects(data: str) -> Files:
    """One object, or all behind a prefix."""
    from tasks.ingestion.sources.objects import Objects

    prefix, _, name = data.rpartition("/")
    if Path(name).suffix:
        one = Objects(prefix)
        return Files([name], lambda path: _fetched(data, lambda: one.get(path)), {"file": data})
    several = Objects(data)
    try:
        names = sorted(entry.path for entry in several.all())
    except (LandingFolderMissing, DeliveryWaits) as err:
        raise MistakeOfUser(str(err)) from err
    if not names:
        raise MistakeOfUser(f"{several.where} has no objects.")
    return Files(_evenly(names), lambda path: _fetched(path, lambda: several.get(path)), {"folder": data})


def _fetched(name: str, get: Callable[[], bytes]) -> bytes:
    try:
        return get()
    except OSError as err:
        raise MistakeOfUser(f"{addresses.shown(name)} cannot be read: {entries.why(err)}.") from err


def paths(data: str) -> tuple[list[Path], Path | None]:
    """The files of this machine that are meant, and their folder if it is one."""
    path, place = Path(data).expanduser(), _there(data)
    if place.is_file():
        return [place.absolute()], None
    if place.is_dir():
        return _files(place), place.absolute()
    if any(sign in data for sign in "*?["):
        return _like(path)
    raise MistakeOfUser(
        f"There is no {data!r}: name a file or a folder of files; a relative path starts from here, or from "
        "INCUMBENT_DATA."
    )


def _like(pattern: Path) -> tuple[list[Path], Path | None]:
    matching = sorted(path for path in pattern.parent.glob(pattern.name) if path.is_file())
    if not matching:
        raise MistakeOfUser(f"No file is like {str(pattern)!r}.")
    if len(matching) == 1:
        return [matching[0].absolute()], None
    others = [path.name for path in _files(pattern.parent) if path not in matching]
    if others:
        raise MistakeOfUser(
            f"{pattern.parent} has other files as well ({', '.join(others[:4])}): a landing folder holds the batches "
            "of one pipeline and nothing else. Put those that are meant into a folder of their own, and name it."
        )
    return matching, pattern.parent.absolute()


def _files(folder: Path) -> list[Path]:
    listed = sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    endings = {_FOLDERS.get(path.suffix.lower()) for path in listed}
    if not listed:
        raise MistakeOfUser(f"The folder {folder} has no files.")
    if len(endings) > 1 or None in endings:
        names = ", ".join(path.name for path in listed[:5])
        raise MistakeOfUser(f"The folder {folder} has files of several kinds ({names}); a landing folder has one kind.")
    return _evenly(listed)


def _evenly(names: Sequence[T]) -> list[T]:
    """Not more than can be looked at, the first and the last among them."""
    if len(names) <= _MOST_FILES:
        return list(names)
    step = (len(names) - 1) / (_MOST_FILES - 1)
    return [names[round(place * step)] for place in range(_MOST_FILES)]


def _address(path: Path) -> str:
    """A path as the settings have it: from the folder of data, if it lies there."""
    data = environment.data_folder().absolute()
    return str(path.relative_to(data)) if path.is_relative_to(data) else str(path)
