"""Sealing: each answer is visible once, whoever is killed at whatever moment; old ones go, and are counted."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from configs import environment
from configs.errors import Damaged
from tasks.adapters import journal as journals
from tasks.adapters.home import Home
from tasks.adapters.journal import Journal
from tasks.lineage import data
from tasks.scoring.steps import answers_at_rest, sealing
from tests import shop
from tests.answers import AT, append, close_segment, ids
from tests.deployments.conftest import own_variables


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    shop.write_pipeline(tmp_path / "pipelines")
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    opened = Home(tmp_path / "home")
    with closing(opened):
        yield opened


def several(home: Home) -> list[str]:
    """Answers of two pipelines in two journals, in closed segments and in open ones; names of those of the shop."""
    with closing(Journal(home.predictions)) as one, closing(Journal(home.predictions)) as other:
        for _ in range(3):
            append(one, size=3)
            append(one, "school", size=2)
            append(other, size=2)
            close_segment(one)
        append(one)
        append(other)
    zero = [f"0-{number + place}" for number in (0, 5, 10) for place in range(3)]
    return sorted([*zero, "0-15", *(f"1-{number}" for number in range(7))])


def segments(home: Home) -> list[Path]:
    return [path for path in home.predictions.glob("*/*.log") if path.stat().st_size]


def test_what_is_sealed_is_read_as_it_was_before(home: Home) -> None:
    wanted = several(home)
    before = answers_at_rest.table(home, "shop").sort_by("id")

    done = sealing.seal(home)

    assert segments(home) == []
    assert answers_at_rest.table(home, "shop").sort_by("id") == before
    assert ids(home) == wanted and len(ids(home, "school")) == 6
    assert (done.rows, sum(one.rows for one in home.ledger.predictions.segments())) == (23, 23)
    assert all(one.balances for one in home.ledger.predictions.segments())
    assert sealing.seal(home).segments == 0


def test_what_a_process_still_writes_is_left_to_it_and_read_all_the_same(home: Home) -> None:
    with closing(Journal(home.predictions)) as journal:
        append(journal)
        close_segment(journal)
        append(journal)

        sealing.seal(home)

        assert [path.stem for path in segments(home)] == [f"{1:015d}"]
        assert ids(home) == ["0-0", "0-1"]
        append(journal)
    assert ids(home) == ["0-0", "0-1", "0-2"]


def test_a_segment_is_closed_when_it_is_asked_for_or_old(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journals, "LOOK_SECONDS", 0.01)
    with closing(Journal(home.predictions)) as journal:
        append(journal)
        journals.ask_to_close(home.predictions)
        _wait_for_segments(home, 2)
        append(journal)
        monkeypatch.setattr(journals, "SEGMENT_SECONDS", 0.0)
        _wait_for_segments(home, 3)

    assert not list(home.predictions.rglob("close"))


def _wait_for_segments(home: Home, count: int) -> None:
    waiting = threading.Event()
    for _ in range(3_000):
        if len(list(home.predictions.glob("*/*.log"))) == count:
            return
        waiting.wait(0.01)
    raise AssertionError("nobody closes the segment")


def test_gaps_and_drops_are_sealed_with_their_segment(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    journal = Journal(home.predictions)
    append(journal)
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        append(journal, size=4)
    append(journal)
    os.close(journal._lock)  # as a kill would

    sealing.seal(home)

    (first, *rest) = home.ledger.predictions.segments()
    assert (first.rows, first.dropped, first.numbered, first.gap) == (2, 4, 4, journals.BLOCK - 6)
    assert first.balances and rest == []
    assert ids(home) == ["0-0", "0-5"]


SEALER = "from tasks.adapters import home; from tasks.scoring.steps import sealing; sealing.seal(home.current())"


KILLS = (
    "answers-sealed", "sealing-committed", "sealing-committed:2", "file-written", "commit-ahead:2", "removal-committed",
)  # fmt: skip


@pytest.mark.parametrize("failpoint", KILLS)
def test_killed_while_it_seals_each_answer_is_still_there_once(failpoint: str, home: Home, tmp_path: Path) -> None:
    wanted, school = several(home), ids(home, "school")
    shop.write_pipeline(tmp_path / "pipelines", "school", f"{shop.YAML}scoring: {{log: {{retention: 30}}}}\n")
    assert home.ledger.predictions.segments() == []
    more = {"INCUMBENT_FAILPOINT": failpoint, "INCUMBENT_PIPELINES": str(environment.read().pipelines)}

    killed = subprocess.run(
        [sys.executable, "-c", SEALER], cwd=environment.CHECKOUT, env=own_variables(home.folder, **more), check=False
    )

    assert killed.returncode == -signal.SIGKILL
    assert ids(home) == wanted
    assert len(ids(home, "school")) == (4 if failpoint == "removal-committed" else len(school))
    sealing.seal(home)
    assert ids(home) == wanted and ids(home, "school") == [] and segments(home) == []
    assert sum(one.expired for one in home.ledger.predictions.sealed("school")) == 6
    _nothing_is_left(home)


def _nothing_is_left(home: Home) -> None:
    """The store has what the ledger lists, and nothing else."""
    listed = {one.file for one in home.ledger.predictions.sealed() if one.file}
    assert {path.stem for path in (home.folder / "store" / "predictions").iterdir()} == listed


def test_a_reader_sees_each_answer_once_while_others_write_and_seal(home: Home) -> None:
    assert home.ledger
    stop, seen = threading.Event(), list[list[str]]()

    def write() -> None:
        with closing(Journal(home.predictions)) as journal:
            for _ in range(40):
                append(journal, size=2)
                close_segment(journal)
        stop.set()

    def seal() -> None:
        while not stop.is_set():
            sealing.seal(home)

    threads = [threading.Thread(target=write), threading.Thread(target=seal)]
    for thread in threads:
        thread.start()
    while not stop.is_set():
        seen.append(ids(home))
    for thread in threads:
        thread.join()

    assert all(len({*one}) == len(one) for one in seen)
    for before, after in zip(seen, [*seen[1:], ids(home)], strict=True):
        assert {*before} <= {*after}
    assert len(ids(home)) == 80


def test_a_segment_that_was_changed_stays_and_the_others_are_sealed(home: Home) -> None:
    several(home)
    path = home.predictions / "0" / f"{0:015d}.log"
    path.write_bytes(path.read_bytes().replace(b'"k0"', b'"k7"'))

    with pytest.raises(Damaged, match=r"Line 1 of .*\.log was changed"):
        sealing.seal(home)

    assert segments(home) == [path]


def test_a_file_that_was_changed_is_not_read(home: Home) -> None:
    several(home)
    sealing.seal(home)
    path = next((home.folder / "store" / "predictions").iterdir())
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(Damaged, match="was changed"):
        [answers_at_rest.table(home, name) for name in ("shop", "school")]


def test_a_clock_that_goes_back_harms_neither_names_nor_times(home: Home) -> None:
    hour = 3_600_000_000
    with closing(Journal(home.predictions)) as journal:
        for jump in (5 * hour, 0, 9 * hour, -hour):
            append(journal, at=AT + jump)
        close_segment(journal)

    sealing.seal(home)

    (part,) = home.ledger.predictions.sealed("shop")
    assert ids(home) == ["0-0", "0-1", "0-2", "0-3"]
    assert part.last_at - part.first_at == timedelta(hours=10, microseconds=-1)
    early = answers_at_rest.table(home, "shop", until=part.first_at + timedelta(hours=2))
    assert early["id"].to_pylist() == ["0-1", "0-3"]


def test_what_is_older_than_the_retention_goes_and_is_counted(home: Home, tmp_path: Path) -> None:
    shop.write_pipeline(tmp_path / "pipelines", text=f"{shop.YAML}scoring: {{log: {{retention: 30}}}}\n")
    wanted = several(home)
    last = answers_at_rest.table(home, "shop")["answered"].to_pylist()[-1]
    home.clock = lambda: last + timedelta(days=29)
    assert sealing.seal(home).expired == {} and ids(home) == wanted

    home.clock = lambda: last + timedelta(days=31)
    done = sealing.seal(home)

    assert done.expired == {"shop": 17} and ids(home) == []
    assert len(ids(home, "school")) == 6  # it says nothing of its own
    parts = home.ledger.predictions.sealed("shop")
    assert {(one.file, one.rows) for one in parts} == {(None, 0)} and sum(one.expired for one in parts) == 17
    _nothing_is_left(home)


def test_a_removal_that_was_cut_off_is_finished_by_the_next(home: Home) -> None:
    several(home)
    sealing.seal(home)
    (part, *_) = home.ledger.predictions.sealed("shop")
    home.ledger.predictions.shrink(part, replace(part, file=None, rows=0, expired=part.rows))

    sealing.seal(home)

    _nothing_is_left(home)


def test_a_notebook_has_it_as_a_table(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.adapters import home as homes

    several(home)
    sealing.seal(home)
    with homes.use(home):
        times = data.predictions("shop")["answered"].to_pylist()
        some = data.predictions("shop", since=times[1], until=times[-1])
        (count,) = data.ask("shop", "select count(*) as n from predictions")["n"].to_pylist()

    assert count == len(times) == 17
    assert 0 < some.num_rows < 17 and min(times).timestamp() * 1e6 == AT
