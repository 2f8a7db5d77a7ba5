"""The inbox in the ledger: a reason is recorded once, by whomever, and ends once, by the holder of the lease."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from configs.environment import CHECKOUT
from configs.errors import Busy
from tasks.adapters.ledger import lease as leases
from tasks.adapters.ledger.book import Ledger
from tasks.domain.alert_kinds import AlertKind
from tasks.domain.turns import Alert, TriggerState
from tests.adapters.ledger.conftest import Clock, Database

RECORDER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tasks.adapters.ledger.book import Ledger
url, lock, name = sys.argv[1:]
ledger = Ledger(url, Path(lock), lambda: datetime.now(UTC))
print("ready", flush=True)
sys.stdin.readline()
for number in range(25):
    if ledger.inbox.record("shop", "new_data", f"batch:{number}", f"seen by {name}"):
        print(number, flush=True)
    ledger.inbox.record("shop", "manual", f"manual:{name}:{number}", "asked for by hand")
"""
LATER = leases.EXPIRY + timedelta(seconds=1)


def record(ledger: Ledger, *keys: str) -> None:
    for key in keys:
        assert ledger.inbox.record("shop", "manual", key, f"because of {key}")


def states(ledger: Ledger) -> dict[str, tuple[TriggerState, int | None, str | None]]:
    return {one.key: (one.state, one.turn, one.reason) for one in ledger.inbox.all("shop")}


# ── recording ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_same_key_is_recorded_once_and_the_first_word_stays(ledger: Ledger) -> None:
    answers = [ledger.inbox.record("shop", kind, "batch:a", f"said by {kind}") for kind in ("new_data", "manual")]

    (kept,) = ledger.inbox.all("shop")
    assert answers == [True, False]
    assert (kept.kind, kept.evidence, kept.state) == ("new_data", "said by new_data", TriggerState.OPEN)


def test_pipelines_have_inboxes_of_their_own(ledger: Ledger) -> None:
    answers = [ledger.inbox.record(pipeline, "manual", "batch:a", "why") for pipeline in ("shop", "flights")]
    with ledger.lease.held("shop"):
        ledger.inbox.cover("shop", 1, "a")

    assert answers == [True, True]
    assert ledger.inbox.open("shop") == []
    assert [one.key for one in ledger.inbox.open("flights")] == ["batch:a"]


def test_a_trigger_is_read_back_as_it_was_recorded(ledger: Ledger) -> None:
    before = datetime.now(UTC)
    ledger.inbox.record("shop", "drift", "drift:ä", "5 of 16 columns moved; “price” most", force=True)

    (found,) = ledger.inbox.open("shop")

    assert (found.kind, found.key, found.evidence) == ("drift", "drift:ä", "5 of 16 columns moved; “price” most")
    assert (found.force, found.turn, found.reason) == (True, None, None)
    assert before - timedelta(seconds=1) <= found.at <= datetime.now(UTC)


def test_keys_that_are_longer_than_their_column_and_differ_at_the_end_are_two_reasons(ledger: Ledger) -> None:
    path = "event:" + "a/very/long/folder/" * 20
    answers = [ledger.inbox.record("shop", "new_data", f"{path}{part}", "why") for part in ("1", "2", "1")]

    kept = [one.key for one in ledger.inbox.all("shop")]
    assert answers == [True, True, False]
    assert [len(key) for key in kept] == [200, 200]
    assert all(key.startswith("event:a/very/long") for key in kept)


def test_text_of_any_kind_is_kept_on_every_database(ledger: Ledger) -> None:
    odd = "zero \0, 'quoted', \"so\", %s {} \\ \n 漢字 🚲"

    answers = [
        ledger.inbox.record("shop", "manual", odd, odd),
        ledger.inbox.alert("shop", AlertKind.UNREADABLE, odd, odd),
    ]

    kept = odd.replace("\0", "␀")
    (found,) = ledger.inbox.open("shop")
    assert answers == [True, True]
    assert (found.key, found.evidence) == (kept, kept)
    assert ledger.inbox.unsent("shop") == [Alert(f"unreadable:{kept}", kept)]


def test_triggers_become_visible_in_the_order_of_their_numbers(open_ledger: Callable[[], Ledger]) -> None:
    ledgers, watcher, seen, done = [open_ledger() for _ in range(4)], open_ledger(), [0], threading.Event()

    def watch() -> list[int]:
        ended = False
        while not ended:
            ended = done.is_set()
            seen.extend(one.id for one in watcher.inbox.all("shop") if one.id > seen[-1])
        return seen[1:]

    with ThreadPoolExecutor(5) as pool:
        watching = pool.submit(watch)
        list(pool.map(lambda n: ledgers[n % 4].inbox.record("shop", "manual", f"key {n}", "why"), range(60)))
        done.set()

    assert watching.result() == [one.id for one in ledgers[0].inbox.all("shop")]


