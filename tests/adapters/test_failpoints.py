"""Failpoints: a process dies at the step that the environment names, as in a power cut, and at no other."""

import os
import signal
import subprocess
import sys
from pathlib import Path

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


HELPED = """
from multiprocessing import get_context
from tasks.adapters import failpoints
helper = get_context("fork").Process(target=failpoints.reach, args=("two",))
helper.start()
helper.join()
print("helper", helper.exitcode, flush=True)
"""


def outcome(failpoint: str, code: str = CODE, **more: str) -> tuple[int, list[str]]:
    variables = {**os.environ, "INCUMBENT_FAILPOINT": failpoint, **more}
    command = [sys.executable, "-c", code]
    ran = subprocess.run(command, cwd=CHECKOUT, env=variables, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("two", (-signal.SIGKILL, ["one"])),
        ("two:1", (-signal.SIGKILL, ["one"])),
        ("two:2", (0, ["one", "two", "cleaned up", "goodbye"])),
        ("", (0, ["one", "two", "cleaned up", "goodbye"])),
        ("elsewhere", (0, ["one", "two", "cleaned up", "goodbye"])),
    ],
)
def test_a_process_dies_where_it_is_told_to_and_leaves_nothing_in_order(
    name: str, expected: tuple[int, list[str]]
) -> None:
    assert outcome(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [("two", (-signal.SIGKILL, [])), ("two:alone", (0, [f"helper {-signal.SIGKILL}"])), ("", (0, ["helper 0"]))],
)
def test_a_helper_takes_whom_it_helps_along_unless_it_is_to_die_alone(
    name: str, expected: tuple[int, list[str]]
) -> None:
    assert outcome(name, HELPED) == expected


def test_a_helper_counts_for_itself_how_often_it_came_by() -> None:
    code = HELPED.replace("helper = ", 'failpoints.reach("two")\nhelper = ', 1)

    assert outcome("two:2", code) == (0, ["helper 0"])


def test_what_is_reached_and_what_becomes_lasting_is_written_down_in_order(tmp_path: Path) -> None:
    log = tmp_path / "log"
    lasting = "from tasks.adapters import failpoints; failpoints.note('a commit')"

    ended = [outcome("two", INCUMBENT_FAILPOINT_LOG=str(log)), outcome("", lasting, INCUMBENT_FAILPOINT_LOG=str(log))]

    lines = [line.split(" ", 1) for line in log.read_text().splitlines()]
    assert ended == [(-signal.SIGKILL, ["one"]), (0, [])]
    assert [what for _, what in lines] == ["one", "two", "= a commit"]
    assert [who.split(".")[1] for who, _ in lines] == ["MainThread"] * 3
    assert lines[0][0] == lines[1][0] != lines[2][0]
