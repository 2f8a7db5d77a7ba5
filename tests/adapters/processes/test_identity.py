"""A number means a process only where it was given: on one boot, in one namespace of processes and of clocks."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from tasks.adapters import files
from tasks.adapters.processes import identity
from tests.fixtures_namespaces import NAMESPACES, unshared

HOST, HERE = socket.gethostname(), identity.here()
JUDGE = "import sys; from tasks.adapters.processes import identity as p; print(p.here(), p.has_ended(int(sys.argv[1]), *sys.argv[2:]))"


@pytest.fixture
def dead() -> int:
    """The number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_the_living_have_not_ended_and_the_dead_have(dead: int) -> None:
    mine = identity.started(os.getpid())

    assert not identity.has_ended(os.getpid(), mine, HOST, HERE)
    assert identity.has_ended(dead, mine, HOST, HERE)
    assert identity.has_ended(os.getpid(), f"{mine}1", HOST, HERE), "the number was given again"


ELSEWHERE = {
    "another machine": ("elsewhere", HERE),
    "another boot": (HOST, f"0{HERE[1:]}" if HERE[:1] != "0" else f"1{HERE[1:]}"),
    "another namespace": (HOST, f"{HERE}1"),
    "an earlier version": (HOST, ""),
}


@pytest.mark.skipif(sys.platform != "linux", reason="places are known on Linux")
@pytest.mark.parametrize(("host", "place"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_who_is_elsewhere_is_never_known_to_have_ended(host: str, place: str, dead: int) -> None:
    assert not identity.has_ended(dead, "1", host, place)


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_namespace_is_a_place_of_its_own(namespace: str, dead: int) -> None:
    asked = [sys.executable, "-c", JUDGE, str(dead), "1", HOST, HERE]

    told = subprocess.run([*unshared(namespace), *asked], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    place, has_ended = told.stdout.split()
    assert place != HERE
    assert has_ended == "False"


def test_a_fork_into_a_new_namespace_knows_where_it_is() -> None:
    unshared("pid")
    code = (
        "import ctypes, os; from tasks.adapters.processes import identity as p; before = p.here()\n"
        "assert ctypes.CDLL(None).unshare(0x20000000) == 0\n"
        "child = os.fork()\nif child == 0: os._exit(p.here() == before)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))"
    )

    ran = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=False)

    assert ran.returncode == 0


@pytest.mark.skipif(os.getuid() != 0, reason="mounts /proc and becomes another user, which needs root")
def test_a_process_that_proc_hides_is_alive() -> None:
    unshared("mount")
    code = (
        f"mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid=65534 --regid=65534 --clear-groups {sys.executable} -c "
        f'\'from tasks.adapters.processes import identity as p; print(p.has_ended({os.getpid()}, "1", "{HOST}", p.here()))\''
    )

    told = subprocess.run(
        [*unshared("mount"), "sh", "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=False
    )
    if told.returncode != 0:
        pytest.skip(f"cannot be tried here: {told.stderr.strip()[-80:]}")

    assert told.stdout.strip() == "False"


# ── drafts ────────────────────────────────────────────────────────────────────────────────────────────────────────
WRITE = """
import os, sys
from pathlib import Path
from tasks.adapters import files
with files.staged(Path(sys.argv[1])) as draft:
    draft.write_bytes(b"half")
    print("begun", flush=True)
    sys.stdin.read()
    os._exit(1)
"""


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_draft_of_another_namespace_is_left_until_it_is_old(namespace: str, tmp_path: Path) -> None:
    command = [*unshared(namespace), sys.executable, "-c", WRITE, str(tmp_path / "page.html")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        files.publish(tmp_path / "other.html", b"")
        (draft,) = tmp_path.glob(".*.tmp")
        writer.communicate(b"")
    files.publish(tmp_path / "other.html", b"")
    left = draft.exists()
    os.utime(draft, (0, 0))
    files.publish(tmp_path / "other.html", b"")

    assert left
    assert not draft.exists()
