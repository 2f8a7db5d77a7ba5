"""Damaged bytes of every format and compression: each is read or refused in words, whatever their reader raises."""

import bz2
import gzip
import io
import lzma
import random
import struct
import zipfile
import zlib

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from configs.errors import BadInput, UnreadableFile
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.ingestion.formats import decoding, readers

TYPES: dict[str, ColumnType] = {"at": "timestamp", "shop": "category", "items": "integer", "gift": "boolean"}
ROWS = 60
CSV = Source(kind="csv")
QUICK, LONG = 60, 6000


def text() -> bytes:
    lines = (f"2013-01-{1 + n % 28:02}T00:00:00Z,shop {n % 7},{n},{'true' if n % 3 else 'false'}" for n in range(ROWS))
    return "\n".join(("at,shop,items,gift", *lines, "")).encode()


def zipped(method: int, **about: int) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method, **about) as archive:  # type: ignore[arg-type]
        archive.writestr(zipfile.ZipInfo("a.csv"), text(), method)
    return held.getvalue()


def parquet(compression: str, **about: object) -> bytes:
    sink = io.BytesIO()
    at = pd.date_range("2013-01-01", periods=ROWS, freq="D", tz="UTC").as_unit("us")
    numbers = list(range(ROWS))
    table = pa.table(
        {
            "at": pa.array(at, pa.timestamp("us", tz="UTC")),
            "shop": pa.array([f"shop {n % 7}" for n in numbers]).dictionary_encode(),
            "items": pa.array([None if n % 5 == 0 else n for n in numbers]),
            "gift": pa.array([n % 3 > 0 for n in numbers]),
            "record": pa.array([{"n": n, "list": [str(n)]} for n in numbers]),
        }
    )
    pq.write_table(table, sink, compression=compression, **about)  # type: ignore[arg-type]
    return sink.getvalue()


FORMATS = {
    "csv": (CSV, text()),
    "csv in utf-16": (Source(kind="csv", encoding="utf-16"), text().decode().encode("utf-16")),
    "csv.gz": (CSV, gzip.compress(text(), mtime=0)),
    "zip, stored": (CSV, zipped(zipfile.ZIP_STORED)),
    "zip, deflated": (CSV, zipped(zipfile.ZIP_DEFLATED)),
    "zip, bzip2": (CSV, zipped(zipfile.ZIP_BZIP2)),
    "zip, lzma": (CSV, zipped(zipfile.ZIP_LZMA)),
    "parquet": (Source(), parquet("none")),
    "parquet, snappy": (Source(), parquet("snappy", write_page_checksum=True)),
    "parquet, gzip": (Source(), parquet("gzip")),
    "parquet, brotli": (Source(), parquet("brotli")),
    "parquet, zstd": (Source(), parquet("zstd", write_page_checksum=True)),
    "parquet, lz4": (Source(), parquet("lz4", data_page_version="2.0")),
}


def damaged(content: bytes, seed: int) -> bytes:
    """Some bytes changed, a part cut out or put in twice, or the end cut off."""
    source, found = random.Random(seed), bytearray(content)
    place = source.randrange(len(found))
    match seed % 4:
        case 0:
            del found[place:]
        case 1:
            found[place:place] = found[place : place + source.randrange(1, 64)]
        case 2:
            del found[place : place + source.randrange(1, 64)]
        case _:
            for _ in range(source.randrange(1, 5)):
                found[source.randrange(len(found))] = source.randrange(256)
    return bytes(found)


def sweep(name: str, seeds: range) -> list[str]:
    """What a damaged file led to that is neither rows nor one sentence."""
    source, content = FORMATS[name]
    wrong = []
    for seed in seeds:
        try:
            frame = decoding.rows(damaged(content, seed), source, TYPES)
        except BadInput as refused:
            if "\n" in str(refused) or not str(refused).endswith("."):
                wrong.append(f"{seed}: {refused}")
        else:
            wrong += [f"{seed}: {type(frame)}"] if not isinstance(frame, pd.DataFrame) else []
    return wrong


@pytest.mark.parametrize("name", FORMATS)
def test_undamaged_bytes_are_rows(name: str) -> None:
    source, content = FORMATS[name]

    assert len(decoding.rows(content, source, TYPES)) == ROWS


