"""Files that are not what they say: other formats, cut off, glued together, flipped, too large."""

import io
import json
import pickle
import zipfile

import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc

from tests.corpus.world import ROWS, accepted, file, parquet, plain, refused

_CUT = "The file is truncated: the end that every parquet file has is missing."


def _begins(text: str) -> str:
    return f"The file is not parquet: it begins with {text}."


def _footer(content: bytes) -> int:
    """Where the footer begins."""
    return len(content) - 8 - int.from_bytes(content[-8:-4], "little")


def _arrow(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, plain(rows).schema) as writer:
        writer.write_table(plain(rows))
    return sink.getvalue()


def _orc(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    pa.orc.write_table(plain(rows), sink)
    return sink.getvalue()


def _zip(rows: pd.DataFrame) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        archive.writestr(zipfile.ZipInfo("rows.parquet"), parquet(rows))
    return sink.getvalue()


def _page_flipped(rows: pd.DataFrame) -> bytes:
    content = bytearray(parquet(rows, write_page_checksum=True, compression="none"))
    content[content.index(b"green")] ^= 1
    return bytes(content)


def _page_flipped_unchecked(rows: pd.DataFrame) -> bytes:
    content = bytearray(parquet(rows, compression="none"))
    content[content.index(b"green")] ^= 1
    return bytes(content)


def _alike(rows: pd.DataFrame) -> bytes:
    """Two files whose parts lie in the same places: the footer of the second one fits the rows of the first."""
    options = {"use_dictionary": False, "write_statistics": False, "compression": "none"}
    return parquet(rows[["price"]].head(20), **options) + parquet(rows[["price"]].tail(20), **options)


def _unfolding(rows: pd.DataFrame) -> bytes:
    """A file that says that it has 4 * 10^17 rows: the count in its footer is the first number after the schema."""
    content = parquet(rows)
    place = content.index(bytes([0x16, 2 * ROWS]), _footer(content)) + 1
    said = b"\x80" * 8 + b"\x0b"
    footer = content[_footer(content) : place] + said + content[place + 1 : -8]
    return content[: _footer(content)] + footer + len(footer).to_bytes(4, "little") + b"PAR1"


def _name_that_is_no_text(rows: pd.DataFrame) -> bytes:
    return parquet(rows, store_schema=False).replace(b"price", b"pr\xffce")


def _count_changed(rows: pd.DataFrame) -> bytes:
    """The number of rows of the whole file, one less than its row group has: both are zigzag 80 in the footer."""
    content = bytearray(parquet(rows))
    place = content.index(bytes([0x16, 2 * ROWS]), _footer(bytes(content)))
    content[place + 1] -= 2
    return bytes(content)


CASES = [
    file("empty", lambda rows: b"", refused("The file is empty (0 bytes).")),
    file("one byte", lambda rows: b"P", refused(_begins("'P'"))),
    file("magic only", lambda rows: b"PAR1", refused(_CUT)),
    file("magic twice", lambda rows: b"PAR1PAR1", refused(_CUT)),
    file("no footer", lambda rows: b"PAR1" + bytes(4) + b"PAR1", refused("The file is damaged: Couldn't deserialize thrift: No more data to read.")),
    file("footer longer than the file", lambda rows: b"PAR1" + b"\xff" * 4 + b"PAR1", refused("The file is damaged: Parquet file size is 12 bytes, smaller than the size reported by footer's (4294967295bytes).")),
    file("footer of noise", lambda rows: b"PAR1" + b"\x9d" * 60 + b"\x3c\0\0\0PAR1", refused("The file is damaged: Couldn't deserialize thrift: No more data to read.")),
    file("footer of zeros", lambda rows: b"PAR1" + bytes(60) + b"\x3c\0\0\0PAR1", refused("The file is damaged: Couldn't deserialize thrift: TProtocolException: Invalid data.")),
    file("half", lambda rows: parquet(rows)[: len(parquet(rows)) // 2], refused(_CUT)),
    file("last byte missing", lambda rows: parquet(rows)[:-1], refused(_CUT)),
    file("first byte missing", lambda rows: parquet(rows)[1:], refused("The file is not parquet: it begins with 'AR1\\x15\\x04\\x15\\x80\\x05\\x15\\x9c\\x04L'.")),
    file("line break at the end", lambda rows: parquet(rows) + b"\n", refused(_CUT)),
    file("middle missing", lambda rows: parquet(rows)[:200] + parquet(rows)[400:], refused("The file is damaged: Corrupt snappy compressed data.")),
    file("two files in one", lambda rows: parquet(rows.head(20)) + parquet(rows.tail(20)), refused("The file is several parquet files glued together. Deliver each one by itself.")),
    file("two files in one, alike", _alike, refused("The file is several parquet files glued together. Deliver each one by itself.")),
    file("the same file twice in one", lambda rows: parquet(rows) * 2, refused("The file is several parquet files glued together. Deliver each one by itself.")),
    file("gzip", lambda rows: b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + bytes(20), refused("The file is not parquet: it begins with '\\x1f\\x8b\\x08\\x00\\x00\\x00\\x00\\x00\\x00ÿ\\x00\\x00'.")),
    file("zip of parquet", _zip, refused("The file is not parquet: it begins with 'PK\\x03\\x04\\x14\\x00\\x00\\x00\\x00\\x00\\x00\\x00'.")),
    file("feather", _arrow, refused("The file is not parquet: it begins with 'ARROW1\\x00\\x00ÿÿÿÿ'.")),
    file("orc", _orc, refused("The file is not parquet: it begins with 'ORC\\n\\x06\\x12\\x04\\x08(P\\x00\\n'.")),
    file("csv", lambda rows: rows.to_csv(index=False).encode(), refused("The file is not parquet: it begins with 'at,learned,s'. CSV needs ingestion.source: {kind: csv}.")),
    file("json", lambda rows: rows[['shop', 'price']].to_json().encode(), refused('The file is not parquet: it begins with \'{"shop":{"0"\'. CSV needs ingestion.source: {kind: csv}.')),
    file("html", lambda rows: b"<!DOCTYPE html><html>404 not found</html>", refused("The file is not parquet: it begins with '<!DOCTYPE ht'.")),
    file("pickle", lambda rows: pickle.dumps({"a": 1}), refused("The file is not parquet: it begins with '\\x80\\x04\\x95\\n\\x00\\x00\\x00\\x00\\x00\\x00\\x00}'.")),
    file("pointer of git lfs", lambda rows: b"version https://git-lfs.github.com/spec/v1\n", refused("The file is not parquet: it begins with 'version http'.")),
    file("utf-16", lambda rows: "at,learned".encode("utf-16"), refused("The file is not parquet: it begins with 'ÿþa\\x00t\\x00,\\x00l\\x00e\\x00'.")),
    file("zeros", lambda rows: bytes(100_000), refused("The file is not parquet: it begins with '\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'.")),
    file("encrypted", lambda rows: b"PARE" + bytes(20) + b"PARE", refused("The file is not parquet: it begins with 'PARE\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'.")),
    file("flipped bit under a checksum", _page_flipped, refused("The file is damaged: could not verify page integrity, CRC checksum verification failed for page_ordinal 0.")),
    file("flipped bit that only the contract sees", _page_flipped_unchecked, refused("11 of 40 rows break the contract, at most 2 (5\u202f%) may: 'colour' must be one of red, green, blue (11 rows, e.g. freen).", ROWS)),
    file("a name that is no text", _name_that_is_no_text, refused("The file is damaged: 'utf-8' codec can't decode byte 0xff in position 2: invalid start byte.")),
    file("more rows than memory", _unfolding, refused("The file says that it has 396,316,767,208,603,648 rows of 9 columns: about 26,575,110,144 GB, more than the memory of this machine. Deliver it in parts.")),
    file("counts that differ", _count_changed, refused("The file is damaged: it says that it has 39 rows, but holds 40.")),
    file("gzip pages", lambda rows: parquet(rows, compression="gzip"), accepted()),
    file("brotli pages", lambda rows: parquet(rows, compression="brotli"), accepted()),
    file("lz4 pages", lambda rows: parquet(rows, compression="lz4"), accepted()),
    file("many row groups", lambda rows: parquet(rows, row_group_size=1), accepted()),
    file("version 1", lambda rows: parquet(rows, version="1.0", data_page_version="1.0"), accepted()),
    file("data pages 2", lambda rows: parquet(rows, data_page_version="2.0", use_dictionary=False), accepted()),
    file("notes of pandas that are no json", lambda rows: parquet(
        plain(rows).replace_schema_metadata({b"pandas": b"{'index': __import__('os')"})), accepted()),
    file("notes of pandas that lie", lambda rows: parquet(plain(rows).replace_schema_metadata({b"pandas": json.dumps(
        {"index_columns": ["shop"], "columns": [{"name": "items", "pandas_type": "datetime"}]}).encode()})), accepted()),
]  # fmt: skip
