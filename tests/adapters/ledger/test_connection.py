"""Short transactions: all or nothing, readers that wait for nobody, writers that queue."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from configs.errors import Busy, Damaged, UnusableHome
from tasks.adapters.ledger.book import Ledger
from tasks.adapters.ledger.connection import Access, differs, insert_once
from tasks.adapters.ledger.opening import open_engine
from tasks.adapters.ledger.schema import leases, snapshots
from tests.adapters.ledger.conftest import Clock, Database

KEY = {"pipeline": "shop", "id": "a"}
VALUES = {"cutoff": "2013", "rows": 3, "record": {"x": 1}}


@pytest.fixture
def open_access(database: Database, clock: Clock) -> Iterator[Callable[[], Access]]:
    """Opens the database of the test, each time as another process would."""
    opened: list[Access] = []

    def look() -> Access:
        opened.append(Access(open_engine(database.url, database.lock), clock))
        return opened[-1]

    yield look
    for access in opened:
        access.engine.dispose()


@pytest.fixture
def access(open_access: Callable[[], Access]) -> Access:
    return open_access()


def test_who_reads_does_not_wait_for_who_writes(access: Access, open_access: Callable[[], Access]) -> None:
    with open_access().transaction() as other:
        other.execute(leases.insert().values(pipeline="shop", fence=1))

        seen = access.rows(select(leases))

    assert seen == []
    assert [row["fence"] for row in access.rows(select(leases))] == [1]


def test_a_row_is_inserted_once_and_the_first_one_stays(access: Access) -> None:
    with access.transaction() as connection:
        first = insert_once(connection, snapshots, KEY, VALUES)
    with access.transaction() as connection:
        second = insert_once(connection, snapshots, KEY, {**VALUES, "rows": 99})

    assert (first, second) == (True, False)
    assert [row["rows"] for row in access.rows(select(snapshots))] == [3]


def test_a_transaction_that_fails_leaves_nothing(access: Access) -> None:
    with pytest.raises(KeyError), access.writing("shop") as connection:
        insert_once(connection, snapshots, KEY, VALUES)
        raise KeyError("the power is gone")

    assert access.rows(select(snapshots)) == []


def test_a_fault_of_ours_is_not_blamed_on_the_disk(access: Access) -> None:
    with access.transaction() as connection:
        insert_once(connection, snapshots, KEY, VALUES)

    with pytest.raises(IntegrityError), access.transaction() as connection:
        connection.execute(snapshots.insert().values({**KEY, **VALUES}))


def test_a_fault_of_the_database_is_told_in_one_sentence(access: Access) -> None:
    with access.transaction() as connection:
        connection.exec_driver_sql("drop table snapshots")

    with pytest.raises(UnusableHome, match=r'no such table: snapshots|relation "snapshots" does not exist'):
        access.rows(select(snapshots))


def test_a_record_that_is_no_json_any_more_is_told_as_damage(access: Access) -> None:
    if access.engine.dialect.name == "postgresql":
        pytest.skip("a column of JSON takes nothing else there")
    with access.transaction() as connection:
        insert_once(connection, snapshots, KEY, VALUES)
        connection.exec_driver_sql("update snapshots set record = '{'")

    with pytest.raises(Damaged, match=r"A record in the ledger is no JSON any more: .* Restore the ledger"):
        access.rows(select(snapshots))


def test_what_is_not_a_number_is_never_written(access: Access) -> None:
    with pytest.raises((StatementError, ValueError), match="not JSON compliant"), access.transaction() as connection:
        insert_once(connection, snapshots, KEY, {**VALUES, "record": {"x": float("nan")}})

    assert access.rows(select(snapshots)) == []


def test_without_a_lease_anybody_may_write_and_with_one_only_its_newest_holder(access: Access) -> None:
    with access.writing("shop") as connection:
        connection.execute(leases.insert().values(pipeline="shop", fence=7))
    access.fences["shop"] = 7
    with access.writing("shop") as connection:
        insert_once(connection, snapshots, KEY, VALUES)
        connection.execute(leases.update().values(fence=8))

    with pytest.raises(Busy, match=r"fencing token 7, now 8"), access.writing("shop") as connection:
        insert_once(connection, snapshots, {**KEY, "id": "b"}, VALUES)

    assert [row["id"] for row in access.rows(select(snapshots))] == ["a"]


def test_the_lease_of_one_pipeline_says_nothing_about_another(access: Access) -> None:
    access.fences["shop"] = 1

    with access.writing("flights") as connection:
        inserted = insert_once(connection, snapshots, {**KEY, "pipeline": "flights"}, VALUES)

    assert inserted


def test_numbers_given_to_many_threads_at_once_are_given_once(open_ledger: Callable[[], Ledger]) -> None:
    ledgers = [open_ledger(), open_ledger()]

    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda n: ledgers[n % 2].turns.open("shop", f"batch {n}", "name", None), range(40)))

    assert sorted(numbers) == list(range(1, 41))


def test_a_row_differs_from_its_record_when_one_value_does(access: Access) -> None:
    with access.transaction() as connection:
        insert_once(connection, snapshots, KEY, VALUES)
    (row,) = access.rows(select(snapshots))

    changed = [differs(row, {**VALUES, name: value}) for name, value in {"rows": 3, "cutoff": "2014"}.items()]

    assert changed == [False, True]
