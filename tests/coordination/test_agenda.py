"""The agenda: what the inbox leads to, asked of a real ledger and a real folder; the rules are in tests/spec."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from prefect import flow

from configs.environment import CHECKOUT
from tasks.adapters import home as homes
from tasks.adapters.home import Home
from tasks.coordination import tasks as coordination
from tasks.coordination.course import Agenda, Past
from tasks.coordination.steps import agenda
from tasks.domain.alert_kinds import AlertKind
from tasks.domain.trigger_kinds import TriggerKind
from tasks.domain.turns import Outcome
from tasks.ingestion.steps import arrivals
from tests import shop

NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
LIMITED = f"{shop.YAML}coordination: {{cooldown_minutes: 60, min_new_rows: 15}}\n"


class Clock:
    """Stands still until it is put forward."""

    now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **much: float) -> None:
        self.now += timedelta(**much)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def ledger_url(either_ledger: str | None) -> str | None:
    """All of it is so on both databases."""
    return either_ledger


@pytest.fixture
def furnish(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch, ledger_url: str | None
) -> Iterator[Callable[[str], Home]]:
    """Makes a home whose pipeline has these settings."""
    made: list[Home] = []

    def make(text: str) -> Home:
        shop.write_pipeline(tmp_path / "pipelines", text=text)
        monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
        made.append(Home(tmp_path / "home", ledger_url, clock=clock))
        made[-1].landing("shop").mkdir(parents=True)
        return made[-1]

    yield make
    for home in made:
        home.close()


@pytest.fixture
def home(furnish: Callable[[str], Home]) -> Home:
    return furnish(shop.YAML)


def put(home: Home, *names: str, rows: int = 10) -> None:
    for name in names:
        pq.write_table(pa.table({"of": [name] * rows}), home.landing("shop") / f"{name}.parquet")


def digest(home: Home, name: str) -> str:
    return next(one.digest for one in arrivals.look(home, "shop").deliveries if one.name == name)


def record(home: Home, key: str) -> None:
    assert home.ledger.inbox.record("shop", "manual", key, "asked for by hand")


def turn(home: Home, name: str, *, done: bool = True) -> int:
    found = digest(home, name)
    number = home.ledger.turns.open("shop", found, name, None)
    home.ledger.inbox.record("shop", "new_data", f"batch:{found}", f"{name} landed", turn=number)
    home.ledger.inbox.cover("shop", number, found)
    if done:
        home.ledger.turns.close("shop", number, Outcome.NOT_JUDGED, ("why",))
    return number


# ── the past and the plan ─────────────────────────────────────────────────────────────────────────────────────────
def test_the_past_is_every_turn_with_its_times(home: Home, clock: Clock) -> None:
    put(home, "a", "b")
    first, second = digest(home, "a"), digest(home, "b")
    turn(home, "a")
    clock.forward(minutes=5)
    turn(home, "b", done=False)

    later = NOW + timedelta(minutes=5)
    assert agenda.past(home, "shop") == [Past(1, first, NOW, NOW), Past(2, second, later, None)]


def test_a_plan_is_made_of_what_waits_and_of_what_is_recorded(home: Home) -> None:
    put(home, "a", "b")
    turn(home, "a")
    record(home, f"batch:{'f' * 64}")

    found = agenda.plan(home, "shop", arrivals.look(home, "shop"))

    (gone,) = home.ledger.inbox.open("shop")
    assert found.deliveries == (digest(home, "b"),)
    assert list(found.skips) == [gone.id]


def test_rows_of_a_turn_that_was_cut_off_are_not_rows_that_wait(furnish: Callable[[str], Home]) -> None:
    home = furnish(LIMITED)
    put(home, "a", rows=100)
    turn(home, "a", done=False)
    put(home, "b")

    found = agenda.plan(home, "shop", arrivals.look(home, "shop"))

    assert found == Agenda((digest(home, "a"),), waits="10 new rows wait, at least 15 are wanted")


def test_a_file_whose_rows_cannot_be_counted_is_looked_at(furnish: Callable[[str], Home]) -> None:
    home = furnish(LIMITED)
    (home.landing("shop") / "broken.parquet").write_bytes(b"PAR1 but no more")

    assert agenda.plan(home, "shop", arrivals.look(home, "shop")).deliveries == (digest(home, "broken"),)


def test_a_trigger_from_after_the_look_is_left_for_the_next_one(home: Home) -> None:
    record(home, "manual:1")
    newest, waiting = home.ledger.inbox.newest("shop"), arrivals.look(home, "shop")
    put(home, "a")
    record(home, f"batch:{digest(home, 'a')}")

    found = agenda.plan(home, "shop", waiting, newest=newest)

    assert list(found.skips) == [newest]


# ── what is announced ─────────────────────────────────────────────────────────────────────────────────────────────
def test_each_delivery_is_announced_until_a_trigger_or_a_turn_knows_it(home: Home) -> None:
    put(home, "a", "b", "c")
    turn(home, "a")
    record(home, f"batch:{digest(home, 'b')}")

    assert agenda.unannounced(home, "shop") == [(f"batch:{digest(home, 'c')}", "c landed")]


def test_a_delivery_that_was_gone_and_is_back_is_announced_again_and_again(home: Home) -> None:
    put(home, "a")
    found = digest(home, "a")
    keys = []
    for _ in range(3):
        ((key, evidence),) = agenda.unannounced(home, "shop")
        keys.append(key)
        record(home, key)
        waits = agenda.unannounced(home, "shop")
        (trigger,) = home.ledger.inbox.open("shop")
        home.ledger.inbox.skip("shop", {trigger.id: "its delivery is not in the landing folder any more"})

    assert keys == [f"batch:{found}", f"batch:{found}:2", f"batch:{found}:3"]
    assert (waits, evidence) == ([], "a landed again")


def test_a_copy_of_a_delivery_is_no_news(home: Home) -> None:
    put(home, "a")
    (home.landing("shop") / "copy.parquet").write_bytes((home.landing("shop") / "a.parquet").read_bytes())

    assert [evidence for _, evidence in agenda.unannounced(home, "shop")] == ["a landed"]


def test_a_reason_without_a_key_has_that_of_its_flow_run(home: Home, prefect_api: Path) -> None:
    @flow
    def ask() -> list[bool]:
        with homes.use(home):
            return [coordination.record_trigger.fn("shop", TriggerKind.MANUAL, "", "", False) for _ in range(2)]

    new = [ask(), ask()]

    first, second = [trigger.key for trigger in home.ledger.inbox.open("shop")]
    assert new == [[True, False]] * 2
    assert first.startswith("manual:")
    assert first != second


# ── what the sweep starts ─────────────────────────────────────────────────────────────────────────────────────────
def overdue(home: Home) -> str | None:
    found = agenda.overdue(home, "shop")
    return found.key if found else None


def owe_a_word(home: Home) -> None:
    home.ledger.inbox.alert("shop", AlertKind.GIVEN_UP, 1, "a word")


def promote(home: Home) -> None:
    put(home, "a")
    number = turn(home, "a")
    home.ledger.promotions.promote("shop", 1, "m", number, by="first champion policy", reason="better")


@pytest.mark.parametrize(
    ("happens", "is_idle"),
    [
        (lambda home: None, True),
        (lambda home: put(home, "a"), False),
        (lambda home: (put(home, "a"), turn(home, "a")), True),
        (lambda home: (put(home, "a"), turn(home, "a", done=False)), False),
        (lambda home: record(home, "manual:1"), False),
        (owe_a_word, False),
        (promote, False),
    ],
)
def test_a_look_is_idle_where_a_sweep_would_find_nothing(
    happens: Callable[[Home], object], is_idle: bool, furnish: Callable[[str], Home], clock: Clock
) -> None:
    home = furnish(f"{shop.YAML}coordination: {{max_model_age_days: 7}}\n")
    happens(home)
    clock.forward(days=8)

    assert agenda.is_idle(home, "shop", arrivals.look(home, "shop")) == is_idle


def test_nothing_is_overdue_where_nothing_was_recorded(home: Home) -> None:
    put(home, "a")

    assert overdue(home) is None


def test_a_trigger_that_no_announcement_brought_to_anybody_is_found_after_half_a_minute(
    home: Home, clock: Clock
) -> None:
    put(home, "a")
    record(home, f"batch:{digest(home, 'a')}")
    clock.forward(seconds=29)
    early = overdue(home)
    clock.forward(seconds=1)

    assert (early, overdue(home)) == (None, f"batch:{digest(home, 'a')}")


def test_one_that_leads_to_nothing_is_found_too_so_that_it_ends(home: Home, clock: Clock) -> None:
    record(home, "schedule:1")
    clock.forward(minutes=1)

    assert overdue(home) == "schedule:1"


def test_data_that_waits_for_the_cooldown_starts_no_run_before_it_is_over(
    furnish: Callable[[str], Home], clock: Clock
) -> None:
    home = furnish(LIMITED)
    put(home, "a", "b", rows=100)
    turn(home, "a")
    record(home, f"batch:{digest(home, 'b')}")
    clock.forward(minutes=59)
    early = overdue(home)
    clock.forward(minutes=1)

    assert (early, overdue(home)) == (None, f"batch:{digest(home, 'b')}")


def test_while_somebody_works_nothing_is_started(home: Home, clock: Clock) -> None:
    put(home, "a")
    record(home, "manual:1")
    turn(home, "a", done=False)
    record(home, "manual:2")
    clock.forward(hours=5)

    with home.ledger.lease.held("shop"):
        during = overdue(home)

    assert (during, overdue(home)) == (None, "manual:1")


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 2), (3, 4), (5, 16)])
def test_a_turn_that_was_cut_off_is_taken_up_after_a_pause_that_grows_with_each_attempt(
    home: Home, clock: Clock, attempts: int, minutes: int
) -> None:
    put(home, "a")
    record(home, "manual:1")
    for _ in range(attempts):
        clock.forward(hours=3)
        turn(home, "a", done=False)
    clock.forward(seconds=minutes * 60 - 1)
    early = overdue(home)
    clock.forward(seconds=1)

    assert (early, overdue(home)) == (None, "manual:1")


def test_a_turn_that_was_killed_before_it_covered_anything_is_found_by_what_began_it(home: Home, clock: Clock) -> None:
    put(home, "a")
    record(home, "manual:1")
    home.ledger.turns.open("shop", digest(home, "a"), "a", None)
    clock.forward(minutes=2)

    assert overdue(home) == "manual:1"


def test_a_killed_run_is_followed_at_once_the_first_time_and_after_a_pause_from_then_on(
    home: Home, clock: Clock
) -> None:
    put(home, "a")
    record(home, "manual:1")
    turn(home, "a", done=False)
    first = agenda.overdue(home, "shop", crashed=True)
    turn(home, "a", done=False)
    second = agenda.overdue(home, "shop", crashed=True)
    clock.forward(seconds=61)

    third = agenda.overdue(home, "shop", crashed=True)

    assert first is not None and third is not None
    assert (first.key, second, third.key) == ("manual:1", None, "manual:1")


def test_a_pause_is_over_when_the_turn_is_done_by_another_run(home: Home, clock: Clock) -> None:
    put(home, "a", "b")
    record(home, "manual:1")
    turn(home, "a", done=False)
    home.ledger.turns.close("shop", 1, Outcome.NOT_JUDGED, ("why",))
    record(home, f"batch:{digest(home, 'b')}")
    clock.forward(seconds=31)

    assert overdue(home) == f"batch:{digest(home, 'b')}"


def test_to_ask_what_is_overdue_needs_no_pandas(home: Home) -> None:
    code = "import sys, tasks.coordination.steps.agenda; sys.exit(bool({'pandas', 'mlflow', 'sklearn'} & set(sys.modules)))"

    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)
