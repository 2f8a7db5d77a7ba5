"""The database goes away and comes back: nothing is lost, nothing is done twice, and nobody waits for ever."""

import ast
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from configs.environment import CHECKOUT
from configs.errors import Busy, Unreachable
from tasks.adapters.ledger import dialects, opening, troubles
from tasks.adapters.ledger.book import Ledger
from tasks.adapters.ledger.connection import Access
from tasks.adapters.ledger.lease import Lease
from tasks.adapters.ledger.schema import leases
from tasks.domain.alert_kinds import AlertKind
from tests.adapters.ledger import wire
from tests.adapters.ledger.conftest import Clock, Database
from tests.adapters.ledger.wire import Cut, Wire
from tests.fixtures_postgres import PASSWORD, Cluster
from tests.fixtures_server import wait_until

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
"""SQLite is a file: it is there or it is not."""


@pytest.fixture(autouse=True)
def _nothing_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(troubles, "_away_since", None)


@pytest.fixture
def line(database: Database, postgres: Cluster) -> Iterator[Wire]:
    """The wire to the database of the test."""
    with wire.to(postgres.port) as made:
        yield made


@pytest.fixture
def remote(database: Database, line: Wire, postgres: Cluster, clock: Clock) -> Iterator[Ledger]:
    """The ledger at the other end of the wire."""
    ledger = Ledger(database.url.replace(f":{postgres.port}/", f":{line.port}/"), database.lock, clock)
    yield ledger
    ledger.close()


@pytest.fixture
def access(database: Database, clock: Clock) -> Iterator[Access]:
    engine = opening.open_engine(database.url, database.lock)
    yield Access(engine, clock)
    engine.dispose()


