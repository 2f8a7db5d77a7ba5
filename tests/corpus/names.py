"""Names, links, pipes and folders: what stands in the landing folder, whatever is in it."""

import os
import socket
import unicodedata
from pathlib import Path

import pandas as pd

from tests.corpus.world import Case, Expected, accepted, duplicate, file, parquet, refused

_NOTHING = refused("It is a link to nothing, not a file.")
_OUT = refused("It is a link out of the landing folder, not a file.")


def _good(name: str, ending: str = ".parquet") -> Case:
    return file(name, parquet, accepted(), ending)


def _raw(name: str, written: bytes) -> Case:
    """A name in bytes that are no UTF-8, or that no shell would let pass."""

    def place(folder: Path, rows: pd.DataFrame) -> None:
        Path(os.fsdecode(bytes(folder) + b"/" + written)).write_bytes(parquet(rows))

    return Case(name, place, accepted())


def _link(name: str, target: str, expected: Expected) -> Case:
    def place(folder: Path, rows: pd.DataFrame) -> None:
        (folder / f"{name}.parquet").symlink_to(target)

    return Case(name, place, expected)


def _pipe(folder: Path, rows: pd.DataFrame) -> None:
    os.mkfifo(folder / "pipe.parquet")


def _socket(folder: Path, rows: pd.DataFrame) -> None:
    here = Path.cwd()
    os.chdir(folder)  # the path of a socket has at most 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("socket.parquet")
    finally:
        os.chdir(here)


def _folder(folder: Path, rows: pd.DataFrame) -> None:
    (folder / "folder.parquet").mkdir()
    (folder / "folder.parquet" / "inner.parquet").write_bytes(parquet(rows))


def _hard_link(folder: Path, rows: pd.DataFrame) -> None:
    (folder / "one and.parquet").write_bytes(parquet(rows))
    os.link(folder / "one and.parquet", folder / "one and the same.parquet")


def _beside(folder: Path, rows: pd.DataFrame) -> None:
    (folder / "_kept beside").write_bytes(parquet(rows))
    (folder / "link to a note.parquet").symlink_to("_kept beside")


def _sparse(folder: Path, rows: pd.DataFrame) -> None:
    with (folder / "sparse.parquet").open("wb") as out:
        out.truncate(64 * 2**20)


CASES = [
    Case("pipe", _pipe, refused("It is a pipe, not a file.")),
    Case("socket", _socket, refused("It is a socket, not a file.")),
    Case("folder", _folder, refused("It is a folder, not a file.")),
    _link("link to nothing", "nowhere", _NOTHING),
    _link("link to itself", "link to itself.parquet", _NOTHING),
    _link("link to a folder", "folder.parquet", refused("It is a folder, not a file.")),
    _link("link to a pipe", "pipe.parquet", refused("It is a pipe, not a file.")),
    _link("link to this folder", ".", _OUT),
    _link("link out", "/etc/passwd", _OUT),
    _link("link to zeros", "/dev/zero", _OUT),
    _link("link to a terminal", "/dev/stdin", _OUT),
    _link("link into a folder", "folder.parquet/inner.parquet", _OUT),
    _link("link to a good file", "name.parquet", accepted()),
    file("name", parquet, duplicate()),
    Case("link to a note", _beside, accepted()),
    Case("one and", _hard_link, accepted(), (("one and the same", duplicate()),)),
    Case(
        "sparse",
        _sparse,
        refused(
            "The file is not parquet: it begins with '\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'."
        ),
    ),
    _good("<script>alert(1)<&>"),
    _good("{{ 7*7 }}{% x %}"),
    _good("%2e%2e%2f..%2fetc%2fpasswd"),
    _good('it\'s "so" $HOME `id`'),
    _good("--help"),
    _good("~"),
    _good(" blanks "),
    _good("CON"),
    _good("9" * 240),
    _good("٣٣"),
    _good("no ending", ""),
    _good("loud", ".PARQUET"),
    _good(unicodedata.normalize("NFC", "é")),
    _good(unicodedata.normalize("NFD", "é")),
    _good("🙂"),
    _raw("line\ufffdbreak\ufffd[2J", b"line\nbreak\x1b[2J.parquet"),
    _raw("right\ufffdleft", "right\u202eleft.parquet".encode()),
    _raw("latin \ufffd 1", b"latin \xe9 1.parquet"),
    _raw("latin \ufffd 1", b"latin \xe8 1.parquet"),
    file("being written", parquet, Expected("ignored"), ".parquet.tmp"),
    file(".hidden", parquet, Expected("ignored")),
    file("_SUCCESS", lambda rows: b"", Expected("ignored"), ""),
    file("..", parquet, Expected("ignored"), ".parquet"),
]
