"""JSON lines: from bytes, plain or compressed, to literals, one record of fields per line; and back.

Add here what files of JSON lines do to their records. What a field may be is asked in `literals`: fields that come and
go are missing where they are not, a field that changes its kind is a fault only where the contract asks for it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn

from configs.errors import UnreadableFile
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.ingestion.formats import delimited, readers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_BLOCK = 50_000
_SHOWN = 60


class _Twice(ValueError):
    """A field that a record has twice; of two, one would be lost."""


def table(found: bytes, source: Source) -> "pa.Table":
    """The fields of all records as literals, none where a record does not have one; in the order in which they come.

    Args:
        found: The bytes of the file, as they came.
        source: Which file of a zip is meant.

    Raises:
        UnreadableFile: A line is not one whole record.
    """
    import pyarrow as pa

    from tasks.ingestion.formats import literals

    if not found:
        raise UnreadableFile("The file is empty (0 bytes).")
    parts: list[pa.Table] = []
    with readers.refusing("The text of the file cannot be held", pa.ArrowException):
        for records in _blocks(_text(delimited.unpacked(found, source))):
            names = dict.fromkeys(name for record in records for name in record)
            columns = {name: literals.written([record.get(name) for record in records]) for name in names}
            parts.append(pa.table({name: pa.array(cells, pa.string()) for name, cells in columns.items()}))
    rows = pa.concat_tables(parts, promote_options="default")
    if not rows.num_columns:
        raise UnreadableFile("The records of the file have no fields.")
    return rows


def values(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    """Literals as values of their types; raises as `literals.values` does."""
    from tasks.ingestion.formats import literals

    return literals.values(table, types, source)


def count(file: BinaryIO, source: Source) -> int:
    """Lines of a file, all of which is read."""
    return sum(1 for line in delimited.unpacked(file.read(), source).splitlines() if line.strip())


def column(values: "pd.Series[Any]") -> "pa.Array":
    """Times as text to the second, in UTC; whole numbers as they are."""
    from tasks.ingestion.formats import literals

    return literals.column(values)


def write(table: "pa.Table", source: Source) -> bytes:
    """A table of literals as a file that `table` reads back the same."""
    from tasks.ingestion.formats import literals

    return literals.write(table)


def _text(found: bytes) -> str:
    try:
        text = found.decode().removeprefix("\ufeff")
    except UnicodeError as err:
        place = f": byte {err.start:,} is 0x{found[err.start]:02x}" if isinstance(err, UnicodeDecodeError) else ""
        raise UnreadableFile(f"The file is not text in utf-8{place}. JSON lines are written in it.") from err
    if not text.strip():
        raise UnreadableFile("The file has blanks only.")
    return text


def _blocks(text: str) -> Iterator[list[dict[str, Any]]]:
    """The records of the lines, some thousands at a time; empty lines may stand at the end only."""
    records: list[dict[str, Any]] = []
    decoder, empty = _decoder(), 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            empty = empty or number
            continue
        if empty:
            raise UnreadableFile(f"Line {empty:,} is empty; empty lines may stand at the end of a file only.")
        records.append(_record(decoder, line, number))
        if len(records) == _BLOCK:
            yield records
            records = []
    if records:
        yield records


def _record(decoder: json.JSONDecoder, line: str, number: int) -> dict[str, Any]:
    try:
        value = decoder.decode(line.rstrip("\r"))
    except _Twice as err:
        raise UnreadableFile(f"Line {number:,} has the field {err} twice; one would be lost.") from err
    except (ValueError, RecursionError) as err:
        raise UnreadableFile(_no_json(line, number, err)) from err
    if isinstance(value, dict):
        return value
    if number == 1 and isinstance(value, list) and all(isinstance(part, dict) for part in value):
        raise UnreadableFile("The file is one list of records. Write each record on a line of its own, and no list.")
    raise UnreadableFile(f'Line {number:,} is {_shown(line)}, not a record such as {{"name": 1}}.')


def _no_json(line: str, number: int, err: Exception) -> str:
    if isinstance(err, RecursionError):
        return f"Line {number:,} is nested too deeply."
    text = line.strip()
    if number == 1 and text in ("{", "["):
        return "A record of the file goes over several lines. Write each record on a line of its own."
    if text.startswith("{") and not text.endswith("}"):
        return f"Line {number:,} is not whole: it ends with {_shown(text[-20:])}. The file may have been cut off."
    told = str(err).partition(": line ")[0]
    return f"Line {number:,} is not JSON: {told[:1].lower()}{told[1:]}: {_shown(text)}."


def _shown(text: str) -> str:
    short = text.strip()
    return repr(short if len(short) <= _SHOWN else f"{short[: _SHOWN - 1]}…")


def _decoder() -> json.JSONDecoder:
    """Reads numbers as they are written, and nothing that is no JSON."""
    from tasks.ingestion.formats.literals import Number

    return json.JSONDecoder(
        parse_int=Number, parse_float=Number, parse_constant=_no_constant, object_pairs_hook=_each_once
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"the number {name} is not one of JSON; write null")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Twice(repr(next(name for name in names if names.count(name) > 1)))
    return record
