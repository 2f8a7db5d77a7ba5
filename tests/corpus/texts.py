"""CSV files: encodings, quotes, ragged and cut-off lines, numbers that only look like some, compression."""

import gzip
import io
import zipfile
from collections.abc import Callable

import pandas as pd

from tests.corpus.world import ROWS, Case, Expected, accepted, file, first, refused, sorted_out

Text = Callable[[str], str]


def _csv(rows: pd.DataFrame) -> str:
    """As it should be: UTC with a Z, true and false, an empty cell for what is missing."""
    cells = rows.astype(object).where(rows.notna(), "")
    for name in ("at", "learned", "settled"):
        cells[name] = [time.strftime("%Y-%m-%dT%H:%M:%SZ") if time != "" else "" for time in cells[name]]
    for name in ("gift", "sold"):
        cells[name] = [str(value).lower() for value in cells[name]]
    return cells.to_csv(index=False, lineterminator="\n")


def _bytes(name: str, make: Callable[[pd.DataFrame], bytes], expected: Expected, ending: str = ".csv") -> Case:
    return file(name, make, expected, ending)


def _text(name: str, change: Text, expected: Expected) -> Case:
    """A good file whose text is changed."""
    return _bytes(name, lambda rows: change(_csv(rows)).encode(), expected)


def _cells(name: str, column: str, expected: Expected, *values: str) -> Case:
    """A good file with other cells in the first rows of a column."""
    return _bytes(name, lambda rows: _csv(first(rows, column, *values)).encode(), expected)


def _changed(name: str, column: str, expected: Expected, *values: str) -> Case:
    """The same for columns that are written in a way of their own: the cells of the text are replaced."""

    def change(text: str) -> str:
        lines = text.split("\n")
        place = lines[0].split(",").index(column)
        for number, value in enumerate(values, start=1):
            cells = lines[number].split(",")
            lines[number] = ",".join([*cells[:place], value, *cells[place + 1 :]])
        return "\n".join(lines)

    return _text(name, change, expected)


_METHODS = {"bzip2": zipfile.ZIP_BZIP2, "lzma": zipfile.ZIP_LZMA}
_SIGNS = {
    "\ufeff": "invisible sign U+FEFF (ZERO WIDTH NO-BREAK SPACE)",
    "\u200b": "invisible sign U+200B (ZERO WIDTH SPACE)",
    "\u00ad": "invisible sign U+00AD (SOFT HYPHEN)",
    "\u202e": "invisible sign U+202E (RIGHT-TO-LEFT OVERRIDE)",
}


def _delimited(sign: str, quote: str = "") -> str:
    """What is said of a file whose cells are delimited by another sign than a comma."""
    names = ("at", "learned", "settled", "shop", "colour", "items", "price", "gift", "sold")
    header = sign.join(f"{quote}{name}{quote}" for name in names)
    told = f"{header!r}. If that stands between two cells, set ingestion.source.delimiter: {sign!r}."
    return f"The header has one column; its text contains {sign!r}: {told}"


def _line(number: int, change: Text) -> Text:
    """A text in which one line is changed; the first has the names."""

    def make(text: str) -> str:
        lines = text.split("\n")
        return "\n".join([*lines[:number], change(lines[number]), *lines[number + 1 :]])

    return make


def _zip(*members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=method)
    return sink.getvalue()


def _filled(archive: bytes) -> bytes:
    """An archive whose packed bytes are all ones but for the first few."""
    listed = archive.index(b"PK\x01\x02")
    return archive[:42] + b"\xff" * (listed - 42) + archive[listed:]


def _offset(archive: bytes) -> bytes:
    """An archive whose list says that it begins where nothing can."""
    return archive[:-6] + (2**32 - 2).to_bytes(4, "little") + archive[-2:]


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


