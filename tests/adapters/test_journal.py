"""The journal: numbers are given out once, torn ends are cut, what may be lost is at most a block, a full disk is counted."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from configs.environment import CHECKOUT
from configs.errors import Damaged, UnusableHome
from tasks.adapters import journal, journal_segments
from tasks.adapters.journal import BLOCK, Journal


def record(first: int, size: int = 1) -> bytes:
    return json.dumps({"first": first, "rows": [0] * size}).encode()


def add(one: Journal, size: int = 1) -> int | None:
    return one.append(size, lambda first: record(first, size))


def lasting(one: Journal, size: int = 1) -> tuple[int | None, bool]:
    written, told = threading.Event(), list[bool]()

    def done(is_there: bool) -> None:
        told.append(is_there)
        written.set()

    first = one.append(size, lambda first: record(first, size), done)
    assert written.wait(30)
    return first, told[0]


def firsts(folder: Path) -> list[int]:
    return [one["first"] for _, one in journal_segments.read(folder) if "first" in one]


def gaps(folder: Path) -> list[list[int]]:
    return [one["gap"] for _, one in journal_segments.read(folder) if "gap" in one]


def test_what_was_appended_is_read_in_order_and_a_clean_end_leaves_no_gap(tmp_path: Path) -> None:
    for _ in range(3):
        one = Journal(tmp_path)
        for size in (1, 5, 2):
            add(one, size)
        one.close()

    assert firsts(tmp_path) == [0, 1, 6, 8, 9, 14, 16, 17, 22]
    assert gaps(tmp_path) == []


def test_two_processes_have_a_journal_each(tmp_path: Path) -> None:
    one, other = Journal(tmp_path), Journal(tmp_path)
    add(one)
    add(other)
    one.close()
    other.close()

    assert (one.place, other.place) == (0, 1)
    assert [(place, told["first"]) for place, told in journal_segments.read(tmp_path)] == [(0, 0), (1, 0)]


def test_more_than_a_block_is_reserved_as_it_goes(tmp_path: Path) -> None:
    one = Journal(tmp_path)
    for _ in range(30):
        assert lasting(one, 1_000)[1]
    one.close()

    assert firsts(tmp_path) == list(range(0, 30_000, 1_000))


def test_a_line_that_was_torn_is_cut_and_its_numbers_are_a_gap(tmp_path: Path) -> None:
    one = Journal(tmp_path)
    lasting(one)
    lasting(one)
    (segment,) = (tmp_path / "0").glob("*.log")
    os.close(one._lock)  # as a kill would
    content = segment.read_bytes()
    segment.write_bytes(content[:-9])

    again = Journal(tmp_path)
    add(again)
    again.close()

    assert firsts(tmp_path) == [0, BLOCK]
    assert gaps(tmp_path) == [[1, BLOCK]]


def test_a_line_that_was_changed_is_named(tmp_path: Path) -> None:
    one = Journal(tmp_path)
    add(one)
    add(one)
    one.close()
    (segment,) = (tmp_path / "0").glob("*.log")
    segment.write_bytes(segment.read_bytes().replace(b'"first": 0', b'"first": 7'))

    with pytest.raises(Damaged, match=r"Line 1 of .*\.log was changed"):
        list(journal_segments.read(tmp_path))


def test_what_a_full_disk_does_not_take_is_counted_and_the_count_is_written_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, sync = Journal(tmp_path), os.fsync
    assert lasting(one) == (0, True)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        assert lasting(one, 3) == (1, False)
    assert one.dropped == 3 and os.fsync is sync
    assert lasting(one) == (4, True)
    one.close()

    assert [told["dropped"] for _, told in journal_segments.read(tmp_path) if "dropped" in told] == [3]
    assert firsts(tmp_path) == [0, 4]


def test_a_queue_that_is_full_drops_and_counts_and_makes_nobody_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    one, sync = Journal(tmp_path), os.fsync
    monkeypatch.setattr(journal, "CAPACITY", 10)
    monkeypatch.setattr(os, "fsync", lambda handle: (release.wait(30), sync(handle)))

    kept = [add(one) for _ in range(25)]
    release.set()
    one.close()

    assert kept[:10] == list(range(10)) and kept[10:] == [None] * 15
    assert one.dropped == 15
    assert firsts(tmp_path) == list(range(10))
    assert sum(told.get("dropped", 0) for _, told in journal_segments.read(tmp_path)) == 15


def test_a_log_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"")

    for begin in (Journal, journal.require):
        with pytest.raises(
            UnusableHome, match=r"The prediction log in .*/log cannot be written: (File exists|Not a dir)"
        ):
            begin(tmp_path / "log")
    journal.require(tmp_path / "new")
    assert not list((tmp_path / "new").iterdir())


def test_a_segment_that_is_full_is_followed_by_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "SEGMENT_BYTES", 200)
    one = Journal(tmp_path)
    for _ in range(20):
        lasting(one)
    one.close()

    assert len(list((tmp_path / "0").glob("*.log"))) > 3
    assert firsts(tmp_path) == list(range(20))


WRITER = """
import sys, pathlib
from tasks.adapters.journal import Journal
from tests.adapters.test_journal import lasting, add
one = Journal(pathlib.Path(sys.argv[1]))
while True:
    for _ in range(7):
        add(one, 2)
    first, is_there = lasting(one, 3)
    print(first, is_there, flush=True)
"""


def killed(folder: Path, seconds: float) -> list[int]:
    """Numbers that were answered for before a process that writes was killed."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline()]  # it has begun
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        answered += process.stdout.readlines()
    return [int(line.split()[0]) for line in answered if line.endswith("True\n")]


def check(folder: Path, answered: list[int]) -> None:
    spans = [
        (told["first"], told["first"] + len(told["rows"]))
        for _, told in journal_segments.read(folder)
        if "first" in told
    ]
    lost: list[Any] = gaps(folder)
    assert all(end <= begin for (_, end), (begin, _) in pairwise(spans))
    assert {*answered} <= {first for first, _ in spans}
    assert all(0 < end - first <= BLOCK for first, end in lost)
    covered = sorted([*spans, *map(tuple, lost)])
    assert all(end == begin for (_, end), (begin, _) in pairwise(covered))


@pytest.mark.parametrize("kills", [4, pytest.param(200, marks=pytest.mark.long)])
def test_killed_at_any_moment_every_number_is_there_once_or_in_a_gap_that_is_told(tmp_path: Path, kills: int) -> None:
    luck, answered = random.Random(7), list[int]()
    for _ in range(kills):
        answered += killed(tmp_path, luck.uniform(0, 0.3))
    last: Callable[[], None] = Journal(tmp_path).close
    last()

    assert len(answered) > kills
    check(tmp_path, answered)
