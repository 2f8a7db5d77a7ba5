"""Decision tables: what does each trigger become, and which turns run? To be read aloud.

It is 12:30. `new_data a` is a trigger about the delivery `a`, `drift a` about what was seen in it; `schedule` and
`manual` are about none. A past turn `a 11:00-11:10` is done, `a 11:00-` was cut off. What stays `open` waits.
"""

import hashlib
import io
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.domain.turns import Outcome, Trigger
from tasks.ingestion import tasks as ingestion
from tests import shop
from tests.homes import forget_place

NOON = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
COOLING = "skipped: cooldown until 2026-03-10 13:10 UTC"
SPENT = "the budget of {} turns a day is used up"
NOTHING, NOTHING_NEW = "skipped: no batch waits", "skipped: no batch waits; nothing is new since turn 1"
GONE = "skipped: its delivery is not in the landing folder any more"
FEW = "skipped: 10 new rows wait, at least 11 are wanted"
A, B = "12:29 new_data a", "12:29 new_data b"
DRIFT, MANUAL, CLOCK, FORCED = "12:29 drift", "12:29 manual", "12:29 schedule", "12:29 manual force"
A_DONE, A_CUT = "a 12:00-12:10", "a 12:00-"

#   inbox                         waits   past turns     limits                    turns that run     what each becomes
SIMPLE: list[tuple[list[str], str, list[str], dict[str, int], str, list[str]]] = [
    ([A], "a", [], {}, "a", ["turn 1"]),
    ([A, CLOCK, DRIFT, MANUAL], "a", [], {}, "a", ["turn 1", "turn 1", "turn 1", "turn 1"]),
    ([B, A, DRIFT], "ab", [], {}, "ab", ["turn 2", "turn 1", "turn 1"]),
    ([CLOCK], "ab", [], {}, "ab", ["turn 1"]),
    ([MANUAL], "", [], {}, "", [NOTHING]),
    ([MANUAL, CLOCK], "", [A_DONE], {}, "", [NOTHING_NEW, NOTHING_NEW]),
    ([FORCED], "", [A_DONE], {}, "", [NOTHING_NEW]),
    ([], "", [], {}, "", []),
]
LATE = [
    ([A], "", [A_DONE], {}, "", ["turn 1"]),
    ([A, B], "b", [A_DONE], {}, "b", ["turn 1", "turn 2"]),
    (["12:05 schedule", "12:10 drift", "12:11 manual"], "", [A_DONE], {}, "", ["turn 1", "turn 1", NOTHING_NEW]),
    (["12:05 drift a", "12:05 manual"], "b", [A_DONE], {}, "b", ["turn 1", "turn 2"]),
    (["12:05 performance a", B], "b", [A_DONE], {"cooldown_minutes": 60}, "", ["turn 1", "open"]),
    (["12:05 drift b"], "b", [A_DONE], {}, "b", ["turn 2"]),
]
GONE_AND_CUT_OFF = [
    ([A], "", [], {}, "", [GONE]),
    ([A, B, DRIFT], "b", [], {}, "b", [GONE, "turn 1", "turn 1"]),
    ([A, FORCED], "", [], {}, "", [GONE, NOTHING]),
    ([CLOCK], "a", [A_CUT], {}, "a", ["turn 1"]),
    ([CLOCK], "", [A_CUT], {}, "a", ["turn 1"]),
    ([B, DRIFT], "ab", [A_CUT], {"min_new_rows": 1000}, "a", ["open", "turn 1"]),
    ([B, CLOCK], "ab", ["c 12:00-12:10", A_CUT], {"cooldown_minutes": 60}, "a", ["open", "turn 2"]),
    ([B, CLOCK], "ab", ["c 12:00-12:10", A_CUT], {"turns_per_day": 1}, "a", ["open", "turn 2"]),
    ([A, B], "ab", [A_CUT], {}, "ab", ["turn 1", "turn 2"]),
    ([B, CLOCK], "bz", ["z 12:00-"], {}, "zb", ["turn 2", "turn 1"]),
]
LIMITS = [
    ([B, CLOCK, DRIFT, MANUAL], "b", [A_DONE], {"cooldown_minutes": 60}, "", ["open", COOLING, COOLING, COOLING]),
    ([B, CLOCK], "b", [A_DONE], {"cooldown_minutes": 20}, "b", ["turn 2", "turn 2"]),
    ([B, CLOCK], "b", [A_DONE], {"cooldown_minutes": 21}, "", ["open", "skipped: cooldown until 2026-03-10 12:31 UTC"]),
    ([B, FORCED], "b", [A_DONE], {"cooldown_minutes": 60}, "b", ["turn 2", "turn 2"]),
    ([B, CLOCK], "b", [A_DONE], {"turns_per_day": 1}, "", ["open", f"skipped: {SPENT.format(1)}"]),
    ([B, CLOCK], "b", ["a yesterday"], {"turns_per_day": 1}, "b", ["turn 2", "turn 2"]),
    ([B, "12:29 new_data c", CLOCK], "bc", [A_DONE], {"turns_per_day": 2}, "b", ["turn 2", "open", "turn 2"]),
    ([B, FORCED], "b", [A_DONE], {"turns_per_day": 1}, "b", ["turn 2", "turn 2"]),
    ([A, CLOCK], "a", [], {"min_new_rows": 11}, "", ["open", FEW]),
    ([A, CLOCK], "a", [], {"min_new_rows": 10}, "a", ["turn 1", "turn 1"]),
    ([A, B, CLOCK], "ab", [], {"min_new_rows": 20}, "ab", ["turn 1", "turn 2", "turn 1"]),
    ([B, CLOCK], "ab", [A_CUT], {"min_new_rows": 11}, "a", ["open", "turn 1"]),
    ([A, FORCED], "a", [], {"min_new_rows": 11}, "a", ["turn 1", "turn 1"]),
    ([A], "a", [], {"cooldown_minutes": 60, "turns_per_day": 1, "min_new_rows": 10}, "a", ["turn 1"]),
]


