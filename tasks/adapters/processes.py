"""Which process is meant by a number: numbers are given again, so the moment of its start belongs to it."""

import os
import pwd
import subprocess
from pathlib import Path

_DEAD = ("Z", "X")
"""States of a process that has ended and that nobody has waited for."""


def started(pid: int) -> str:
    """When a process started, in words that differ for another one of the same number; empty if there is none."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _asked(pid)
    return "" if state in _DEAD else fields[18]


def user() -> str:
    """Whose process this is: their name, or their number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


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
