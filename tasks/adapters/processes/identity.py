"""Which process is meant by a number: it is given again, and means something only on the machine that gave it.

A *place* is where numbers of processes and the moments of their start mean the same: one boot of one kernel, one
namespace of processes, one of clocks. Two containers on a machine are two places, also where they have one host name.
"""

import os
import pwd
import socket
import subprocess
import sys
from functools import cache
from pathlib import Path
from uuid import uuid4

_DEAD = ("Z", "X")
"""States of a process that has ended and that nobody has waited for."""
_PROC = Path("/proc")
_BOOT = _PROC / "sys" / "kernel" / "random" / "boot_id"


def started(pid: int) -> str:
    """When a process started, in words that differ for another one of the same number; empty if there is none."""
    shown = "self" if pid == os.getpid() else str(pid)  # `self` is right also where /proc is that of another place
    try:
        state, *fields = (_PROC / shown / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return "" if (_PROC / "self" / "stat").exists() else _asked(pid)
    return "" if state in _DEAD else fields[18]


def here() -> str:
    """The place of this process, as one word; empty where the system has no such thing but its host name."""
    return _place(os.getpid())


def has_ended(pid: int, since: str, host: str, place: str) -> bool:
    """Whether a process is known to have ended. What cannot be judged from here counts as alive.

    Args:
        pid: Its number.
        since: What `started` said of it.
        host: Name of its machine.
        place: What `here` said in it.
    """
    if host != socket.gethostname() or place != here() or not _shows_this_place():
        return False
    now = started(pid)
    return now != since and not (now == "" and _is_hidden(pid))


def user() -> str:
    """Whose process this is: their name, or their number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


@cache
def _place(_pid: int) -> str:
    """Asked once per process: a fork may be the first one of a new namespace."""
    if sys.platform != "linux":
        return ""
    try:
        boot = _BOOT.read_text(encoding="ascii").strip()
        spaces = [str((_PROC / "self" / "ns" / kind).stat().st_ino) for kind in ("pid", *_clocks())]
    except OSError:
        return uuid4().hex  # nobody else can tell either: a place of its own
    return "/".join((boot, *spaces))


def _clocks() -> list[str]:
    """A container may have a clock of its own, by which the starts of the same processes are other numbers."""
    return ["time"] if (_PROC / "self" / "ns" / "time").exists() else []


def _shows_this_place() -> bool:
    """Whether /proc, if there is one, numbers processes as this one does: in a new namespace it may be the old one."""
    try:
        return str((_PROC / "self").readlink()) == str(os.getpid())
    except OSError:
        return sys.platform != "linux"


def _is_hidden(pid: int) -> bool:
    """Whether there is a process of which /proc, mounted with `hidepid`, shows nothing."""
    if (_PROC / str(pid)).exists():
        return False
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def _asked(pid: int) -> str:
    """The same where there is no /proc."""
    asked = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip()
