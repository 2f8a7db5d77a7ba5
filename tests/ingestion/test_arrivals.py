"""The inbox: what waits, by content; what was cut off comes first, and nothing is done or counted twice."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from configs.errors import LandingFolderMissing
from tasks.adapters.home import Home
from tasks.domain.turns import Outcome
from tasks.ingestion.sources.base import Delivery
from tasks.ingestion.steps import arrivals
from tasks.ingestion.steps.arrivals import Waiting


@pytest.fixture
def ledger_url(either_ledger: str | None) -> str | None:
    """All of it is so on both databases."""
    return either_ledger


@pytest.fixture
def landing(shop_home: Home) -> Path:
    folder = shop_home.landing("shop")
    folder.mkdir(parents=True)
    return folder


def put(landing: Path, *names: str, content: str | None = None) -> None:
    for name in names:
        (landing / f"{name}.parquet").write_text(content or f"content of {name}")


def names(deliveries: tuple[Delivery, ...]) -> list[str]:
    return [delivery.name for delivery in deliveries]


def look(home: Home) -> Waiting:
    return arrivals.look(home, "shop")


def begin(home: Home, name: str) -> tuple[int, Delivery]:
    """Open the turn of a delivery that waits."""
    delivery = next(one for one in look(home).deliveries if one.name == name)
    return home.ledger.turns.open("shop", delivery.digest, name, None), delivery


def deliver(home: Home, name: str, *, shown: bool = True) -> int:
    """A whole turn of a delivery that waits, as far as the ledger is concerned."""
    number, delivery = begin(home, name)
    home.ledger.batches.record_delivery("shop", name, delivery.digest, duplicate=False, rows=1)
    home.ledger.turns.close("shop", number, Outcome.NOT_JUDGED, ("why",))
    for target in ("mlflow", "page") if shown else ():
        home.ledger.turns.project("shop", number, target, None)
    return number


def test_deliveries_wait_in_the_order_in_which_people_read_their_names(shop_home: Home, landing: Path) -> None:
    put(landing, "week-10", "week-9", "week-1")

    found = look(shop_home)

    assert names(found.deliveries) == ["week-1", "week-9", "week-10"]
    assert not found.nothing


def test_without_a_landing_folder_there_is_nothing_to_watch(shop_home: Home) -> None:
    with pytest.raises(LandingFolderMissing):
        look(shop_home)


def test_an_empty_folder_is_nothing_to_do(shop_home: Home, landing: Path) -> None:
    assert look(shop_home) == Waiting()
    assert look(shop_home).nothing


def test_what_has_had_its_turn_does_not_wait_again(shop_home: Home, landing: Path) -> None:
    put(landing, "one", "two")
    deliver(shop_home, "one")

    waiting = look(shop_home)
    deliver(shop_home, "two")

    assert names(waiting.deliveries) == ["two"]
    assert look(shop_home).nothing


def test_a_file_with_other_content_under_a_known_name_is_new(shop_home: Home, landing: Path) -> None:
    put(landing, "latest")
    deliver(shop_home, "latest")
    put(landing, "latest", content="something else")

    assert names(look(shop_home).deliveries) == ["latest"]


def test_the_same_content_under_a_second_name_is_counted_and_not_done_again(shop_home: Home, landing: Path) -> None:
    put(landing, "one", "two", "three", content="the same")

    first = look(shop_home)
    deliver(shop_home, "one")
    second = look(shop_home)
    for copy in second.duplicates:
        shop_home.ledger.batches.record_delivery("shop", copy.name, copy.digest, duplicate=True, rows=1)

    assert (names(first.deliveries), names(first.duplicates)) == (["one"], ["three", "two"])
    assert (names(second.deliveries), names(second.duplicates)) == ([], ["three", "two"])
    assert look(shop_home).nothing


def test_a_turn_that_was_cut_off_comes_first_and_is_no_duplicate_of_itself(shop_home: Home, landing: Path) -> None:
    put(landing, "a", "b", "c")
    begin(shop_home, "c")

    found = look(shop_home)

    assert names(found.deliveries) == ["c", "a", "b"]
    assert found.duplicates == ()


def test_a_turn_that_was_cut_off_goes_on_when_its_file_was_moved_or_is_gone(shop_home: Home, landing: Path) -> None:
    put(landing, "a", "b")
    begin(shop_home, "a")
    _, gone = begin(shop_home, "b")
    shutil.move(landing / "a.parquet", landing / "z.parquet")
    (landing / "b.parquet").unlink()

    found = look(shop_home)

    assert names(found.deliveries) == ["z", "b"]
    assert found.deliveries[1].digest == gone.digest


def test_turns_that_are_done_but_not_shown_wait_to_be_shown(shop_home: Home, landing: Path) -> None:
    put(landing, "a", "b", "c")
    deliver(shop_home, "a")
    second = deliver(shop_home, "b", shown=False)
    begin(shop_home, "c")

    found = look(shop_home)

    assert found.unshown == (second,)
    assert found.page


def test_a_page_that_is_older_than_the_last_turn_waits_to_be_written(shop_home: Home, landing: Path) -> None:
    put(landing, "a")
    number = deliver(shop_home, "a", shown=False)
    shop_home.ledger.turns.project("shop", number, "mlflow", None)

    before = look(shop_home)
    shop_home.ledger.turns.project("shop", number, "page", "shop.html")

    assert before == Waiting(page=True)
    assert look(shop_home).nothing


# ── has the folder changed? ───────────────────────────────────────────────────────────────────────────────────────
NOW = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)


def stand_still(home: Home, ahead: float = 0.0) -> None:
    home.clock = lambda: NOW + timedelta(seconds=ahead)


def put_at(landing: Path, name: str, seconds_ago: float, content: str | None = None) -> None:
    put(landing, name, content=content)
    moment = NOW.timestamp() - seconds_ago
    os.utime(landing / f"{name}.parquet", (moment, moment))


def test_a_folder_has_changed_until_what_was_seen_is_remembered(shop_home: Home, landing: Path) -> None:
    stand_still(shop_home)
    put_at(landing, "a", seconds_ago=60)

    first, second = (arrivals.changed(shop_home, "shop") for _ in range(2))
    arrivals.remember(shop_home, "shop", first or "")
    third = arrivals.changed(shop_home, "shop")

    assert first is not None
    assert (second, third) == (first, None)


@pytest.mark.parametrize(("seconds", "seen"), [(0.0, False), (1.9, False), (2.0, True), (60.0, True), (-3600.0, True)])
def test_a_file_is_left_alone_until_it_has_settled_and_one_from_the_future_hides_nothing(
    shop_home: Home, landing: Path, seconds: float, seen: bool
) -> None:
    stand_still(shop_home)
    put_at(landing, "a", seconds_ago=seconds)

    assert (arrivals.changed(shop_home, "shop") is not None) == seen


def test_one_file_that_is_still_written_holds_the_others_back_and_loses_none(shop_home: Home, landing: Path) -> None:
    stand_still(shop_home)
    put_at(landing, "a", seconds_ago=60)
    put_at(landing, "b", seconds_ago=1)
    early = arrivals.changed(shop_home, "shop")
    stand_still(shop_home, ahead=5)

    assert early is None
    assert arrivals.changed(shop_home, "shop") is not None


def test_what_comes_after_what_was_remembered_is_a_change(shop_home: Home, landing: Path) -> None:
    stand_still(shop_home)
    put_at(landing, "a", seconds_ago=60)
    before = arrivals.changed(shop_home, "shop") or ""
    put_at(landing, "b", seconds_ago=30)

    arrivals.remember(shop_home, "shop", before)

    assert arrivals.changed(shop_home, "shop") not in (None, before)


def test_what_is_forgotten_is_looked_at_again(shop_home: Home, landing: Path) -> None:
    stand_still(shop_home)
    put_at(landing, "a", seconds_ago=60)
    mark = arrivals.changed(shop_home, "shop") or ""
    arrivals.remember(shop_home, "shop", mark)

    arrivals.forget(shop_home, "shop")
    arrivals.forget(shop_home, "shop")

    assert arrivals.changed(shop_home, "shop") == mark


def test_the_memory_is_that_of_the_home_and_of_the_pipeline(shop_home: Home, landing: Path) -> None:
    stand_still(shop_home)
    put_at(landing, "a", seconds_ago=60)
    arrivals.remember(shop_home, "other", arrivals.changed(shop_home, "shop") or "")
    between = arrivals.changed(shop_home, "shop")
    arrivals.remember(shop_home, "shop", between or "")
    again = Home(shop_home.folder, clock=lambda: NOW)

    assert between is not None
    assert arrivals.changed(again, "shop") is None


def test_an_empty_folder_is_remembered_too(shop_home: Home, landing: Path) -> None:
    stand_still(shop_home)

    arrivals.remember(shop_home, "shop", arrivals.changed(shop_home, "shop") or "")

    assert arrivals.changed(shop_home, "shop") is None


def test_a_landing_folder_that_is_gone_is_said(shop_home: Home) -> None:
    with pytest.raises(LandingFolderMissing, match="does not exist"):
        arrivals.changed(shop_home, "shop")


def test_rows_that_cannot_be_counted_are_enough(shop_home: Home, landing: Path) -> None:
    put(landing, "a", "b")

    assert arrivals.count_rows(shop_home, "shop", look(shop_home).deliveries) == sys.maxsize
    assert arrivals.count_rows(shop_home, "shop", ()) == 0


def test_to_see_whether_a_folder_has_changed_needs_neither_pandas_nor_pyarrow(shop_home: Home, landing: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from tasks.ingestion.steps import arrivals as inbox; from tasks.adapters.home import Home;"
        "inbox.changed(Home(Path(sys.argv[1])), 'shop'); sys.exit(bool({'pandas', 'pyarrow'} & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", code, str(shop_home.folder)], cwd=CHECKOUT, check=True)


def test_a_delivery_whose_turn_was_given_up_is_no_copy_of_itself(shop_home: Home, landing: Path) -> None:
    put(landing, "monday", "again", content="the same")
    number, _ = begin(shop_home, "again")
    shop_home.ledger.turns.close("shop", number, Outcome.FAILED, ("given up after 4 attempts",))

    found = look(shop_home)

    assert (names(found.deliveries), names(found.duplicates)) == ([], ["monday"])
