"""Entries of a folder that others write to: nothing outside of it is opened, and what the machine cannot do waits."""

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from configs.errors import DeliveryWaits
from tasks.ingestion.sources import entries
from tests import folders

SECRET = b"what lies outside of the landing folder"
MACHINE = (
    *(errno.EIO, errno.ESTALE, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOENT),
    *(errno.ENODEV, errno.ENXIO, errno.ETIMEDOUT, errno.ENOTCONN, errno.EHOSTDOWN, errno.EBUSY, errno.ELOOP),
)
"""What can go wrong between a look and the last byte, that says nothing about the bytes."""


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(SECRET)
    folder = tmp_path / "landing"
    folder.mkdir()
    (folder / "a.csv").write_bytes(b"a\n1\n")
    return folder


def as_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside / "secret")


def as_link_over_a_folder(path: Path, outside: Path) -> None:
    with suppress(FileExistsError):
        (path.parent / "_inner").symlink_to(outside)
    path.symlink_to("_inner/secret")


def as_hard_link(path: Path, outside: Path) -> None:
    os.link(outside / "secret", path)


def as_pipe(path: Path, outside: Path) -> None:
    os.mkfifo(path)


def as_folder(path: Path, outside: Path) -> None:
    path.mkdir()


def as_file(path: Path, outside: Path) -> None:
    path.write_bytes(SECRET)


SWAPS = (as_link, as_link_over_a_folder, as_hard_link, as_pipe, as_folder, as_file)


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Do something when an entry has been looked at, and is about to be opened."""
    follow = entries._follow

    def looked(folder: int, path: Path) -> tuple[str, os.stat_result, str | None]:
        found = follow(folder, path)
        act()
        return found

    monkeypatch.setattr(entries, "_follow", looked)


@pytest.mark.parametrize("swap", SWAPS)
def test_what_is_swapped_in_after_the_look_is_not_read(
    swap: Callable[[Path, Path], None], landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def exchange() -> None:
        (landing / "a.csv").unlink()
        swap(landing / "a.csv", landing.parent / "outside")

    between(monkeypatch, exchange)

    with pytest.raises(OSError, match=r"exchanged|symbolic|No such device") as caught:
        entries.read(landing / "a.csv")

    assert caught.value.errno in (errno.ESTALE, errno.ELOOP, errno.ENXIO)


@pytest.mark.parametrize("swap", SWAPS)
def test_what_is_swapped_in_between_listing_and_reading_waits(
    swap: Callable[[Path, Path], None], landing: Path
) -> None:
    (delivery,) = folders.listed(landing)
    (landing / "a.csv").unlink()
    swap(landing / "a.csv", landing.parent / "outside")

    with pytest.raises(DeliveryWaits, match="it waits"):
        folders.content(landing, delivery)


def test_a_folder_that_is_swapped_in_is_another_one(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (landing.parent / "outside" / "a.csv").write_bytes(SECRET)

    def exchange() -> None:
        landing.rename(landing.parent / "before")
        landing.symlink_to("outside")

    between(monkeypatch, exchange)

    assert entries.read(landing / "a.csv") == (b"a\n1\n", None)


def test_a_race_of_links_never_shows_what_lies_outside(landing: Path) -> None:
    path, ended = landing / "a.csv", threading.Event()

    def exchange() -> None:
        (landing / "_link").symlink_to(landing.parent / "outside" / "secret")
        (landing / "_file").write_bytes(b"a\n1\n")
        while not ended.is_set():
            for name in ("_link", "_file"):
                os.link(landing / name, landing / "_next", follow_symlinks=False)
                (landing / "_next").replace(path)

    other, seen = threading.Thread(target=exchange), set()
    other.start()
    for _ in range(3000):
        with suppress(OSError):
            seen.add(entries.read(path)[0])
    ended.set()
    other.join()

    assert seen <= {b"a\n1\n", b"a.csv is a link out of the landing folder, not a file.\n"}


@pytest.mark.parametrize(
    ("target", "odd"),
    [
        ("b.csv", None),
        ("./b.csv", None),
        ("../landing/b.csv", None),
        ("_chain", None),
        ("a.csv", "a link to nothing"),
        ("nowhere", "a link to nothing"),
        ("../nowhere", "a link to nothing"),
        (".", "a link out of the landing folder"),
        ("..", "a link out of the landing folder"),
        ("/", "a link out of the landing folder"),
        ("../outside/secret", "a link out of the landing folder"),
        ("_out", "a link out of the landing folder"),
        ("/dev/zero", "a link out of the landing folder"),
        ("pipe", "a pipe"),
    ],
)
def test_a_link_may_lead_to_a_file_beside_it(target: str, odd: str | None, landing: Path) -> None:
    (landing / "b.csv").write_bytes(b"b\n")
    (landing / "_chain").symlink_to("b.csv")
    (landing / "_out").symlink_to("../outside/secret")
    os.mkfifo(landing / "pipe")
    (landing / "a.csv").unlink()
    (landing / "a.csv").symlink_to(target)

    content, what = entries.read(landing / "a.csv")

    assert what == odd
    assert content == (f"a.csv is {odd}, not a file.\n".encode() if odd else b"b\n")


@pytest.mark.parametrize("number", MACHINE)
@pytest.mark.parametrize("call", ["open", "stat", "fstat"])
def test_what_the_machine_cannot_do_waits(
    number: int, call: str, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (delivery,) = folders.listed(landing)

    def fail(*given: object, **named: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as broken:
        broken.setattr(entries.os, call, fail)
        with pytest.raises(DeliveryWaits, match=os.strerror(number)):
            folders.content(landing, delivery)
        looked = folders.of(landing).look()

    is_gone = number == errno.ENOENT
    assert (looked.deliveries, looked.unreadable) == ([], {} if is_gone else {"a.csv": os.strerror(number)})
    assert folders.content(landing, delivery) == b"a\n1\n"


@pytest.mark.parametrize("problem", [OSError(errno.EIO, "Input/output error"), MemoryError()])
def test_a_read_that_fails_half_way_waits(problem: Exception, landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (delivery,) = folders.listed(landing)

    class Broken:
        def __init__(self, handle: int, mode: str, *, closefd: bool) -> None:
            pass

        def read(self) -> bytes:
            raise problem

    monkeypatch.setattr(entries.os, "fdopen", Broken)

    with pytest.raises(DeliveryWaits, match="cannot be read just now"):
        folders.content(landing, delivery)


def test_a_file_that_is_written_while_it_is_listed_waits(landing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_digest = entries.hashlib.file_digest

    def grow(file: object, name: str) -> object:
        found = file_digest(file, name)  # type: ignore[arg-type]
        with (landing / "a.csv").open("ab") as out:
            out.write(b"2\n")
        return found

    monkeypatch.setattr(entries.hashlib, "file_digest", grow)

    looked = folders.of(landing).look()

    assert (looked.deliveries, looked.unreadable) == ([], {"a.csv": "it changed while it was read"})


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_a_named_file_that_is_none_is_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = {"pipe": tmp_path / "pipe", "folder": tmp_path, "device": Path("/dev/zero")}[kind]
    if kind == "pipe":
        os.mkfifo(path)

    with pytest.raises(OSError, match=r"not a plain file|Is a directory"):
        entries.read_named(path)
