"""All formats of files, and from the bytes of a delivery to its rows. To add a format: its module, and its line here.

pandas and pyarrow are imported late: to see that nothing waits must be quick.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from configs.errors import BrokenContract, UnreadableFile
from configs.ingestion import IngestionSettings, Source
from configs.section import ColumnType
from configs.validation import ValidationSettings
from tasks.ingestion.formats import arrow, delimited, excel, json_lines, parquet
from tasks.ingestion.formats.base import Format

if TYPE_CHECKING:
    import pandas as pd

FORMATS: Mapping[str, Format] = {
    "parquet": parquet,
    "csv": delimited,
    "json_lines": json_lines,
    "arrow": arrow,
    "excel": excel,
    "delta": parquet,
    "sql": parquet,
}
"""By the `kind` of a source; what is read from a database or a Delta table is delivered as parquet."""


def of(source: Source, head: bytes) -> Format:
    """The format of a file that begins so: among CSV, what begins as parquet does is read as what it is."""
    return parquet if head.startswith(parquet.MAGIC) else FORMATS[source.kind]


def decode(
    found: bytes,
    room: IngestionSettings,
    contract: ValidationSettings,
    odd: str | None = None,
    late: Sequence[str] = (),
) -> "pd.DataFrame":
    """The rows in the bytes of a delivery, with the columns of the contract and all others, in the order of the file.

    Args:
        found: Its bytes, as they came.
        room: How they are written, and the times that are made from other columns where the file does not have them.
        contract: Which columns there must be, and of which types.
        odd: What the delivery is if it is not a file.
        late: Columns that need not be there yet; they are missing throughout.

    Raises:
        UnreadableFile: The bytes are not a whole file of that format.
        BrokenContract: It has no rows, or its columns are not those of the contract.
    """
    from tasks.ingestion import columns, moments

    if odd:
        raise UnreadableFile(f"It is {odd}, not a file.")
    types = {name: rule.type for name, rule in contract.columns.items()}
    frame = rows(found, room.source, types, contract.changes.renamed)
    try:
        frame = columns.with_late(moments.derive(frame, room.derive, room.source), late, contract)
        frame = columns.without_unknown(frame, contract, {name for one in room.derive.values() for name in one.columns})
        columns.require(frame, contract)
    except BrokenContract as broken:
        raise BrokenContract(str(broken), len(frame)) from broken
    if frame.empty:
        raise BrokenContract("The file has no rows.")
    return frame


def rows(
    found: bytes, source: Source, types: Mapping[str, ColumnType], renamed: Mapping[str, str] | None = None
) -> "pd.DataFrame":
    """The rows in the bytes of a file, each column as values of its type; raises as `decode` does.

    Args:
        found: The bytes.
        source: How they are written.
        types: Of the columns.
        renamed: Columns that have another name in the contract, each with that name.
    """
    form = of(source, found)
    table = form.table(found, source)
    try:
        if renamed:
            from tasks.ingestion import column_names

            table = column_names.renamed(table, renamed)
        return form.values(table, types, source)
    except BrokenContract as broken:
        raise BrokenContract(str(broken), table.num_rows) from broken


def count(file: BinaryIO, source: Source) -> int | None:
    """Rows of a file without judging them; None if that cannot be said."""
    head = file.read(len(parquet.MAGIC))
    file.seek(0)
    try:
        return of(source, head).count(file, source)
    except UnreadableFile:
        return None