CASES = [
    _text("good", lambda text: text, accepted()),
    _bytes("empty", lambda rows: b"", refused("The file is empty (0 bytes).")),
    _bytes("blanks only", lambda rows: b" \n\n", refused("The file has blanks only.")),
    _text("header only", lambda text: text.split("\n")[0] + "\n", refused("The file has no rows.")),
    _text("no header", lambda text: text.split("\n", 1)[1], refused("Column 'true' is there 2 times.")),
    _text("one row", lambda text: "\n".join(text.split("\n")[:2]) + "\n", accepted(1)),
    # ── encodings ─────────────────────────────────────────────────────────────────────────────────────────────────
    _bytes("utf-8 with a mark", lambda rows: b"\xef\xbb\xbf" + _csv(rows).encode(), accepted()),
    _bytes("utf-16", lambda rows: _csv(rows).encode("utf-16"), refused("The file is not text in utf-8: byte 0 is 0xff. It begins like utf-16. Name its encoding as ingestion.source.encoding.")),
    _bytes("utf-16 without a mark", lambda rows: _csv(rows).encode("utf-16-le"), refused("The file has a NUL character in line 1: it is damaged, or of another encoding.")),
    _bytes("latin-1", lambda rows: _csv(first(rows, "shop", "Käse")).encode("latin-1"), refused("The file is not text in utf-8: byte 117 is 0xe4. Name its encoding as ingestion.source.encoding.")),
    _bytes("utf-8 twice", lambda rows: _csv(first(rows, "shop", "Käse".encode().decode("latin-1"))).encode(), accepted()),
    _text("nul", lambda text: text.replace("a", "\0", 1), refused("The file has a NUL character in line 1: it is damaged, or of another encoding.")),
    _bytes("half a letter", lambda rows: _csv(first(rows, "shop", "Käse")).encode().replace(b"\xc3\xa4", b"\xc3"), refused("The file is not text in utf-8: byte 117 is 0xc3. Name its encoding as ingestion.source.encoding.")),
    _bytes("parquet", lambda rows: rows.to_parquet(index=False), accepted(), ".parquet"),
    _bytes("html", lambda rows: b"<!DOCTYPE html>\n<html>404 not found</html>\n", refused("Column 'at' is missing. Column 'learned' is missing. Column 'settled' is missing. Column 'shop' is missing. Column 'colour' is missing. Column 'items' is missing. Column 'price' is missing. Column 'gift' is missing. Column 'sold' is missing.", 1)),
    _bytes("excel", lambda rows: _zip(("xl/workbook.xml", b"<x/>"), ("[Content_Types].xml", b"<x/>")), refused("Which file of the zip is meant? It has 'xl/workbook.xml', '[Content_Types].xml'; name one as ingestion.source.member.")),
    # ── lines ─────────────────────────────────────────────────────────────────────────────────────────────────────
    _text("cut in the middle of a row", lambda text: text[: text.rindex("\n", 0, -40) + 30], refused("The last line has no line break at its end: the file may have been cut off. If its source always writes so, set ingestion.source.open_end: true.")),
    _text("cut in the middle of a number", lambda text: text[:-3], refused("The last line has no line break at its end: the file may have been cut off. If its source always writes so, set ingestion.source.open_end: true.")),
    _text("cut at the end of a row", lambda text: text[: text.rindex("\n", 0, -1)], refused("The last line has no line break at its end: the file may have been cut off. If its source always writes so, set ingestion.source.open_end: true.")),
    _text("no line break at the end", lambda text: text.rstrip("\n"), refused("The last line has no line break at its end: the file may have been cut off. If its source always writes so, set ingestion.source.open_end: true.")),
    _text("windows", lambda text: text.replace("\n", "\r\n"), accepted()),
    _text("old mac", lambda text: text.replace("\n", "\r"), accepted()),
    _text("an empty line inside", _line(5, lambda line: f"\n{line}"), refused("Line 6 is empty; empty lines may stand at the end of a file only.")),
    _text("empty lines at the end", lambda text: text + "\n\n", accepted()),
    _text("a cell too many", _line(7, lambda line: f"{line},x"), refused("Line 8 has 10 cells, the first line has 9: a cell that has ',' in it must stand in quotes.")),
    _text("a cell too few", _line(7, lambda line: line.rsplit(",", 1)[0]), refused("Line 8 has 8 cells, the first line has 9: cells are missing.")),
    _text("a cell too many in every row", lambda text: "\n".join(
        [text.split("\n")[0], *(f"{line},x" for line in text.split("\n")[1:-1]), ""]), refused("Line 2 has 10 cells, the first line has 9: a cell that has ',' in it must stand in quotes.")),
    _text("semicolons", lambda text: text.replace(",", ";"), refused(_delimited(';'))),
    _text("tabs", lambda text: text.replace(",", "\t"), refused(_delimited('\t'))),
    _text("pipes", lambda text: text.replace(",", "|"), refused(_delimited("|"))),
    _text("semicolons and quotes", lambda text: "\n".join(
        ";".join(f'"{cell}"' for cell in line.split(",")) for line in text.rstrip("\n").split("\n")) + "\n", refused(_delimited(";", '"'))),
    _text("semicolons and a decimal comma", lambda text: text.replace(",", ";").replace(".", ","), refused(_delimited(";"))),
    _text("a comment before the header", lambda text: "# exported\n" + text, refused("Line 2 has 9 cells, the first line has 1: a cell that has ',' in it must stand in quotes.")),
    # ── quotes ────────────────────────────────────────────────────────────────────────────────────────────────────
    _text("everything in quotes", lambda text: "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.rstrip("\n").split("\n")) + "\n", accepted()),
    _text("a quote that does not end", _line(3, lambda line: line.replace(",", ',"', 1)), refused("The file is not CSV: unexpected end of data, in line 41.")),
    _text("a quote inside a cell", _line(3, lambda line: line.replace("T", '"T', 1)), refused('Column \'at\' must be a time with its time zone, but \'1700-07-16"T01:00:00Z\' in row 3 is not written as 2013-01-31T23:59:00Z; see ingestion.derive for other ways to write times.', ROWS)),
    _text("text after a quote", _line(3, lambda line: '"' + line.replace(",", '"x,', 1)), refused('The file is not CSV: \',\' expected after \'"\', in line 4.')),
    _cells("lines and delimiters in quotes", "shop", accepted(), "a\nb", "c,d", 'e"f', "g\r\nh"),
    _cells("markup in values", "shop", accepted(), "<script>alert(1)</script>", "{{ 7*7 }}", "../../etc/passwd", "=1+1"),
    _cells("a very long cell", "shop", accepted(), "x" * 500_000),
    _cells("a cell longer than any", "shop", refused("The file is not CSV: field larger than field limit (1000000), in line 2."), "x" * 1_500_000),
    # ── columns ───────────────────────────────────────────────────────────────────────────────────────────────────
    _text("a column twice", _line(0, lambda line: line.replace("colour", "shop")), refused("Column 'shop' is there 2 times.")),
    _text("a column without a name", _line(0, lambda line: line.replace("colour", "")), refused("Column 'colour' is missing.", ROWS)),
    _text("a column missing", _line(0, lambda line: line.replace("price", "prize")), refused("Column 'price' is missing.", ROWS)),
    *(_text(f"an invisible sign in a name, {ord(sign):04x}", _line(0, lambda line, sign=sign: line.replace("price", f"pr{sign}ice")), refused(
        f"Column 'price' is missing; the file has {f'pr{sign}ice'!r}, with the {told} in it.", ROWS)) for sign, told in _SIGNS.items()),
    _text("upper case", _line(0, lambda line: line.replace("price", "Price")), refused("Column 'price' is missing; the file has 'Price', in other upper and lower case.", ROWS)),
    _text("blanks in names", _line(0, lambda line: line.replace(",", ", ")), refused("Column 'learned' is missing; the file has ' learned', with a blank before or behind it. Column 'settled' is missing; the file has ' settled', with a blank before or behind it. Column 'shop' is missing; the file has ' shop', with a blank before or behind it. Column 'colour' is missing; the file has ' colour', with a blank before or behind it. Column 'items' is missing; the file has ' items', with a blank before or behind it. Column 'price' is missing; the file has ' price', with a blank before or behind it. Column 'gift' is missing; the file has ' gift', with a blank before or behind it. Column 'sold' is missing; the file has ' sold', with a blank before or behind it.", ROWS)),
    _bytes("300 columns", lambda rows: _csv(pd.concat(
        [rows, pd.DataFrame({f"c{n}": ["1"] * ROWS for n in range(291)})], axis=1)).encode(), accepted()),
    # ── cells ─────────────────────────────────────────────────────────────────────────────────────────────────────
    _changed("words for missing in a category", "shop", accepted(), "NA", "null", "None", "nan", "-"),
    _changed("words for missing in a number", "price", refused("Column 'price' must be a number, but 'NA' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "NA"),
    _changed("not a number", "price", refused("Column 'price' must be a number, but 'nan' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "nan"),
    _changed("empty cells in a category", "shop", sorted_out(2, "shop: not missing (2)"), "", ""),
    _changed("empty cells in a number", "price", accepted(), "", ""),
    _changed("leading zeros in a category", "shop", accepted(), "00501", "00502"),
    _changed("leading zeros in a whole number", "items", refused("Column 'items' must be a whole number, but '00501' in row 1 begins with 0, which would be lost; if it is a name, make the column a category.", ROWS), "00501"),
    _changed("thousands", "price", refused("Column 'price' must be a number, but '1,500' in row 1 has signs between its figures; write 1500, and see ingestion.source.decimal.", ROWS), '"1,500"'),
    _changed("decimal commas", "price", refused("Column 'price' must be a number, but '1,5' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), '"1,5"'),
    _changed("underscores", "items", refused("Column 'items' must be a whole number, but '1_000' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "1_000"),
    _changed("blanks around a number", "items", refused("Column 'items' must be a whole number, but ' 5' in row 1 has a blank around it.", ROWS), " 5"),
    _changed("currency", "price", refused("Column 'price' must be a number, but '5 €' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "5 €"),
    _changed("percent", "price", refused("Column 'price' must be a number, but '5%' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "5%"),
    _changed("hexadecimal", "items", refused("Column 'items' must be a whole number, but '0x1F' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "0x1F"),
    _changed("figures of another script", "items", refused("Column 'items' must be a whole number, but '٣' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "٣"),
    _changed("a minus of typographers", "price", refused("Column 'price' must be a number, but '−5' in row 1 is text; if it means a missing value, name it in ingestion.source.missing.", ROWS), "−5"),
    _changed("exponents", "price", accepted(), "1e2", "1E-2", "+5", ".5", "5."),
    _changed("infinities", "price", sorted_out(2, "price: a finite number below 1e100 (2); price: at most 1,000 € (1)"), "inf", "-Infinity"),
    _changed("larger than any float", "price", sorted_out(1, "price: a finite number below 1e100 (1); price: at most 1,000 € (1)"), "1e999"),
    _changed("beyond 2^53", "items", accepted(), str(2**53 + 1), str(2**63 - 1)),
    _changed("beyond 2^63", "items", sorted_out(1, "items: a whole number that is stored as one; from 2^53 on a decimal number is not exact (1)"), str(2**63)),
    _changed("beyond 2^53 beside fractions", "items", sorted_out(2, "items: a whole number (1); items: a whole number that is stored as one; from 2^53 on a decimal number is not exact (1)"), str(2**53 + 1), "0.5"),
    _changed("a thousand figures", "items", sorted_out(1, "items: a finite number below 1e100 (1); items: a whole number that is stored as one; from 2^53 on a decimal number is not exact (1)"), "9" * 300),
    _changed("fractions in whole numbers", "items", sorted_out(2, "items: a whole number (2)"), "0.5", "1.25"),
    _changed("whole floats in whole numbers", "items", accepted(), "3.0"),
    _changed("yes and no", "gift", refused("Column 'gift' must be true or false, but 'yes' in row 1 is neither; for another pair of values use a category or an integer.", ROWS), "yes"),
    _changed("1 and 0", "gift", refused("Column 'gift' must be true or false, but '1' in row 1 is neither; for another pair of values use a category or an integer.", ROWS), "1"),
    _changed("truths in capitals", "gift", accepted(), "TRUE", "False"),
    # ── times ─────────────────────────────────────────────────────────────────────────────────────────────────────
    _changed("local time", "at", refused("Column 'at' must be a time with its time zone, but '2013-01-31T23:59:00' in row 1 has no time zone; write it in UTC, or name its zone as ingestion.source.timezone.", ROWS), "2013-01-31T23:59:00"),
    _changed("a date", "at", refused("Column 'at' must be a time with its time zone, but '2013-01-31' in row 1 has no time zone; write it in UTC, or name its zone as ingestion.source.timezone.", ROWS), "2013-01-31"),
    _changed("another zone", "settled", accepted(), "2013-02-01T00:59:00+01:00", "2013-02-01 00:59+0530"),
    _changed("american dates", "at", refused("Column 'at' must be a time with its time zone, but '01/31/2013' in row 1 is not written as 2013-01-31T23:59:00Z; see ingestion.derive for other ways to write times.", ROWS), "01/31/2013"),
    _changed("no such day", "at", refused("Column 'at' must be a time with its time zone, but '2013-02-30T00:00:00Z' in row 1 is no time that there is.", ROWS), "2013-02-30T00:00:00Z"),
    _changed("a leap second", "at", refused("Column 'at' must be a time with its time zone, but '2016-12-31T23:59:60Z' in row 1 is no time that there is.", ROWS), "2016-12-31T23:59:60Z"),
    _changed("seconds since 1970", "at", refused("Column 'at' must be a time with its time zone, but '1359676740' in row 1 is not written as 2013-01-31T23:59:00Z; see ingestion.derive for other ways to write times.", ROWS), "1359676740"),
    _changed("nanoseconds", "at", accepted(), "2013-01-31T23:59:00.123456789Z"),
    _changed("year 1", "settled", accepted(), "0001-01-01T00:00:00Z"),
    _changed("before year 1", "at", refused("Column 'at' must be a time with its time zone, but '0001-01-01T00:00:00+01:00' in row 1 is no time that there is.", ROWS), "0001-01-01T00:00:00+01:00"),
    _changed("year 9999", "settled", sorted_out(1, "settled: no later than the delivery, where there is a label: it is given before it can be known (1)"), "9999-12-31T23:59:59.999999Z"),
    _changed("year 10000", "at", refused("Column 'at' must be a time with its time zone, but '10000-01-01T00:00:00Z' in row 1 is not written as 2013-01-31T23:59:00Z; see ingestion.derive for other ways to write times.", ROWS), "10000-01-01T00:00:00Z"),
    # ── compression ───────────────────────────────────────────────────────────────────────────────────────────────
    _bytes("gzip", lambda rows: gzip.compress(_csv(rows).encode(), mtime=0), accepted(), ".csv.gz"),
    _bytes("gzip in two parts", lambda rows: b"".join(
        gzip.compress(line.encode(), mtime=0) for line in _csv(rows).splitlines(keepends=True)), accepted(), ".csv.gz"),
    _bytes("gzip cut off", lambda rows: gzip.compress(_csv(rows).encode(), mtime=0)[:-9], refused("The compressed file is damaged, or cut off: Compressed file ended before the end-of-stream marker was reached."), ".csv.gz"),
    _bytes("gzip with a flipped bit", lambda rows: _flipped(gzip.compress(_csv(rows).encode(), 0, mtime=0)), refused("The compressed file is damaged, or cut off: CRC check failed 0x5f295d != 0x454a18ac."), ".csv.gz"),
    _bytes("gzip with something after it", lambda rows: gzip.compress(_csv(rows).encode(), mtime=0) + b"rest", refused("The compressed file is damaged, or cut off: Not a gzipped file (b're')."), ".csv.gz"),
    _bytes("gzip in gzip", lambda rows: gzip.compress(gzip.compress(_csv(rows).encode(), mtime=0), mtime=0), refused("The file is not text in utf-8: byte 1 is 0x8b. Name its encoding as ingestion.source.encoding."), ".csv.gz"),
    _bytes("zip", lambda rows: _zip(("rows.csv", _csv(rows).encode())), accepted(), ".zip"),
    _bytes("zip of two", lambda rows: _zip(("a.csv", _csv(rows).encode()), ("b.csv", b"")), refused("Which file of the zip is meant? It has 'a.csv', 'b.csv'; name one as ingestion.source.member."), ".zip"),
    _bytes("zip of none", lambda rows: _zip(), refused("Which file of the zip is meant? It is empty; name one as ingestion.source.member."), ".zip"),
    _bytes("zip with a path out", lambda rows: _zip(("../../rows.csv", _csv(rows).encode())), accepted(), ".zip"),
    _bytes("zip with a flipped bit", lambda rows: _flipped(_zip(("rows.csv", _csv(rows).encode()))), refused("The compressed file is damaged, or cut off: Bad CRC-32 for file 'rows.csv'."), ".zip"),
    _bytes("zip cut off", lambda rows: _zip(("rows.csv", _csv(rows).encode()))[:-30], refused("The compressed file is damaged, or cut off: File is not a zip file."), ".zip"),
    *(_bytes(f"zip by {name}", lambda rows, method=method: _zip(("rows.csv", _csv(rows).encode()), method=method), accepted(), ".zip")
      for name, method in _METHODS.items()),
    _bytes("zip by bzip2, damaged", lambda rows: _filled(_zip(("rows.csv", _csv(rows).encode()), method=zipfile.ZIP_BZIP2)), refused("The compressed file is damaged, or cut off: Invalid data stream."), ".zip"),
    _bytes("zip by lzma, damaged", lambda rows: _filled(_zip(("rows.csv", _csv(rows).encode()), method=zipfile.ZIP_LZMA)), refused("The compressed file is damaged, or cut off: Invalid or unsupported options."), ".zip"),
    _bytes("zip that begins before the file", lambda rows: _offset(_zip(("rows.csv", _csv(rows).encode()))), refused("The compressed file is damaged, or cut off: negative seek value -4294963673."), ".zip"),
]  # fmt: skip
