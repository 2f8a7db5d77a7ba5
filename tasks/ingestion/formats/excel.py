"""Excel workbooks (.xlsx): from bytes to literals, one row of a sheet after the other. A date is known by its format.

What a person sees in a sheet and a program does not is refused in words: merged cells, errors, formulas that were never
computed, numbers that are meant as dates. Add here what else people do with sheets. Windows that are cut out of a
workbook are written as JSON lines, in which a date is a record of its own; `table` reads those as well.
"""

import datetime
import io
import warnings
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from configs.errors import MistakeOfUser, UnreadableFile
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.ingestion.formats import delimited, json_lines, readers

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from openpyxl.cell import Cell
    from openpyxl.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

_ZIP, _OLD, _LINES = b"PK", b"\xd0\xcf\x11\xe0", b"{"
_SHOWN = 5
_NAMED = "name one as ingestion.source.sheet"


def table(found: bytes, source: Source) -> "pa.Table":
    """The cells of a sheet as literals, with the names of its first row.

    Args:
        found: The bytes of the workbook, as they came; or of a window that was cut out of one.
        source: Which sheet is meant.

    Raises:
        UnreadableFile: It is not a workbook, or its sheet is not a plain table of values.
        MistakeOfUser: openpyxl is not installed.
    """
    import pyarrow as pa

    from tasks.ingestion.formats import literals

    if found.startswith(_LINES):
        return json_lines.table(found, source)
    _require_workbook(found)
    names, rows = _rows(found, source)
    with readers.refusing("The text of the file cannot be held", pa.ArrowException):
        cells = [pa.array(literals.written(part), pa.string()) for part in zip(*rows, strict=True)]
        return pa.Table.from_arrays(cells or [pa.array([], pa.string()) for _ in names], names=names)


def values(table: "pa.Table", types: Mapping[str, ColumnType], source: Source) -> "pd.DataFrame":
    """Literals as values of their types; raises as `literals.values` does."""
    from tasks.ingestion.formats import literals

    return literals.values(table, types, source, dates=True)


def count(file: BinaryIO, source: Source) -> int:
    """Rows of a sheet, all of which is read."""
    return int(table(file.read(), source).num_rows)


def column(values: "pd.Series[Any]") -> "pa.Array":
    """Times as text to the second, in UTC; whole numbers as they are."""
    return json_lines.column(values)


def write(table: "pa.Table", source: Source) -> bytes:
    """A table of literals as JSON lines."""
    return json_lines.write(table, source)


def _require_workbook(found: bytes) -> None:
    if not found:
        raise UnreadableFile("The file is empty (0 bytes).")
    if found.startswith(_OLD):
        raise UnreadableFile("The file is an old workbook (.xls), or has a password. Save it as .xlsx, without one.")
    if not found.startswith(_ZIP):
        raise UnreadableFile(f"The file is not an Excel workbook: it begins with {found[:12].decode('latin-1')!r}.")
    wrong = "The workbook is damaged, or cut off"
    with readers.refusing(wrong, zipfile.BadZipFile), zipfile.ZipFile(io.BytesIO(found)) as archive:
        size = sum(part.file_size for part in archive.infolist())
        is_workbook = "xl/workbook.xml" in archive.namelist()
    if size > delimited.MOST_BYTES:
        most = f"{delimited.MOST_BYTES / 2**30:.0f} GB"
        raise UnreadableFile(f"The file unfolds to more than {most}. Deliver it in parts.")
    if not is_workbook:
        raise UnreadableFile("The file is a zip, but not an Excel workbook (.xlsx).")


def _rows(found: bytes, source: Source) -> tuple[list[str], list[list[object]]]:
    sheet = _sheet(_opened(found, computed=False), source)
    if sheet.merged_cells.ranges:
        merged = sorted(sheet.merged_cells.ranges, key=lambda one: (one.min_row, one.min_col))
        raise UnreadableFile(
            f"Sheet {sheet.title!r} has merged cells ({_some([str(one) for one in merged])}). Unmerge them: each row "
            "needs values of its own."
        )
    rows = [list(row) for row in sheet.iter_rows()]
    formulas = {cell.coordinate for row in rows for cell in row if cell.data_type == "f"}
    if formulas:
        computed = _sheet(_opened(found, computed=True), source)
        open_ones = [place for place in sorted(formulas, key=_order) if computed[place].value is None]
        if open_ones:
            raise UnreadableFile(
                f"Sheet {sheet.title!r} has formulas without a value ({_some(open_ones)}): no program has computed "
                "them. Open and save it in a spreadsheet program, or write values in their place."
            )
        rows = [list(row) for row in computed.iter_rows()]
    return _table(rows, sheet.title)