@pytest.mark.parametrize("name", FORMATS)
def test_damaged_bytes_are_read_or_refused_in_words(name: str) -> None:
    assert sweep(name, range(QUICK)) == []


@pytest.mark.long
@pytest.mark.parametrize("name", FORMATS)
def test_many_more_damaged_bytes_are_too(name: str) -> None:
    assert sweep(name, range(QUICK, LONG)) == []


def _offset(archive: bytes) -> bytes:
    """The end of a zip says that its list of files begins before the archive."""
    end = archive.rindex(b"PK\x05\x06")
    return archive[: end + 16] + struct.pack("<L", 2**32 - 2) + archive[end + 20 :]


def _inside(archive: bytes) -> bytes:
    begin = archive.index(b"a.csv") + len(b"a.csv") + 20
    return archive[:begin] + bytes(byte ^ 0x55 for byte in archive[begin : begin + 40]) + archive[begin + 40 :]


def _flag(archive: bytes, flag: int) -> bytes:
    listed = archive.rindex(b"PK\x01\x02")
    found = bytearray(archive)
    found[6] |= flag
    found[listed + 8] |= flag
    return bytes(found)


def _method(archive: bytes, method: int) -> bytes:
    listed = archive.rindex(b"PK\x01\x02")
    found = bytearray(archive)
    found[8:10] = found[listed + 10 : listed + 12] = struct.pack("<H", method)
    return bytes(found)


DAMAGED = {
    "an offset before the beginning": _offset(zipped(zipfile.ZIP_STORED)),
    "deflated bytes": _inside(zipped(zipfile.ZIP_DEFLATED)),
    "bzip2 bytes": _inside(zipped(zipfile.ZIP_BZIP2)),
    "lzma bytes": _inside(zipped(zipfile.ZIP_LZMA)),
    "encrypted": _flag(zipped(zipfile.ZIP_STORED), 1),
    "patched": _flag(zipped(zipfile.ZIP_STORED), 0x20),
    "an unknown method": _method(zipped(zipfile.ZIP_STORED), 99),
    "another method": _method(zipped(zipfile.ZIP_STORED), 14),
    "the beginning of a zip": b"PK\x03\x04",
    "an empty zip": b"PK\x05\x06" + bytes(18),
    "a gzip cut off": gzip.compress(text(), mtime=0)[:-9],
    "the sum of a gzip": gzip.compress(text(), mtime=0)[:-3] + b"abc",
    "zeros in a gzip": b"\x1f\x8b\x08\x00" + bytes(60),
    "an unknown gzip": b"\x1f\x8b\x09" + bytes(60),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_archive_is_one_sentence(content: bytes) -> None:
    with pytest.raises(
        UnreadableFile, match=r"^The compressed file is damaged, or cut off: .+\.$|Which file of the zip"
    ):
        decoding.rows(content, CSV, TYPES)


@pytest.mark.parametrize(
    "problem",
    [
        *(OSError("Invalid data stream"), EOFError("ended"), ValueError("negative seek value -1"), IndexError("range")),
        *(KeyError("no item named 'a'"), OverflowError("too large"), ZeroDivisionError("by zero"), MemoryError()),
        *(zlib.error("Error -3"), struct.error("unpack requires 4 bytes"), RecursionError("maximum recursion depth")),
        *(NotImplementedError("compression type 97"), RuntimeError("encrypted"), lzma.LZMAError("Corrupt input data")),
        *(zipfile.BadZipFile("Bad magic number"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")),
        *(pa.ArrowInvalid("bad\nmore"), pa.ArrowNotImplementedError("no such thing."), pa.ArrowCapacityError("full")),
    ],
    ids=repr,
)
def test_whatever_a_reader_raises_is_a_refusal(problem: Exception) -> None:
    own = (lzma.LZMAError, zipfile.BadZipFile, pa.ArrowException)

    with pytest.raises(UnreadableFile) as caught, readers.refusing("The file is damaged", *own):
        raise problem

    assert str(caught.value).startswith("The file is damaged: ")
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_refusal_is_told_as_it_is() -> None:
    with pytest.raises(UnreadableFile, match=r"^Told\.$"), readers.refusing("The file is damaged"):
        raise UnreadableFile("Told.")


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, zlib.compress])
def test_another_compression_is_refused(pack: object) -> None:
    with pytest.raises(BadInput):
        decoding.rows(pack(text()), CSV, TYPES)  # type: ignore[operator]
