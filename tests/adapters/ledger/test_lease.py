"""The lease: one holder at a time; the dead are followed at once, the silent after a while, and change nothing more."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from configs.errors import Busy
from tasks.adapters.ledger import codec
from tasks.adapters.ledger import lease as leases
from tasks.adapters.ledger.book import Ledger
from tests.adapters.ledger.conftest import Clock, Database
from tests.fixtures_namespaces import NAMESPACES, unshared
from tests.fixtures_server import wait_until

HOLDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from configs.errors import Busy
from tasks.adapters.ledger.book import Ledger
ledger = Ledger(sys.argv[1], Path(sys.argv[2]), lambda: datetime.now(UTC))
with ledger.lease.held("shop") as fence:
    print(fence, flush=True)
    for line in sys.stdin:
        try:
            print("turn", ledger.turns.open("shop", line.strip(), "name", None), flush=True)
        except Busy as problem:
            print(problem, flush=True)
"""
LATER = leases.EXPIRY + timedelta(seconds=1)
Holder = subprocess.Popen[str]


@pytest.fixture
def start_holder(database: Database) -> Iterator[Callable[[], Holder]]:
    """Starts another process that holds the lease of `shop` and opens a turn for each line it is told."""
    started: list[Holder] = []

    def start() -> Holder:
        pipe, command = subprocess.PIPE, [sys.executable, "-c", HOLDER, database.url, str(database.lock)]
        started.append(subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True))
        assert said(started[-1]).isdigit()
        return started[-1]

    yield start
    for holder in started:
        holder.kill()
        holder.communicate()


def said(holder: Holder) -> str:
    assert holder.stdout is not None
    return holder.stdout.readline().strip()


def told(holder: Holder, line: str) -> str:
    assert holder.stdin is not None
    holder.stdin.write(f"{line}\n")
    holder.stdin.flush()
    return said(holder)


