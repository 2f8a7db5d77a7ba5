"""How a file is written, told from its bytes: format, encoding, delimiter, decimal sign, missing values.

Add a sign here by which a file can be told. What stands in its columns is looked at in `survey`.
"""

import csv
import gzip
import io
import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from configs.errors import UnreadableFile
from configs.ingestion import Source

DELIMITERS = (",", ";", "\t", "|")
_LINES = 60
_PARQUET, _GZIP, _ZIP = b"PAR1", b"\x1f\x8b", b"PK\x03\x04"
_ARROW = (b"ARROW1", b"\xff\xff\xff\xff")
_SIGNS = "€£§°«»®©´·±×\u00a0–—‘’“”„‚…•™†‰"
_EUROPEAN = {
    "cp1252": frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜßàáâãäåæçèéêëìíîïñòóôõöøùúûüÿŒœŸ¡¿ªº²³µ¼½¾" + _SIGNS),
    "cp1250": frozenset("ĄĆĘŁŃŚŹŻąćęłńśźżČĎĚŇŘŠŤŮŽčďěňřšťůžĽĹľĺŔŕÝýÁÉÍÓÚáéíóúÖÜŐŰöüőűÄÔäôĐđßĂÂÎŞŢăâîşţ" + _SIGNS),
}
"""Letters of western and of central Europe, by the encoding that has them."""
_RUN = 2.0
"""So many letters beyond ASCII follow one another on average at most, in a language that is mostly written in ASCII."""
_INSIDE = re.compile("[£²³][a-z]")
"""Signs that no word begins with or has inside: they are letters of another encoding."""
_WIDE = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}


@dataclass(frozen=True)
class Dialect:
    """How a file is written."""

    source: Source
    """The settings that read it, without its place."""
    reasons: dict[str, str]
    """Why, by the setting that is not as usual."""


def read(content: bytes) -> Dialect:
    """How a file is written; what cannot be told is as usual.

    Args:
        content: The whole file, as it came.

    Raises:
        UnreadableFile: It is empty, or an archive without a file that has lines.
    """
    kind = _told_by_its_first_bytes(content)
    if kind is not None:
        return Dialect(Source(kind=kind), {})
    plain, member = _unpacked(content)
    encoding, why = _encoding(plain)
    text = plain.decode(encoding).removeprefix("\ufeff")
    if not text.strip():
        raise UnreadableFile("The file has nothing in it.")
    if text.lstrip()[:1] == "{":
        named = {} if member is None else {"member": "the largest file in the zip that has lines"}
        return Dialect(Source(kind="json_lines", member=member), named)
    delimiter = _delimiter(text)
    reasons = {}
    if member is not None:
        reasons["member"] = "the largest file in the zip that has lines"
    if encoding != "utf-8":
        reasons["encoding"] = why
    if delimiter != ",":
        reasons["delimiter"] = "it parts each of the first lines into equally many cells"
    is_open = not text.endswith(("\n", "\r"))
    if is_open:
        reasons["open_end"] = "the last line has no line break at its end"
    source = Source(kind="csv", member=member, encoding=encoding, delimiter=delimiter, open_end=is_open)
    return Dialect(source, reasons)


def _told_by_its_first_bytes(content: bytes) -> Literal["parquet", "arrow", "excel"] | None:
    """The format of bytes that are no text."""
    if content.startswith(_PARQUET):
        return "parquet"
    if content.startswith(_ARROW):
        return "arrow"
    return "excel" if content.startswith(_ZIP) and b"xl/w" in content else None


def decimal(columns: Iterable[tuple[int, int]]) -> str:
    """The decimal sign of a file.

    Args:
        columns: Of each column, how many cells are numbers with a point, and how many with a comma.
    """
    points, commas = (sum(counts) for counts in zip(*columns, strict=True)) if (columns := list(columns)) else (0, 0)
    return "," if commas > points else "."


def _unpacked(content: bytes) -> tuple[bytes, str | None]:
    """The text in a file, and in which member of a zip with several it was."""
    if content.startswith(_GZIP):
        try:
            return gzip.decompress(content), None
        except (OSError, EOFError) as err:
            raise UnreadableFile(f"The compressed file is damaged, or cut off: {err}.") from err
    if not content.startswith(_ZIP):
        return content, None
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            inside = [one for one in archive.infolist() if not one.is_dir()]
            tables = [one for one in inside if one.filename.lower().endswith((".csv", ".tsv", ".txt", ".data"))]
            named = [one for one in tables if one.filename.lower().endswith((".csv", ".tsv"))] or tables or inside
            if not named:
                raise UnreadableFile("The zip is empty.")
            largest = max(named, key=lambda one: one.file_size)
            return archive.read(largest), largest.filename if len(inside) > 1 else None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, EOFError, ValueError, RuntimeError) as err:
        raise UnreadableFile(f"The zip is damaged, or cut off: {err}.") from err


def _encoding(plain: bytes) -> tuple[str, str]:
    for mark, name in _WIDE.items():
        if plain.startswith(mark):
            return name, "the file begins with its mark"
    try:
        plain.decode("utf-8")
    except UnicodeDecodeError as err:
        european = next((one for one, letters in _EUROPEAN.items() if _is_of(plain, one, letters)), None)
        name = european or _likeliest(plain)
        word = re.search(r"\w*[^\W\x00-\x7f]\w*", plain.decode(name))
        read_so = f"; read so, a word in it is {word[0][:20]!r}" if word else ""
        return name, f"byte {err.start:,} is 0x{plain[err.start]:02x}, which utf-8 does not have there{read_so}"
    return "utf-8", ""


def _is_of(plain: bytes, encoding: str, letters: frozenset[str]) -> bool:
    """Whether bytes beyond ASCII are letters of some languages, each among letters of ASCII; or signs such as €."""
    try:
        text = plain.decode(encoding)
    except UnicodeDecodeError:
        return False
    runs = Counter(re.findall(r"[^\x00-\x7f]+", text))
    size = sum(len(run) * times for run, times in runs.items()) / runs.total()
    return size <= _RUN and not set("".join(runs)) - letters and _INSIDE.search(text) is None


def _likeliest(plain: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(plain[:200_000]).best()
    name = best.encoding.replace("_", "-") if best is not None else "latin-1"
    try:
        plain.decode(name)
    except (UnicodeDecodeError, LookupError):
        return "latin-1"
    return name


def _delimiter(text: str) -> str:
    """The one that parts most lines into equally many cells, and into most of them."""
    head = "".join(text.splitlines(keepends=True)[:_LINES])

    def worth(delimiter: str) -> tuple[float, int]:
        try:
            widths = Counter(len(cells) for cells in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter))
        except csv.Error:
            return 0.0, 0
        width, times = widths.most_common(1)[0]
        return (times / widths.total(), width) if width > 1 else (0.0, 0)

    return max(DELIMITERS, key=worth)
