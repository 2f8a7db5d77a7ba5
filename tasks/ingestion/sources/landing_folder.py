"""Sources: what lies in a landing folder, and the rows in it. Nothing here changes a delivery.

Add here what all formats share, and parquet; CSV has its own module, `delimited`. What rows must look like is the
contract's matter. pandas and pyarrow are imported late: to see that nothing waits must be quick.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from configs.errors import BrokenContract, DeliveryWaits, LandingFolderMissing, UnreadableFile
from configs.ingestion import DerivedTime, Source
from configs.section import ColumnType
from configs.settings import PipelineSettings
from configs.validation import ValidationSettings
from tasks.ingestion import intake
from tasks.ingestion.formats import arrow_values, parquet, readers
from tasks.ingestion.sources import entries

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from tasks.ingestion.cells import Notation


@dataclass(frozen=True)
class Delivery:
    """What a source delivered at once; its identity is its content."""

    name: str
    """File name without its ending."""
    path: Path
    digest: str
    """sha256 of the content."""
    size: int
    """In bytes."""
    odd: str | None = None
    """What it is if it is not a file: a folder, a pipe, a link out of the landing folder."""


@dataclass(frozen=True)
class Landed:
    """What lies in a landing folder."""

    deliveries: list[Delivery]
    unreadable: dict[str, str]
    """Names of what cannot be read just now, and why; they wait."""


def list_deliveries(source: Source, folder: Path) -> list[Delivery]:
    """All deliveries in a folder that can be read just now; see `look`."""
    return look(source, folder).deliveries


def look(source: Source, folder: Path) -> Landed:
    """All deliveries in a folder, in natural order of their names without ending: `2013-01` is before `2013-01-late`.

    Left out are only `*.tmp`, `.name` and `_name`: what is being written, and notes of other programs. Anything else
    is listed, folders and pipes too, so that `read` can name what is wrong with them; nothing is waited for.

    Args:
        source: Where batches come from.
        folder: The landing folder.

    Raises:
        LandingFolderMissing: There is no such folder, or it cannot be listed.
    """
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError as err:
        raise LandingFolderMissing(_explain(err, source, folder)) from err
    wanted = [name for name in names if _is_wanted(name)]
    place = {stem: number for number, stem in enumerate(intake.order([_stem(name) for name in wanted]))}
    deliveries, unreadable = [], {}
    for path in [folder / name for name in sorted(wanted, key=lambda name: (place[_stem(name)], name))]:
        try:
            digest, size, odd = entries.digest(path)
        except FileNotFoundError:
            continue  # gone by now
        except OSError as err:
            unreadable[_readable(path.name)] = entries.why(err)
        else:
            deliveries.append(Delivery(_readable(_stem(path.name)), path, digest, size, odd))
    return Landed(deliveries, unreadable)


def content(delivery: Delivery) -> bytes:
    """The bytes of a delivery; for something that is no file, a note that says so.

    Raises:
        DeliveryWaits: It is gone, cannot be read just now, or is not what was listed any more.
    """
    try:
        found, _ = entries.read(delivery.path)
    except OSError as err:
        raise DeliveryWaits(
            f"{delivery.name} cannot be read just now: {entries.why(err)}. It waits, and is tried again; nothing of it "
            "was recorded."
        ) from err
    if hashlib.sha256(found).hexdigest() != delivery.digest:
        raise DeliveryWaits(
            f"{delivery.name} changed while it was read; it waits. Write it under a name that ends in .tmp, and rename "
            "it then.",
            changed=True,
        )
    return found


def read(
    delivery: Delivery,
    source: Source,
    settings: ValidationSettings,
    derive: Mapping[str, DerivedTime] | None = None,
) -> "pd.DataFrame":
    """The rows of a delivery, with the columns of the contract and all others, in the order of the file.

    Text is `str`, times are UTC in microseconds, booleans and whole numbers with missing values are nullable.

    Args:
        delivery: From `list_deliveries`.
        source: Its format. Where that is CSV, a file that begins as parquet does is read as what it is.
        settings: The contract.
        derive: Times that are made from other columns where the file does not have them.

    Raises:
        UnreadableFile: The bytes are not a whole file of that format.
        BrokenContract: It has no rows, or its columns are not those of the contract.
        DeliveryWaits: Its bytes cannot be had just now; that says nothing about what they are.
    """
    return _decoded(content(delivery), source, settings, derive or {}, delivery.odd)


def decode(found: bytes, settings: PipelineSettings, odd: str | None = None) -> "pd.DataFrame":
    """The rows in the bytes of a delivery, as `read` gives them; raises as it does where that is about the bytes.

    Args:
        found: Its bytes, as they came.
        settings: How they are written, and the contract.
        odd: What the delivery is if it is not a file.
    """
    room = settings.ingestion
    return _decoded(found, room.source, settings.validation, room.derive, odd)


def _decoded(
    found: bytes, source: Source, settings: ValidationSettings, derive: Mapping[str, DerivedTime], odd: str | None
) -> "pd.DataFrame":
    from tasks.ingestion import columns, moments

    if odd:
        raise UnreadableFile(f"It is {odd}, not a file.")
    types = {name: rule.type for name, rule in settings.columns.items()}
    frame = rows(found, source, types)
    try:
        frame = moments.derive(frame, derive, source)
        columns.require(frame, settings)
    except BrokenContract as broken:
        raise BrokenContract(str(broken), len(frame)) from broken
    if frame.empty:
        raise BrokenContract("The file has no rows.")
    return frame


def rows(found: bytes, source: Source, types: Mapping[str, ColumnType]) -> "pd.DataFrame":
    """The rows in the bytes of a file, each column as a value of its type; raises as `read` does."""
    if source.kind == "csv" and not found.startswith(parquet.MAGIC):
        from tasks.ingestion import cells
        from tasks.ingestion.formats import delimited

        return cells.read(delimited.read(found, source), types, notation(source, types))
    table = parquet.read(found)
    try:
        with readers.refusing("The values of the file cannot be read", *_of_arrow()):
            return placed(table, types, source)
    except BrokenContract as broken:
        raise BrokenContract(str(broken), table.num_rows) from broken


def _of_arrow() -> tuple[type[Exception], ...]:
    import pyarrow as pa

    return (pa.ArrowException,)


def notation(source: Source, names: Iterable[str]) -> "Notation":
    """How a CSV writes its values, in the columns of these names."""
    from tasks.ingestion.cells import Notation

    return Notation(source.missing, source.decimal, _zones(source, names), source.repeated_hour)


def _zones(source: Source, names: Iterable[str]) -> dict[str, str]:
    return {name: zone for name in names if (zone := source.zone(name)) is not None}


def placed(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    """Columns as `values` has them; times without a zone are those of the zone that the source names for them."""
    import pyarrow as pa

    from tasks.ingestion import zones

    wanted = _zones(source, (name for name, kind in types.items() if kind == "timestamp"))
    fields = {name: table.schema.field(name).type for name in wanted if table.column_names.count(name) == 1}
    shown = [name for name, kind in fields.items() if pa.types.is_timestamp(kind) and kind.tz is None]
    for name in shown:
        place, kind = table.column_names.index(name), pa.timestamp(fields[name].unit, "UTC")
        table = table.set_column(place, name, table.column(place).cast(kind))
    return zones.localize(
        arrow_values.values(table, types), {name: wanted[name] for name in shown}, source.repeated_hour
    )


# ── the folder ────────────────────────────────────────────────────────────────────────────────────────────────────
def fingerprint(folder: Path) -> tuple[str, float]:
    """What tells that a folder is as it was, without reading any file; and when a file in it changed last.

    Raises:
        LandingFolderMissing: There is no such folder, or it cannot be listed.
    """
    seen, newest = hashlib.sha256(), 0.0
    try:
        with os.scandir(folder) as entries:
            wanted = [entry for entry in entries if _is_wanted(entry.name)]
    except OSError as err:
        raise LandingFolderMissing(_explain(err, Source(), folder)) from err
    for entry in sorted(wanted, key=lambda entry: entry.name):
        try:
            known = entry.stat(follow_symlinks=False)
        except OSError as err:  # gone by now: the folder is already another one
            seen.update(os.fsencode(entry.name) + f"\0{err.errno}\n".encode())
            continue
        newest = max(newest, known.st_mtime)
        about = f"{known.st_size}\0{known.st_mtime_ns}\0{known.st_ino}\n"
        seen.update(os.fsencode(entry.name) + b"\0" + about.encode())
    return seen.hexdigest(), newest


def _is_wanted(name: str) -> bool:
    return not (name.startswith((".", "_")) or name.endswith(".tmp"))


def count_rows(delivery: Delivery, source: Source | None = None) -> int | None:
    """Rows of a delivery without judging them, by its own word if it has one; None if it cannot be said."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from tasks.ingestion.formats import delimited

    try:
        if source is not None and source.kind == "csv" and not (found := content(delivery)).startswith(parquet.MAGIC):
            return delimited.count_rows(found, source)
        with entries.opened(delivery.path) as entry:
            return None if entry.odd else int(pq.ParquetFile(entry.file).metadata.num_rows)
    except (OSError, pa.ArrowException, UnreadableFile, DeliveryWaits):
        return None


def _explain(err: OSError, source: Source, folder: Path) -> str:
    """Why a landing folder cannot be listed, and what to do."""
    if isinstance(err, FileNotFoundError):
        wrong, remedy = "does not exist", f"Make it and put {source.kind} files there"
    elif isinstance(err, NotADirectoryError):
        wrong, remedy = "is not a folder", "Move away the file that stands in its place and make the folder"
    else:
        wrong, remedy = f"cannot be listed ({err.strerror})", "Give this user access to it"
    return f"The landing folder {folder} {wrong}. {remedy}, or name another one as ingestion.source.folder."


def _stem(name: str) -> str:
    """A name without its ending: `2013-01.csv.gz` has two."""
    path = Path(name)
    inner = Path(path.stem)
    return inner.stem if path.suffix in (".gz", ".zip") and inner.suffix in (".csv", ".tsv", ".txt") else path.stem


def _readable(name: str) -> str:
    """A name that can be printed and stored, whatever bytes the file system allows."""
    text = os.fsencode(name).decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)
