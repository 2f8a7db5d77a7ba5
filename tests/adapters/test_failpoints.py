"""Failpoints: a process dies at the step that the environment names, as in a power cut, and at no other."""

import os
import signal
import subprocess
import sys

import pytest

from configs.environment import CHECKOUT

CODE = """
import atexit
from tasks.adapters import failpoints
atexit.register(lambda: print("goodbye", flush=True))
try:
    failpoints.reach("one")
    print("one", flush=True)
    failpoints.reach("two")
    print("two", flush=True)
finally:
    print("cleaned up", flush=True)
"""


def outcome(failpoint: str) -> tuple[int, list[str]]:
    variables = {**os.environ, "INCUMBENT_FAILPOINT": failpoint}
    command = [sys.executable, "-c", CODE]
    ran = subprocess.run(command, cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("two", (-signal.SIGKILL, ["one"])),
        ("", (0, ["one", "two", "cleaned up", "goodbye"])),
        ("elsewhere", (0, ["one", "two", "cleaned up", "goodbye"])),
    ],
)
def test_a_process_dies_where_it_is_told_to_and_leaves_nothing_in_order(
    name: str, expected: tuple[int, list[str]]
) -> None:
    assert outcome(name) == expected
