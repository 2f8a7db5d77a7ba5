"""Files are there wholly or not at all, and a lock dies with its holder."""

import fcntl
import hashlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from configs.errors import Busy, UnusableHome
from tasks.adapters import files

HOLDER = """
import sys
from pathlib import Path
from tasks.adapters import files
with files.locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_file_is_published_with_its_folder_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "page.html"

    files.publish(path, b"content")

    assert path.read_bytes() == b"content"
    assert [found.name for found in path.parent.iterdir()] == ["page.html"]


def test_what_fails_half_way_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    files.publish(path, b"old")

    with pytest.raises(KeyError), files.staged(path) as temporary:
        temporary.write_bytes(b"half of the n")
        raise KeyError("cut off")

    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_while_it_is_written_a_file_is_hidden_under_another_name(tmp_path: Path) -> None:
    path = tmp_path / "page.html"

    with files.staged(path) as temporary:
        temporary.write_bytes(b"new")
        during = (path.exists(), temporary.name.startswith("."), temporary.name.endswith(".tmp"))

    assert during == (False, True, True)
    assert path.read_bytes() == b"new"


def test_a_reader_sees_the_old_or_the_new_file_and_never_a_part(tmp_path: Path) -> None:
    path, versions = tmp_path / "page.html", [bytes([digit]) * 200_000 for digit in b"01"]
    files.publish(path, versions[0])
    seen: set[bytes] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_bytes())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(40):
        files.publish(path, versions[number % 2])
    done.set()
    reader.join()

    assert seen <= set(versions)


@pytest.mark.parametrize("place", ["under a file", "a folder", "too long"])
def test_a_place_that_cannot_be_written_is_named(place: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder" / "full").mkdir(parents=True)
    paths = {
        "under a file": tmp_path / "file" / "page.html",
        "a folder": tmp_path / "folder",
        "too long": tmp_path / ("x" * 300),
    }

    with pytest.raises(UnusableHome, match=r"cannot be written: .*\. Nothing was put in its place"):
        files.publish(paths[place], b"content")

    assert {found.name for found in tmp_path.iterdir()} == {"file", "folder"}


def test_a_digest_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    content = os.urandom(3_000_000)
    (tmp_path / "file").write_bytes(content)

    assert files.digest(tmp_path / "file") == hashlib.sha256(content).hexdigest()


def is_free(path: Path) -> bool:
    handle = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(handle)


def test_a_lock_is_held_by_one_process_and_given_back_when_it_is_killed(tmp_path: Path) -> None:
    lock = tmp_path / "new" / ".lock"
    command = [sys.executable, "-c", HOLDER, str(lock)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        while_it_lives = is_free(lock)
        holder.kill()
        holder.wait()

    assert (while_it_lives, is_free(lock)) == (False, True)


def test_a_lock_is_given_back_when_the_block_fails(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"

    with pytest.raises(KeyError), files.locked(lock):
        held = is_free(lock)
        raise KeyError("fault")

    assert (held, is_free(lock)) == (False, True)


def test_a_lock_that_is_not_given_back_is_waited_for_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".lock"
    monkeypatch.setattr(files, "LOCK_SECONDS", 0.1)

    with files.locked(lock), pytest.raises(Busy, match=r"Another process holds .*\.lock"), files.locked(lock):
        pytest.fail("it was locked twice")

    assert is_free(lock)


def test_a_lock_where_nothing_can_be_written_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with (
        pytest.raises(UnusableHome, match="Set INCUMBENT_HOME to a folder of yours"),
        files.locked(tmp_path / "file" / ".lock"),
    ):
        pytest.fail("it was locked")


WRITER = """
import os, signal, sys
from pathlib import Path
from tasks.adapters import files
with files.staged(Path(sys.argv[1])) as temporary:
    temporary.write_bytes(b"half of the n")
    if sys.argv[2] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    print("written", flush=True)
    sys.stdin.read()
"""


def test_what_a_killed_process_left_half_written_is_removed_and_what_a_living_one_writes_stays(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "page.html")]
    subprocess.run([*command, "dies"], cwd=CHECKOUT, check=False)
    (dead,) = tmp_path.iterdir()
    dead.with_name(f"{dead.name}-journal").write_bytes(b"of SQLite")
    (tmp_path / ".notes.tmp").write_bytes(b"of somebody else")
    with subprocess.Popen([*command, "lives"], cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as living:
        assert living.stdout is not None
        living.stdout.readline()

        files.publish(tmp_path / "other.html", b"new")
        found = {path.name for path in tmp_path.iterdir()}
        living.communicate(b"")

    assert dead.name not in found and f"{dead.name}-journal" not in found
    assert {".notes.tmp", "other.html"} < found and len(found) == 3
    assert {path.name for path in tmp_path.iterdir()} == {".notes.tmp", "other.html", "page.html"}