@contextmanager
def paused(holder: Holder) -> Iterator[None]:
    os.kill(holder.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(holder.pid, signal.SIGCONT)


# ── between processes ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_live_holder_is_named_to_whoever_comes_second(start_holder: Callable[[], Holder], ledger: Ledger) -> None:
    holder = start_holder()

    words = rf"process {holder.pid} on \S+ works on 'shop'\. Wait for it to end"
    with pytest.raises(Busy, match=words), ledger.lease.held("shop"):
        pytest.fail("two held it")

    assert told(holder, "a") == "turn 1"


def test_a_killed_holder_is_followed_at_once(start_holder: Callable[[], Holder], ledger: Ledger) -> None:
    holder = start_holder()
    holder.kill()
    holder.wait()

    with ledger.lease.held("shop") as fence:
        number = ledger.turns.open("shop", "a", "name", None)

    assert (fence, number) == (2, 1)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_killed_holder_that_nobody_has_waited_for_is_dead_all_the_same(
    start_holder: Callable[[], Holder], ledger: Ledger
) -> None:
    holder = start_holder()
    holder.kill()
    wait_until(lambda: Path(f"/proc/{holder.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")

    with ledger.lease.held("shop") as fence:
        pass

    assert fence == 2


def test_a_paused_holder_is_followed_after_the_expiry_and_changes_nothing_when_it_wakes(
    start_holder: Callable[[], Holder], ledger: Ledger, clock: Clock
) -> None:
    holder = start_holder()
    with paused(holder):
        with pytest.raises(Busy), ledger.lease.held("shop"):
            pytest.fail("it was taken too early")
        clock.ahead = LATER
        with ledger.lease.held("shop") as fence:
            ledger.turns.open("shop", "mine", "name", None)

    answer = told(holder, "theirs")

    assert fence == 2
    assert "another one has taken over 'shop' (fencing token 1, now 2)" in answer
    assert [row["batch"] for row in ledger.turns.all("shop")] == ["mine"]


def test_a_holder_that_ends_well_gives_the_lease_back(start_holder: Callable[[], Holder], ledger: Ledger) -> None:
    holder = start_holder()
    holder.communicate()

    with ledger.lease.held("shop") as fence:
        pass

    assert (holder.returncode, fence) == (0, 2)


# ── between containers ────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(params=NAMESPACES)
def contained(request: pytest.FixtureRequest, database: Database) -> Iterator[Holder]:
    """A holder on the same machine, with the same host name and, perhaps, a number that somebody has here."""
    command = [*unshared(request.param), sys.executable, "-c", HOLDER, database.url, str(database.lock)]
    pipe = subprocess.PIPE
    holder = subprocess.Popen(command, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True)
    assert said(holder).isdigit()
    yield holder
    holder.kill()
    holder.communicate()


def test_a_holder_in_another_container_is_not_taken_for_dead(contained: Holder, ledger: Ledger) -> None:
    with pytest.raises(Busy), ledger.lease.held("shop"):
        pytest.fail("two held it")

    assert told(contained, "a") == "turn 1"


def test_a_dead_holder_in_another_container_is_followed_late(contained: Holder, ledger: Ledger, clock: Clock) -> None:
    contained.kill()
    contained.wait()
    with pytest.raises(Busy), ledger.lease.held("shop"):
        pytest.fail("nobody can know from here that it is dead")

    clock.ahead = LATER
    with ledger.lease.held("shop") as fence:
        pass

    assert fence == 2


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_container_does_not_take_the_lease_of_its_host(namespace: str, database: Database, ledger: Ledger) -> None:
    with ledger.lease.held("shop"):
        command = [*unshared(namespace), sys.executable, "-c", HOLDER, database.url, str(database.lock)]
        tried = subprocess.run(command, cwd=CHECKOUT, input="", capture_output=True, text=True, check=False)
        number = ledger.turns.open("shop", "a", "name", None)

    assert "configs.errors.Busy" in tried.stderr
    assert (tried.stdout, number) == ("", 1)


OLDER = {
    "before places": f"process 1 on {socket.gethostname()} since 7",
    "off Linux": f"process 1 on {socket.gethostname()} since Sun Nov 29 05:39:10 2026",
    "after a restart": f"process 1 on {socket.gethostname()} since 7 in 00000000-0000-0000-0000-000000000000/1/2",
    "not of ours": "somebody",
}


@pytest.mark.skipif(sys.platform != "linux", reason="places are known on Linux")
@pytest.mark.parametrize("holder", OLDER.values(), ids=OLDER.keys())
def test_a_lease_that_cannot_be_judged_ends_by_its_expiry(
    holder: str, ledger: Ledger, database: Database, clock: Clock
) -> None:
    with ledger.lease.held("shop"):
        pass
    expires = codec.stamp(clock() + leases.EXPIRY)
    database.execute("update leases set holder = :holder, expires = :expires", holder=holder, expires=expires)

    with pytest.raises(Busy, match=re.escape(holder.partition(" since ")[0])), ledger.lease.held("shop"):
        pytest.fail("it was judged")
    clock.ahead = LATER
    with ledger.lease.held("shop") as fence:
        pass

    assert fence == 2


# ── inside one process ────────────────────────────────────────────────────────────────────────────────────────────
def test_the_token_grows_with_each_holder(ledger: Ledger) -> None:
    fences = []
    for _ in range(3):
        with ledger.lease.held("shop") as fence:
            fences.append(fence)

    assert fences == [1, 2, 3]


def test_pipelines_have_leases_of_their_own(ledger: Ledger) -> None:
    with ledger.lease.held("shop") as one, ledger.lease.held("flights") as other:
        fences = (one, other)

    assert fences == (1, 1)


def test_who_holds_it_may_ask_again_and_still_holds_it_afterwards(
    ledger: Ledger, open_ledger: Callable[[], Ledger]
) -> None:
    with ledger.lease.held("shop") as outer:
        with ledger.lease.held("shop") as inner:
            pass
        with pytest.raises(Busy), open_ledger().lease.held("shop"):
            pytest.fail("it was given back too early")

    assert inner == outer


def test_another_thread_is_somebody_else(ledger: Ledger) -> None:
    refused: list[Busy] = []

    def ask() -> None:
        try:
            with ledger.lease.held("shop"):
                pass
        except Busy as problem:
            refused.append(problem)

    with ledger.lease.held("shop"):
        other = threading.Thread(target=ask)
        other.start()
        other.join()
        ledger.turns.open("shop", "a", "name", None)

    assert len(refused) == 1


def test_an_exception_gives_the_lease_back(ledger: Ledger, open_ledger: Callable[[], Ledger]) -> None:
    with pytest.raises(KeyError), ledger.lease.held("shop"):
        raise KeyError("fault")

    with open_ledger().lease.held("shop") as fence:
        pass

    assert fence == 2


def test_who_was_followed_takes_nothing_from_the_new_holder_when_it_ends(
    ledger: Ledger, open_ledger: Callable[[], Ledger], clock: Clock
) -> None:
    first, second = ledger, open_ledger()

    with first.lease.held("shop"):
        clock.ahead = LATER
        follower = second.lease.held("shop")
        follower.__enter__()
        with pytest.raises(Busy):
            first.turns.open("shop", "late", "name", None)
    with pytest.raises(Busy), open_ledger().lease.held("shop"):
        pytest.fail("the first holder's end gave away what was not its own")
    number = second.turns.open("shop", "mine", "name", None)
    follower.__exit__(None, None, None)

    assert number == 1


# ── the heartbeat ─────────────────────────────────────────────────────────────────────────────────────────────────
def expires(database: Database) -> str:
    return str(database.execute("select expires from leases")[0][0])


def wait_for_beat(database: Database, before: str) -> None:
    end = time.monotonic() + 10
    while expires(database) <= before:
        assert time.monotonic() < end, "the heart does not beat"
        time.sleep(0.01)


def test_a_holder_that_works_for_long_keeps_the_lease(
    ledger: Ledger, open_ledger: Callable[[], Ledger], clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_HEARTBEAT_SECONDS", 0.01)

    with ledger.lease.held("shop"):
        before = expires(database)
        clock.ahead = LATER
        wait_for_beat(database, before)
        with pytest.raises(Busy), open_ledger().lease.held("shop"):
            pytest.fail("a live holder was followed")


def test_a_heart_goes_on_beating_when_the_database_was_out_of_reach(
    ledger: Ledger, clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_HEARTBEAT_SECONDS", 0.01)
    with ledger.lease.held("shop"):
        before = expires(database)
        database.execute("alter table leases rename to away")
        time.sleep(0.05)
        database.execute("alter table away rename to leases")

        clock.ahead = LATER
        wait_for_beat(database, before)

        assert ledger.turns.open("shop", "a", "name", None) == 1


# ── who holds it ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_nobody_holds_a_lease_before_the_first_and_after_the_last_holder(ledger: Ledger) -> None:
    before = ledger.lease.holder("shop")
    with ledger.lease.held("shop", "run 1"):
        during, of_another = ledger.lease.holder("shop"), ledger.lease.holder("flights")

    assert (before, of_another, ledger.lease.holder("shop")) == (None, None, None)
    who = f"process {os.getpid()} on {socket.gethostname()}"
    assert during == leases.Holder(who, "run 1", lives=True, fence=1)


def test_a_holder_that_was_killed_is_named_with_its_run_until_somebody_follows(
    start_holder: Callable[[], Holder], ledger: Ledger
) -> None:
    holder = start_holder()
    alive = ledger.lease.holder("shop")
    holder.kill()
    holder.wait()
    dead = ledger.lease.holder("shop")

    assert alive is not None
    assert dead is not None
    assert (alive.who, alive.lives, dead.lives) == (dead.who, True, False)
    assert dead.who.startswith(f"process {holder.pid} on ")


def test_the_run_of_a_holder_is_not_taken_for_that_of_its_follower(ledger: Ledger) -> None:
    with ledger.lease.held("shop", "run 1"):
        pass
    with ledger.lease.held("shop"):
        found = ledger.lease.holder("shop")

    assert found is not None
    assert found.run is None


def test_a_silent_holder_counts_as_dead_after_the_expiry(
    start_holder: Callable[[], Holder], ledger: Ledger, clock: Clock
) -> None:
    holder = start_holder()
    with paused(holder):
        early = ledger.lease.holder("shop")
        clock.ahead = LATER
        late = ledger.lease.holder("shop")

    assert early is not None
    assert late is not None
    assert (early.lives, late.lives) == (True, False)


def test_the_run_of_a_dead_holder_is_known_until_it_is_buried_whoever_takes_its_place(
    ledger: Ledger, open_ledger: Callable[[], Ledger], clock: Clock
) -> None:
    follower = open_ledger()

    with ledger.lease.held("shop", "run 1"):
        clock.ahead = LATER
        now = follower.lease.dead("shop")
        with follower.lease.held("shop"):
            later, of_another = follower.lease.dead("shop"), follower.lease.dead("flights")
    with follower.lease.held("shop"):
        follower.lease.bury("shop", ["run 1"])

    who = f"process {os.getpid()} on {socket.gethostname()}"
    assert now == [leases.Holder(who, "run 1", lives=False, fence=1)]
    assert later == [leases.Holder(who, "run 1", lives=False)]
    assert (of_another, follower.lease.dead("shop")) == ([], [])


@pytest.mark.parametrize("again", ["run 1", None])
def test_a_run_that_is_begun_again_or_had_no_run_is_nobody_to_bury(
    again: str | None, ledger: Ledger, open_ledger: Callable[[], Ledger], clock: Clock
) -> None:
    follower = open_ledger()

    with ledger.lease.held("shop", again):
        clock.ahead = LATER
        with follower.lease.held("shop", again):
            found = follower.lease.dead("shop")

    assert found == []
