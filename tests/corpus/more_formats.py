"""JSON lines, Arrow and Excel: the same contract as for parquet, and what files of these formats do to it."""

import datetime
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.feather

from tests.corpus.world import ROWS, START, YAML, Case, Expected, accepted, file, parquet, plain, refused, sorted_out

LINES, ARROWS, BOOKS = "lines", "arrows", "books"
SETTINGS = {
    LINES: YAML.replace("ingestion:\n", "ingestion:\n  source: {kind: json_lines}\n"),
    ARROWS: YAML.replace("ingestion:\n", "ingestion:\n  source: {kind: arrow}\n"),
    BOOKS: YAML.replace("ingestion:\n", "ingestion:\n  source: {kind: excel, timezone: UTC}\n"),
}
_TIMES = ("at", "learned", "settled")


def _wrong(column: str, must: str, shown: str, what: str) -> Expected:
    return refused(f"Column '{column}' must be {must}, but '{shown}' in row 1 is {what}.", ROWS)


# ── JSON lines ────────────────────────────────────────────────────────────────────────────────────────────────────
def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    shown = rows.assign(**{name: rows[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in _TIMES})
    return [dict(record) for record in json.loads(shown.to_json(orient="records"))]


def _lines(records: list[dict[str, Any]]) -> bytes:
    return "".join(f"{json.dumps(record)}\n" for record in records).encode()


def _json(name: str, change: Callable[[list[dict[str, Any]]], object], expected: Expected) -> Case:
    """A file of records that were changed in place."""

    def make(rows: pd.DataFrame) -> bytes:
        records = _records(rows)
        change(records)
        return _lines(records)

    return file(name, make, expected, ".jsonl")


def _text(name: str, make: Callable[[bytes], bytes], expected: Expected, ending: str = ".jsonl") -> Case:
    return file(name, lambda rows: make(_lines(_records(rows))), expected, ending)


def _changing(records: list[dict[str, Any]]) -> None:
    for number, record in enumerate(records):
        record["note"] = [5, "five", {"deep": [number]}, None][number % 4]


_OF_LINES = [
    _json("whole records", lambda records: None, accepted()),
    _json("a field that nobody asked for changes its kind", _changing, accepted()),
    _json("fields that come and go", lambda records: [record.pop("colour") for record in records[::2]], accepted()),
    _json("null for a field", lambda records: records[0].update(price=None), accepted()),
    _json("a whole number of 2^53+1", lambda records: records[0].update(items=2**53 + 1), accepted()),
    _json("a number below its bound", lambda records: records[0].update(items=-1), sorted_out(1, "items: at least 0 (1)")),
    _json("text for a number", lambda records: records[0].update(price="5"), refused("Column 'price' must be a number, but '5' in row 1 is text; text is never converted.", ROWS)),
    _json("a number for text", lambda records: records[0].update(shop=5), _wrong("shop", "text", "5", "a number")),
    _json("1 for true", lambda records: records[0].update(gift=1), _wrong("gift", "true or false", "1", "a number")),
    _json("true for a number", lambda records: records[0].update(items=True), _wrong("items", "a whole number", "true", "true or false")),
    _json("seconds for a time", lambda records: records[0].update(at=5), _wrong("at", "a time with its time zone", "5", "a number")),
    _json("a time without a zone", lambda records: records[0].update(at="2013-01-01T00:00:00"), refused("Column 'at' must be a time with its time zone, but '2013-01-01T00:00:00' in row 1 has no time zone; write it in UTC, or name its zone as ingestion.source.timezone.", ROWS)),
    _json("a record in a field", lambda records: records[0].update(shop={"id": 1}), refused("Column 'shop' must be text, but '{\"id\": 1}' in row 1 is a record; write its parts as fields of their own.", ROWS)),
    _json("a list in two fields", lambda records: [record.update(price=[1]) for record in records[:2]], refused("Column 'price' must be a number, but '[1]' in row 1 is a list; 2 such cells in 40; write its parts as fields of their own.", ROWS)),
    _json("a field that is nowhere", lambda records: [record.pop("price") for record in records], refused("Column 'price' is missing.", ROWS)),
    _text("compressed", lambda text: gzip.compress(text, mtime=0), accepted(), ".jsonl.gz"),
    _text("with a mark of utf-8 and breaks of windows", lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"), accepted()),
    _text("without the last line break", lambda text: text[:-1], accepted()),
    _text("cut off in a record", lambda text: text + b'{"at": "2013-01', refused("Line 41 is not whole: it ends with '{\"at\": \"2013-01'. The file may have been cut off.")),
    _text("a list of records", lambda text: f"[{','.join(text.decode().splitlines())}]".encode(), refused("The file is one list of records. Write each record on a line of its own, and no list.")),
    _text("over several lines", lambda text: text.replace(b"{", b"{\n"), refused("A record of the file goes over several lines. Write each record on a line of its own.")),
    _text("an empty line in the middle", lambda text: text.replace(b"\n", b"\n\n", 1), refused("Line 2 is empty; empty lines may stand at the end of a file only.")),
    _text("two records in a line", lambda text: b'{"a": 1}{"a": 2}\n', refused("Line 1 is not JSON: extra data: '{\"a\": 1}{\"a\": 2}'.")),
    _text("a field twice", lambda text: text.replace(b'"price"', b'"items"', 1), refused("Line 1 has the field 'items' twice; one would be lost.")),
    _text("not a number", lambda text: b'{"price": NaN}\n', refused("Line 1 is not JSON: the number NaN is not one of JSON; write null: '{\"price\": NaN}'.")),
    _text("a number alone", lambda text: text + b"5\n", refused("Line 41 is '5', not a record such as {\"name\": 1}.")),
    _text("csv", lambda text: b"at,shop\n1,2\n", refused("Line 1 is not JSON: expecting value: 'at,shop'.")),
    _text("utf-16", lambda text: text.decode().encode("utf-16"), refused("The file is not text in utf-8: byte 0 is 0xff. JSON lines are written in it.")),
    _text("half a surrogate", lambda text: text.replace(b'"price"', b'"\\ud800"', 1), refused("The text of the file cannot be held: 'utf-8' codec can't encode character '\\ud800' in position 0: surrogates not allowed.")),
    _text("deep", lambda text: b'{"a":' + b"[" * 100_000, refused("Line 1 is nested too deeply.")),
    _text("nothing", lambda text: b"", refused("The file is empty (0 bytes).")),
    _text("records of nothing", lambda text: b"{}\n{}\n", refused("The records of the file have no fields.")),
    file("parquet among lines", parquet, accepted(), ".parquet"),
]  # fmt: skip


# ── Arrow ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _arrow(rows: pd.DataFrame, make: Any = pa.ipc.new_file, **options: Any) -> bytes:
    sink = io.BytesIO()
    with make(sink, plain(rows).schema, options=pa.ipc.IpcWriteOptions(**options)) as writer:
        writer.write_table(plain(rows))
    return sink.getvalue()


def _stream(rows: pd.DataFrame) -> bytes:
    return _arrow(rows, pa.ipc.new_stream)


def _old_feather(rows: pd.DataFrame) -> bytes:
    return b"FEA1" + bytes(40) + b"FEA1"


_OF_ARROW = [
    file("a file", _arrow, accepted(), ".arrow"),
    file("a compressed file", lambda rows: _arrow(rows, compression="zstd"), accepted(), ".arrow"),
    file("a stream", _stream, accepted(), ".arrows"),
    file("texts as dictionaries", lambda rows: _arrow(rows.assign(shop=rows["shop"].astype("category"))), accepted(), ".arrow"),
    file("a file cut off", lambda rows: _arrow(rows)[:-3], refused("The file is truncated: the end that every Arrow file has is missing."), ".arrow"),
    file("a stream cut off", lambda rows: _stream(rows)[:-8], refused("The file is truncated: the end that every Arrow stream has is missing."), ".arrows"),
    file("two Arrow files in one", lambda rows: _arrow(rows.head(20)) + _arrow(rows.tail(20)), refused("The file is several Arrow files glued together. Deliver each one by itself."), ".arrow"),
    file("two streams in one", lambda rows: _stream(rows.head(20)) + _stream(rows.tail(20)), refused("The file is several Arrow streams glued together. Deliver each one by itself."), ".arrows"),
    file("the first Feather", _old_feather, refused("The file is of the first version of Feather. Write it as Arrow IPC."), ".feather"),
    file("no Arrow", lambda rows: b"at,shop\n", refused("The file is not Arrow IPC: it begins with 'at,shop\\n'."), ".arrow"),
    file("text for numbers in Arrow", lambda rows: _arrow(rows.assign(price="5")), refused("Column 'price' must be a number, but holds text (e.g. '5'); text is never converted.", ROWS), ".arrow"),
    file("no bytes", lambda rows: b"", refused("The file is empty (0 bytes)."), ".arrow"),
]  # fmt: skip


# ── Excel ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _book(name: str, change: Callable[[Any], object], expected: Expected) -> Case:
    """A workbook whose first sheet has the rows, and is changed then."""

    def make(rows: pd.DataFrame) -> bytes:
        book, sink = openpyxl.Workbook(), io.BytesIO()
        sheet = book.active
        sheet.append(list(rows.columns))
        days = (rows["at"].iloc[0] - START).days
        moved = rows.assign(
            **{name: (rows[name] - START - _days(days) + _days(days % _LAST)) + _FIRST for name in _TIMES}
        )
        for row in moved.astype(object).where(moved.notna(), None).itertuples(index=False):
            sheet.append([value.to_pydatetime() if isinstance(value, pd.Timestamp) else value for value in row])
        change(sheet)
        book.save(sink)
        return sink.getvalue()

    return file(name, make, expected, ".xlsx")


_FIRST, _LAST = pd.Timestamp("1905-01-01"), 36_500
"""Excel has no day before 1900."""


def _days(number: int) -> pd.Timedelta:
    return pd.Timedelta(days=number)


def _put(place: str, value: object, shape: str | None = None) -> Callable[[Any], None]:
    def put(sheet: Any) -> None:
        sheet[place] = value
        if shape:
            sheet[place].number_format = shape

    return put


def _gap(sheet: Any) -> None:
    sheet.insert_rows(5)


_OF_BOOKS = [
    _book("a plain sheet", lambda sheet: None, accepted()),
    _book("empty rows with a format at the end", _put("A60", None, "0.00"), accepted()),
    _book("a note beside that changes its kind", lambda sheet: (_put("J1", "note")(sheet), _put("J2", 5)(sheet), _put("J3", "five")(sheet)), accepted()),
    _book("merged cells", lambda sheet: sheet.merge_cells("D2:D4"), refused("Sheet 'Sheet' has merged cells (D2:D4). Unmerge them: each row needs values of its own.")),
    _book("a formula that nobody computed", _put("G2", "=1+1"), refused("Sheet 'Sheet' has formulas without a value (G2): no program has computed them. Open and save it in a spreadsheet program, or write values in their place.")),
    _book("a date as a number", _put("A2", 41275, "General"), refused("Column 'at' must be a time with its time zone, but '41275' in row 1 is a number; give the cells the format of a date.", ROWS)),
    _book("a time of day for a time", _put("A2", datetime.time(5, 30)), _wrong("at", "a time with its time zone", '{"clock": "05:30:00"}', "a time of day")),
    _book("a date for a shop", _put("D2", datetime.date(2013, 1, 1)), _wrong("shop", "text", "2013-01-01 00:00:00", "a date")),
    _book("a number for a shop", _put("D2", 501), _wrong("shop", "text", "501", "a number")),
    _book("an error in a cell", _put("G3", "#DIV/0!"), refused("Cell G3 of sheet 'Sheet' is an error, #DIV/0!. Put it right, or empty it.")),
    _book("a title above", lambda sheet: (sheet.insert_rows(1), _put("A1", "Sales")(sheet)), refused("Column B of sheet 'Sheet' has no name: its first row must have the names of all columns, and nothing may stand above it.")),
    _book("a year for a name", _put("G1", 2013), refused("Column G of sheet 'Sheet' has 2013 in place of a name: its first row must have the names of all columns, and nothing may stand above it.")),
    _book("a name twice", _put("G1", "items"), refused("Column 'items' is there 2 times.")),
    _book("an empty row in the middle", _gap, refused("Row 5 of sheet 'Sheet' is empty; empty rows may stand at its end only.")),
    _book("two sheets", lambda sheet: sheet.parent.create_sheet("other").append(["a"]), refused("Which sheet is meant? The workbook has 'Sheet', 'other'; name one as ingestion.source.sheet.")),
    _book("an empty sheet", lambda sheet: sheet.delete_rows(1, 60), refused("All sheets of the workbook are empty.")),
    file("an old workbook", lambda rows: b"\xd0\xcf\x11\xe0" + bytes(60), refused("The file is an old workbook (.xls), or has a password. Save it as .xlsx, without one."), ".xls"),
    file("a zip that is no workbook", lambda rows: b"PK\x05\x06" + bytes(18), refused("The file is a zip, but not an Excel workbook (.xlsx)."), ".xlsx"),
    file("a workbook cut off", lambda rows: b"PK\x03\x04" + bytes(60), refused("The workbook is damaged, or cut off: File is not a zip file."), ".xlsx"),
    file("csv among workbooks", lambda rows: b"at,shop\n", refused("The file is not an Excel workbook: it begins with 'at,shop\\n'."), ".xlsx"),
]  # fmt: skip

TABLES = {LINES: _OF_LINES, ARROWS: _OF_ARROW, BOOKS: _OF_BOOKS}