def _table(rows: "list[list[Cell]]", sheet: str) -> tuple[list[str], list[list[object]]]:
    """Names and values; what is empty at the end is not of the table."""
    held = [[_value(cell, sheet) for cell in row] for row in rows]
    while held and all(value is None for value in held[-1]):
        held.pop()
    width = max((place for row in held for place, value in enumerate(row, start=1) if value is not None), default=0)
    if not held or not width:
        raise UnreadableFile(f"Sheet {sheet!r} is empty.")
    names = _names(held[0][:width], sheet)
    empty = next((number for number, row in enumerate(held, start=1) if all(value is None for value in row)), None)
    if empty is not None:
        raise UnreadableFile(f"Row {empty:,} of sheet {sheet!r} is empty; empty rows may stand at its end only.")
    return names, [row[:width] for row in held[1:]]


def _names(first: list[object], sheet: str) -> list[str]:
    from openpyxl.utils import get_column_letter

    for place, name in enumerate(first, start=1):
        if type(name) is not str or not name.strip():
            wrong = "has no name" if name is None else f"has {name!s} in place of a name"
            raise UnreadableFile(
                f"Column {get_column_letter(place)} of sheet {sheet!r} {wrong}: its first row must have the names of "
                "all columns, and nothing may stand above it."
            )
    twice = [name for name in first if first.count(name) > 1]
    if twice:
        raise UnreadableFile(f"Column {twice[0]!r} is there {first.count(twice[0])} times.")
    return [str(name) for name in first]


def _value(cell: "Cell", sheet: str) -> object:
    """A value as JSON has it; a date is a record of its own."""
    from tasks.ingestion.formats.literals import Number

    found = cell.value
    if cell.data_type == "e":
        where = f"Cell {cell.coordinate} of sheet {sheet!r}"
        raise UnreadableFile(f"{where} is an error, {found}. Put it right, or empty it.")
    if found is None or isinstance(found, str | bool):
        return found or None if isinstance(found, str) else found
    if isinstance(found, datetime.datetime):
        return {"moment": found.isoformat(sep=" ")}
    if isinstance(found, int | float):
        return Number(repr(found))
    return {"clock": str(found)}


def _sheet(book: "Workbook", source: Source) -> "Worksheet":
    names = [sheet.title for sheet in book.worksheets]
    if source.sheet is not None and source.sheet in names:
        return book[source.sheet]
    used = [sheet for sheet in book.worksheets if sheet.max_row > 1 or sheet["A1"].value is not None]
    if source.sheet is None and len(used) == 1:
        return used[0]
    wanted = _NAMED if source.sheet is None else f"{source.sheet!r} is not among them"
    listed = _some([repr(name) for name in (names if source.sheet else [sheet.title for sheet in used])])
    if not listed:
        raise UnreadableFile("All sheets of the workbook are empty.")
    raise UnreadableFile(f"Which sheet is meant? The workbook has {listed}; {wanted}.")


def _opened(found: bytes, *, computed: bool) -> "Workbook":
    try:
        import openpyxl
    except ImportError as err:
        raise MistakeOfUser(
            "Excel files need openpyxl, which is not installed. Install the package openpyxl (extra `excel` in "
            "pyproject.toml)."
        ) from err
    more = (zipfile.BadZipFile, SyntaxError, TypeError, AttributeError)  # SyntaxError: of its XML
    with readers.refusing("The workbook is damaged", *more), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # parts that are not read: styles, charts, checks
        return openpyxl.load_workbook(io.BytesIO(found), data_only=computed)


def _some(places: list[str]) -> str:
    return ", ".join(places[:_SHOWN]) + (" and more" if len(places) > _SHOWN else "")


def _order(place: str) -> tuple[int, str]:
    letters = place.rstrip("0123456789")
    return int(place[len(letters) :]), letters.rjust(3)
