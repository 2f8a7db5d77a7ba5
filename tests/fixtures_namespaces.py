"""Namespaces of Linux for tests, as containers have them: the command that begins a process in one of its own."""

import functools
import shutil
import subprocess

import pytest

_OPTIONS = {
    "pid": ("--pid", "--fork", "--kill-child", "--mount-proc"),
    "pid, old proc": ("--pid", "--fork", "--kill-child"),
    "time": ("--time", "--fork", "--kill-child", "--boottime", "100000"),
    "mount": ("--mount",),
}
NAMESPACES = ("pid", "pid, old proc", "time")
"""Those in which numbers or starts of processes are others; the host's name stays the same."""


def unshared(namespace: str) -> list[str]:
    """The beginning of a command whose process gets a namespace of its own; the test is skipped where it cannot."""
    if reason := _refusal(namespace):
        pytest.skip(reason)
    return ["unshare", *_OPTIONS[namespace]]


@functools.cache
def _refusal(namespace: str) -> str | None:
    if shutil.which("unshare") is None:
        return "unshare is not installed (util-linux)"
    tried = subprocess.run(["unshare", *_OPTIONS[namespace], "true"], capture_output=True, text=True, check=False)
    return None if tried.returncode == 0 else f"no namespace of its own here: {tried.stderr.strip()}"