class Away:
    """Stops the server while the block runs; a failure in it leaves the server running."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def __enter__(self) -> None:
        self._cluster.stop()

    def __exit__(self, *_: object) -> None:
        self._cluster.start()


def meanwhile(acts: dict[str, Callable[[], object]]) -> tuple[list[threading.Thread], dict[str, object]]:
    """Begin all of it at once; what each gave in the end."""
    gave: dict[str, object] = {}
    threads = [threading.Thread(target=lambda n=n, act=act: gave.update({n: act()})) for n, act in acts.items()]
    for thread in threads:
        thread.start()
    return threads, gave


# ── the server goes away ──────────────────────────────────────────────────────────────────────────────────────────
def test_what_is_asked_while_the_server_is_away_is_done_once_when_it_is_back(ledger: Ledger, postgres: Cluster) -> None:
    ledger.turns.open("shop", "a", "monday", None)
    with Away(postgres):
        threads, gave = meanwhile(
            {
                "turn": lambda: ledger.turns.open("shop", "b", "tuesday", None),
                "trigger": lambda: ledger.inbox.record("shop", "manual", "b", "why"),
                "promotion": lambda: ledger.promotions.promote("shop", 1, "m", 1, by="us", reason="better").sequence,
                "batch": lambda: ledger.batches.get("shop", "b"),
            }
        )
        wait_until(lambda: troubles._away_since is not None)
    for thread in threads:
        thread.join(30)

    assert gave == {"turn": 2, "trigger": True, "promotion": 1, "batch": None}
    assert [row["attempts"] for row in ledger.turns.all("shop")] == [1, 1]
    assert len(ledger.inbox.all("shop")) == len(ledger.promotions.all("shop")) == 1


def test_a_server_that_stops_in_the_middle_of_a_step_has_kept_nothing_of_it_and_the_step_is_done_again(
    access: Access, postgres: Cluster
) -> None:
    tries: list[str] = []

    @troubles.patient
    def step() -> str:
        with access.transaction() as connection:
            tries.append(str(len(access.rows(select(leases)))))
            connection.execute(leases.insert().values(pipeline="shop", fence=len(tries)))
            if len(tries) == 1:
                with Away(postgres):
                    pass
            return f"try {len(tries)}"

    done = step()

    assert (done, tries) == ("try 2", ["0", "0"])
    assert [row["fence"] for row in access.rows(select(leases))] == [2]


def test_a_lease_is_kept_over_an_outage_and_its_heart_beats_again(
    ledger: Ledger, postgres: Cluster, clock: Clock, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.adapters.ledger.lease._HEARTBEAT_SECONDS", 0.01)
    with ledger.lease.held("shop") as fence:
        with Away(postgres):
            pass
        before = str(database.execute("select max(expires) from leases")[0][0])
        wait_until(lambda: str(database.execute("select max(expires) from leases")[0][0]) > before)
        number = ledger.turns.open("shop", "a", "monday", None)

    assert (fence, number, ledger.lease.holder("shop")) == (1, 1, None)


def test_a_server_that_stays_away_is_given_up_in_words_and_then_not_waited_for_again(
    ledger: Ledger, postgres: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "PATIENCE_SECONDS", 0.3)
    with Away(postgres):
        with pytest.raises(Unreachable, match=r"does not answer: .*Start its server, or correct") as first:
            ledger.turns.open("shop", "a", "monday", None)
        monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waited again"))
        with pytest.raises(Unreachable):
            ledger.inbox.record("shop", "manual", "a", "why")
        monkeypatch.undo()

    assert PASSWORD not in str(first.value)
    assert first.value.exit_code == 10
    assert ledger.turns.open("shop", "a", "monday", None) == 1
    assert troubles._away_since is None


# ── the answer to a commit is lost ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("cut", Cut)
def test_a_commit_whose_answer_was_lost_is_not_done_twice_and_one_that_was_not_made_is_made(
    cut: Cut, remote: Ledger, line: Wire
) -> None:
    acts: dict[str, Callable[[], object]] = {
        "turn": lambda: remote.turns.open("shop", "a", "monday", "run"),
        "trigger": lambda: remote.inbox.record("shop", "manual", "a", "why"),
        "alert": lambda: remote.inbox.alert("shop", AlertKind.GIVEN_UP, 1, "help"),
        "promotion": lambda: remote.promotions.promote("shop", 1, "m", 1, by="us", reason="better").sequence,
        "stopped": lambda: remote.turns.uncount("shop", "a"),
    }

    gave = {}
    for name, act in acts.items():
        line.cut = cut
        gave[name] = act()

    assert gave == {"turn": 1, "trigger": True, "alert": True, "promotion": 1, "stopped": None}
    assert line.cuts == len(acts)
    assert [row["attempts"] for row in remote.turns.all("shop")] == [0]
    assert [made.previous for made in remote.promotions.all("shop")] == [None]


@pytest.mark.parametrize("cut", Cut)
def test_who_took_the_lease_and_did_not_hear_so_holds_it_all_the_same(
    cut: Cut, remote: Ledger, ledger: Ledger, line: Wire
) -> None:
    line.cut = cut
    with remote.lease.held("shop") as fence:
        with pytest.raises(Busy), ledger.lease.held("shop"):
            pytest.fail("two held it")
        number = remote.turns.open("shop", "a", "monday", None)
        line.cut = cut

    with ledger.lease.held("shop") as next_fence:
        pass
    assert (fence, number, next_fence, line.cuts) == (1, 1, 2, 2)


# ── a writer that is paused ───────────────────────────────────────────────────────────────────────────────────────
def test_a_writer_that_was_paused_in_its_transaction_holds_nobody_up_for_long_and_commits_nothing(
    ledger: Ledger, database: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "STOPPED_SECONDS", 1)
    paused = Access(opening.open_engine(database.url, database.lock), clock)

    with pytest.raises(Unreachable, match="idle-in-transaction"), paused.transaction() as connection:
        connection.execute(leases.insert().values(pipeline="flights", fence=9))
        number = ledger.turns.open("shop", "a", "monday", None)  # waits until the server has ended the other one

    assert number == 1
    assert database.execute("select pipeline from leases") == []
    paused.engine.dispose()


# ── no step is forgotten ──────────────────────────────────────────────────────────────────────────────────────────
def test_every_step_that_writes_is_done_again_if_need_be(database: Database) -> None:
    folder = CHECKOUT / "tasks" / "adapters" / "ledger"

    impatient = [f"{path.stem}.{name}" for path in sorted(folder.glob("*.py")) for name in _impatient(path)]

    assert impatient == ["connection.writing", f"lease.{Lease._beat.__name__}"], "add @patient above it"


def _impatient(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            called = {
                part.func.attr for part in ast.walk(node) if isinstance(part, ast.Call) and hasattr(part.func, "attr")
            }
            decorated = {ast.unparse(one) for one in node.decorator_list}
            if called & {"writing", "transaction"} and "patient" not in decorated:
                yield node.name