def test_the_newest_number_grows_with_each_trigger_and_not_with_a_known_one(ledger: Ledger) -> None:
    numbers = [ledger.inbox.newest("shop")]
    for key in ("a", "b"):
        record(ledger, key)
        numbers.append(ledger.inbox.newest("shop"))
    ledger.inbox.record("shop", "manual", "b", "once more")
    ledger.inbox.record("flights", "manual", "b", "of another one")

    assert numbers[0] == 0
    assert numbers[0] < numbers[1] < numbers[2] == ledger.inbox.newest("shop")


def test_processes_that_record_the_same_reasons_at_once_record_each_once_and_lose_none(
    database: Database, ledger: Ledger
) -> None:
    pipe, names = subprocess.PIPE, ("one", "two", "three", "four")
    started = [
        subprocess.Popen(
            [sys.executable, "-c", RECORDER, database.url, str(database.lock), name],
            cwd=CHECKOUT,
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            text=True,
        )
        for name in names
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60) for process in started]

    keys = [one.key for one in ledger.inbox.all("shop")]
    assert [faults for _, faults in said] == [""] * 4
    assert sorted(int(number) for answers, _ in said for number in answers.split()) == list(range(25))
    assert len(keys) == len(set(keys)) == 25 + 4 * 25


def test_a_process_that_is_killed_right_after_it_recorded_has_recorded(database: Database, ledger: Ledger) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", RECORDER, database.url, str(database.lock), "doomed"],
        cwd=CHECKOUT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("go\n")
    process.stdin.flush()
    told = [process.stdout.readline() for _ in range(4)]  # ready, 0, 1, 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()

    kept = [one.key for one in ledger.inbox.open("shop")]
    assert told[-1] == "2\n"
    assert {"batch:0", "batch:1", "batch:2", "manual:doomed:0", "manual:doomed:1"} <= set(kept)


# ── ends ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_turn_covers_what_is_about_its_batch_or_about_none_and_leaves_the_rest(ledger: Ledger) -> None:
    record(ledger, "batch:aa", "batch:aa:2", "batch:bb", "schedule:1", "drift:bb", "event:batch:bb", "100%_of:aa")

    with ledger.lease.held("shop"):
        ledger.inbox.cover("shop", 7, "aa")

    assert {key for key, (state, _, _) in states(ledger).items() if state is TriggerState.OPEN} == {"batch:bb"}
    assert {turn for key, (_, turn, _) in states(ledger).items() if key != "batch:bb"} == {7}


def test_whether_a_key_is_about_a_batch_depends_on_upper_and_lower_case_on_every_database(ledger: Ledger) -> None:
    record(ledger, "BATCH:bb", "batch:bb", "batch_aa")

    with ledger.lease.held("shop"):
        ledger.inbox.cover("shop", 7, "aa")

    assert [one.key for one in ledger.inbox.open("shop")] == ["batch:bb"]


def test_each_end_has_its_reason(ledger: Ledger) -> None:
    record(ledger, "late", "cooling", "answered", "waits")
    late, cooling, answered, _ = ledger.inbox.open("shop")

    with ledger.lease.held("shop"):
        ledger.inbox.cover_late("shop", {late.id: 3})
        ledger.inbox.skip("shop", {cooling.id: "cooldown until noon"})
        ledger.inbox.cover_late("shop", {answered.id: 4})
        ledger.inbox.fail("shop", 4, "given up after 4 attempts")

    assert states(ledger) == {
        "late": (TriggerState.COVERED, 3, None),
        "cooling": (TriggerState.SKIPPED, None, "cooldown until noon"),
        "answered": (TriggerState.FAILED, 4, "given up after 4 attempts"),
        "waits": (TriggerState.OPEN, None, None),
    }


def test_every_trigger_ends_once(ledger: Ledger) -> None:
    record(ledger, "covered", "skipped")
    covered, skipped = ledger.inbox.open("shop")

    with ledger.lease.held("shop"):
        ledger.inbox.skip("shop", {skipped.id: "no batch waits"})
        ledger.inbox.cover("shop", 1, "aa")
        for again in (covered.id, skipped.id):
            ledger.inbox.skip("shop", {again: "something else"})
            ledger.inbox.cover_late("shop", {again: 9})
        ledger.inbox.cover("shop", 9, "aa")

    assert states(ledger) == {
        "covered": (TriggerState.COVERED, 1, None),
        "skipped": (TriggerState.SKIPPED, None, "no batch waits"),
    }