@dataclass
class World:
    """A home with a landing folder, the turns that there have been, and a clock that stands still until it is set."""

    home: Home
    now: datetime = NOON
    ran: list[str] = field(default_factory=list)
    waits: str | None = None
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def deliver(self, names: str) -> None:
        """Ten rows each."""
        folder = self.home.landing("shop")
        folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            (folder / f"{name}.parquet").write_bytes(_content(name))

    def remember(self, turn: str) -> None:
        """`a 11:00-11:10`, `a 11:00-` or `a yesterday`."""
        name, _, times = turn.partition(" ")
        begin, _, end = times.partition("-")
        present, ledger = self.now, self.home.ledger
        self.now = present - timedelta(days=1) if times == "yesterday" else _at(begin)
        number = ledger.turns.open("shop", _digest(name), name, None)
        if end or times == "yesterday":
            self.now = _at(end) if end else self.now
            ledger.turns.close("shop", number, Outcome.NOT_JUDGED, ("why",))
        self.now = present

    def record(self, said: str) -> None:
        """`12:29 new_data a` or `12:29 manual force`."""
        time, kind, *rest = said.split()
        about = rest[0] if rest and rest != ["force"] else None
        prefix = "batch" if kind == "new_data" else kind
        key = f"{prefix}:{_digest(about)}" if about else f"{kind}:{next(self.numbers)}"
        present, self.now = self.now, _at(time)
        self.home.ledger.inbox.record("shop", kind, key, said, force=rest == ["force"])
        self.now = present

    def work_off(self, began: datetime | None = None) -> list[str]:
        """One pass of a run through the inbox, with turns that only begin and end; the deliveries that had one."""
        ledger, done = self.home.ledger, []
        with ledger.lease.held("shop"):
            newest, waiting = ledger.inbox.newest("shop"), ingestion.list_waiting.fn("shop")
            agenda = coordination.settle_inbox.fn("shop", waiting, began or self.now, newest)
            for delivery in (one for one in waiting.deliveries if one.digest in agenda.deliveries):
                turn = coordination.open_turn.fn("shop", delivery)
                ledger.turns.close("shop", turn.number, Outcome.NOT_JUDGED, ("why",))
                done.append(delivery.name)
        self.ran, self.waits = [*self.ran, *done], agenda.waits
        return done

    def triggers(self) -> list[Trigger]:
        """What was recorded from outside; that a delivery landed is also noted by its turn."""
        return [one for one in self.home.ledger.inbox.all("shop") if not one.evidence.endswith(" landed")]

    def ends(self) -> list[str]:
        """What became of each trigger."""
        return [f"turn {one.turn}" if one.turn else f"{one.state}{_because(one)}" for one in self.triggers()]


Make = Callable[..., AbstractContextManager[World]]


def _content(name: str) -> bytes:
    file = io.BytesIO()
    pq.write_table(pa.table({"of": [name] * 10}), file)
    return file.getvalue()


def _digest(name: str) -> str:
    return hashlib.sha256(_content(name)).hexdigest()


def _at(time: str) -> datetime:
    hour, _, minute = time.partition(":")
    return NOON.replace(hour=int(hour), minute=int(minute))


