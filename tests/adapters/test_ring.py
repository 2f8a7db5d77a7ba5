"""The last records of a process are kept, no more than so many, and nobody waits for it."""

from pathlib import Path

import pytest

from tasks.adapters import ring
from tasks.adapters.ring import Ring


def add(folder: Path, count: int, *, size: int = 0) -> list[int]:
    place = folder / "0"
    place.mkdir(exist_ok=True)
    one = Ring(place)
    numbers = [one.add({"text": "x" * size}) for _ in range(count)]
    one.close()
    return numbers


def kept(folder: Path) -> list[int]:
    return [record["number"] for _, record in ring.read(folder)]


def test_what_was_added_is_read_in_order(tmp_path: Path) -> None:
    numbers = [*add(tmp_path, 3), *add(tmp_path, 2)]

    assert kept(tmp_path) == numbers == sorted({*numbers})


def test_only_the_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "RECORDS", 10)
    numbers = [number for _ in range(7) for number in add(tmp_path, 5)]

    assert 5 <= len(kept(tmp_path)) <= 10
    assert kept(tmp_path) == numbers[-len(kept(tmp_path)) :]


def test_they_take_no_more_room_than_is_theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "BYTES", 2_000)

    add(tmp_path, 40, size=300)

    assert sum(path.stat().st_size for path in (tmp_path / "0").glob("*.jsonl")) <= 2_000
    assert kept(tmp_path)


def test_what_comes_too_fast_is_lost_and_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ring, "_WAITING", 3)

    numbers = add(tmp_path, 50)

    assert {*kept(tmp_path)} <= {*numbers} and numbers[-1] in kept(tmp_path)


def test_a_clock_that_goes_back_gives_no_number_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = add(tmp_path, 2)
    monkeypatch.setattr(ring.time, "time_ns", lambda: 5_000)

    second = add(tmp_path, 2)

    assert [*first, *second] == sorted({*first, *second})


def test_a_torn_line_is_passed_over_and_a_full_disk_harms_nobody(tmp_path: Path) -> None:
    numbers = add(tmp_path, 2)
    path = tmp_path / "0" / "refused.jsonl"
    path.write_bytes(path.read_bytes() + b'{"number": 3, "te')

    assert kept(tmp_path) == numbers
    path.unlink()
    path.mkdir()  # nothing can be written there

    assert len(add(tmp_path, 2)) == 2 and kept(tmp_path) == []


def test_some_are_removed(tmp_path: Path) -> None:
    numbers = add(tmp_path, 4)

    gone = ring.drop(tmp_path, lambda record: record["number"] in numbers[1:3])

    assert (gone, kept(tmp_path)) == (2, [numbers[0], numbers[3]])