def test_what_a_turn_finds_itself_is_recorded_as_covered_by_it(ledger: Ledger) -> None:
    with ledger.lease.held("shop"):
        new = ledger.inbox.record("shop", "drift", "drift:aa", "moved", turn=2)
        again = ledger.inbox.record("shop", "drift", "drift:aa", "moved", turn=3)

    assert (new, again) == (True, False)
    assert ledger.inbox.open("shop") == []
    assert states(ledger) == {"drift:aa": (TriggerState.COVERED, 2, None)}


def test_when_it_ended_is_known_of_each_end(ledger: Ledger, clock: Clock, database: Database) -> None:
    record(ledger, "a", "b", "c")
    a, b, _ = ledger.inbox.open("shop")
    clock.ahead = timedelta(hours=1)

    with ledger.lease.held("shop"):
        ledger.inbox.cover_late("shop", {a.id: 1})
        ledger.inbox.skip("shop", {b.id: "why"})

    ended = database.execute("select key, ended > at from triggers order by id")
    assert ended == [("a", True), ("b", True), ("c", None)]


@pytest.mark.parametrize("end", ["cover", "cover_late", "skip", "fail", "record"])
def test_a_holder_that_was_followed_ends_nothing(
    end: str, ledger: Ledger, open_ledger: Callable[[], Ledger], clock: Clock
) -> None:
    record(ledger, "batch:aa", "manual:1")
    one, other = ledger.inbox.open("shop")
    follower = open_ledger()
    acts: dict[str, Callable[[], object]] = {
        "cover": lambda: ledger.inbox.cover("shop", 1, "aa"),
        "cover_late": lambda: ledger.inbox.cover_late("shop", {one.id: 1}),
        "skip": lambda: ledger.inbox.skip("shop", {other.id: "why"}),
        "fail": lambda: ledger.inbox.fail("shop", 1, "why"),
        "record": lambda: ledger.inbox.record("shop", "drift", "drift:aa", "moved", turn=1),
    }

    with ledger.lease.held("shop"):
        clock.ahead = LATER
        with follower.lease.held("shop"), pytest.raises(Busy, match="fencing token 1, now 2"):
            acts[end]()

    assert {state for state, _, _ in states(follower).values()} == {TriggerState.OPEN}
    assert "drift:aa" not in states(follower)


def test_anybody_may_record_while_somebody_works(ledger: Ledger, open_ledger: Callable[[], Ledger]) -> None:
    with ledger.lease.held("shop"):
        answer = open_ledger().inbox.record("shop", "manual", "a", "why")

    assert answer
    assert [one.key for one in ledger.inbox.open("shop")] == ["a"]


# ── alerts ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_alert_is_owed_once_until_it_is_sent(ledger: Ledger) -> None:
    answers = [ledger.inbox.alert("shop", AlertKind.GIVEN_UP, turn, f"about turn:{turn}") for turn in (1, 2, 1)]
    owed = ledger.inbox.unsent("shop")
    ledger.inbox.sent("shop", "turn:1")
    again = ledger.inbox.alert("shop", AlertKind.GIVEN_UP, 1, "about it once more")

    assert (answers, again) == ([True, True, False], False)
    assert owed == [Alert("turn:1", "about turn:1"), Alert("turn:2", "about turn:2")]
    assert ledger.inbox.unsent("shop") == [Alert("turn:2", "about turn:2")]
    assert ledger.inbox.unsent("flights") == []


def test_what_was_never_sent_is_not_owed_once_it_is_over(ledger: Ledger) -> None:
    ledger.inbox.alert("shop", AlertKind.UNWELL, 3, "v2 is not well")
    ledger.inbox.end("shop", "unwell:3")

    assert ledger.inbox.unsent("shop") == []
    assert ledger.inbox.standing("shop", (AlertKind.UNWELL,)) == []


def test_whoever_was_told_is_told_once_that_it_is_over(ledger: Ledger) -> None:
    ledger.inbox.alert("shop", AlertKind.UNWELL, 3, "v2 is not well")
    ledger.inbox.sent("shop", "unwell:3")
    standing = ledger.inbox.standing("shop", (AlertKind.UNWELL, AlertKind.DRIFT))
    for _ in range(2):
        ledger.inbox.end("shop", "unwell:3")

    assert standing == [Alert("unwell:3", "v2 is not well")]
    assert ledger.inbox.unsent("shop") == [Alert("over:unwell:3", "It is over: v2 is not well")]
    assert ledger.inbox.standing("shop", (AlertKind.UNWELL,)) == []


def test_only_what_is_asked_for_stands(ledger: Ledger) -> None:
    ledger.inbox.alert("shop", AlertKind.DRIFT, 3, "may has drifted")
    ledger.inbox.alert("flights", AlertKind.UNWELL, 3, "v2 is not well")

    assert ledger.inbox.standing("shop", (AlertKind.UNWELL,)) == []