def _because(trigger: Trigger) -> str:
    return f": {trigger.reason}" if trigger.reason else ""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose schema is made."""
    home = Home(tmp_path_factory.mktemp("ledger"))
    home.ledger.close()
    return forget_place(home.folder) / "ledger.db"


@pytest.fixture
def world(tmp_path: Path, template: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes a world with the given limits."""

    @contextmanager
    def make(limits: dict[str, int]) -> Iterator[World]:
        shop.write_pipeline(tmp_path / "pipelines", text=f"{shop.YAML}coordination: {limits}\n")
        monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
        (tmp_path / "home" / "landing" / "shop").mkdir(parents=True)
        shutil.copyfile(template, tmp_path / "home" / "ledger.db")
        home = Home(tmp_path / "home", clock=lambda: made.now)
        made = World(home)
        with homes.use(home):
            yield made

    return make


def check(world: Make, row: tuple[list[str], str, list[str], dict[str, int], str, list[str]]) -> None:
    inbox, waits, past, limits, turns, ends = row
    with world(limits) as made:
        made.deliver(waits)
        for turn in past:
            made.remember(turn)
        for trigger in inbox:
            made.record(trigger)

        made.work_off()

        assert ("".join(made.ran), made.ends()) == (turns, ends)
        assert bool(made.waits) == bool(set(waits) - set(turns))


@pytest.mark.parametrize("row", SIMPLE)
def test_a_run_takes_every_trigger_and_does_one_turn_for_each_batch_that_waits(world, row):
    check(world, row)


@pytest.mark.parametrize("row", LATE)
def test_a_trigger_that_comes_late_belongs_to_the_turn_that_had_the_data_and_any_other_to_one_follow_up(world, row):
    check(world, row)


@pytest.mark.parametrize("row", GONE_AND_CUT_OFF)
def test_what_is_gone_ends_its_trigger_and_what_was_cut_off_goes_on_whatever_the_limits(world, row):
    check(world, row)


@pytest.mark.parametrize("row", LIMITS)
def test_limits_hold_back_turns_and_never_lose_data(world, row):
    check(world, row)


def test_after_two_days_of_downtime_48_overdue_schedules_are_one_catch_up(world):
    with world({}) as made:
        made.deliver("a")
        for hour in range(48):
            made.now = NOON - timedelta(hours=48 - hour)
            made.home.ledger.inbox.record("shop", "schedule", f"schedule:{hour}", "it was time")
        made.now = NOON

        made.work_off()

        assert made.ran == ["a"]
        assert made.ends() == ["turn 1"] * 48


def test_overdue_runs_that_start_one_after_the_other_find_nothing_new(world):
    with world({}) as made:
        made.deliver("a")
        for _ in range(48):
            made.now += timedelta(minutes=1)
            made.record(f"{made.now:%H:%M} schedule")
            made.work_off()

        assert made.ran == ["a"]
        assert made.ends() == ["turn 1", *[NOTHING_NEW] * 47]


def test_the_turns_of_one_run_hold_back_the_next_run_and_not_each_other(world):
    with world({"cooldown_minutes": 60}) as made:
        made.deliver("a")
        first = made.work_off()
        began = made.now
        made.deliver("b")
        made.now += timedelta(minutes=5)

        other, own = made.work_off(), made.work_off(began - timedelta(seconds=1))

    assert (first, other, own) == (["a"], [], ["b"])


def test_with_every_limit_at_once_each_delivery_has_its_turn_in_the_end_and_only_one(world):
    with world({"cooldown_minutes": 90, "turns_per_day": 2, "min_new_rows": 20}) as made:
        for day, names in enumerate(["a", "bcd", "", "e", "f", "g", "", ""]):
            made.deliver(names)
            for hour in range(0, 24, 2):
                made.now = NOON + timedelta(days=day, hours=hour)
                made.record("12:29 schedule")
                made.work_off()
        made.record("12:29 manual force")
        made.work_off()

        a_day = [row["started"][:10] for row in made.home.ledger.turns.all("shop")]
        assert sorted(made.ran) == list("abcdefg")
        assert max(a_day.count(day) for day in a_day) == 2
        assert "open" not in made.ends()


def test_a_delivery_that_lands_while_a_run_looks_is_left_to_its_next_pass_and_not_called_gone(world):
    with world({}) as made:
        ledger = made.home.ledger
        newest, waiting = ledger.inbox.newest("shop"), ingestion.list_waiting.fn("shop")
        made.deliver("a")
        made.record(A)

        coordination.settle_inbox.fn("shop", waiting, made.now, newest)
        between = made.ends()
        made.work_off()

        assert (between, made.ends(), made.ran) == (["open"], ["turn 1"], ["a"])


def test_a_turn_that_was_given_up_is_over_and_later_batches_go_on(world):
    with world({}) as made:
        made.deliver("ab")
        made.remember(A_CUT)
        made.home.ledger.turns.close("shop", 1, Outcome.FAILED, ("given up after 4 attempts",))

        made.work_off()

        assert made.ran == ["b"]
