"""A ledger knows its home: another one is refused, a copy or a moved one has to say so, and an older one learns it."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from configs.environment import CHECKOUT
from configs.errors import Busy, Damaged, IncumbentError, UnusableHome
from tasks.adapters import ownership
from tasks.adapters.home import Home
from tests import homes, shop
from tests.fixtures_postgres import Ledgers

FOREIGN = "is that of another home"
MOVED = "adopt it once"


@dataclass
class Shop:
    """A home with one batch, and where its ledger is."""

    folder: Path
    url: str | None

    def open(self, folder: Path | None = None) -> Home:
        return Home(folder or self.folder, self.url)

    def turns(self, folder: Path | None = None) -> int:
        """How many turns a home sees."""
        home = self.open(folder)
        try:
            return len(home.ledger.turns.all("shop"))
        finally:
            home.close()

    def adopt(self, folder: Path) -> str:
        return " ".join(self.open(folder).adopt())


@pytest.fixture(params=["sqlite", "postgresql"])
def lived(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    """A home in which one turn is done, with its ledger in it or on a server."""
    monkeypatch.setenv("INCUMBENT_PIPELINES", str(tmp_path / "pipelines"))
    shop.write_pipeline(tmp_path / "pipelines")
    url = None
    if request.param == "postgresql":
        ledgers: Ledgers = request.getfixturevalue("postgres_ledgers")
        url = ledgers.take()
    made = Shop(tmp_path / "home", url)
    home = made.open()
    home.ledger.turns.open("shop", shop.take_in(home, "week 1", shop.week(1, 60)).id, "week 1", None)
    home.close()
    yield made
    if url is not None:
        ledgers.give_back(url)


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(UnusableHome) as caught:
        act()
    assert caught.value.exit_code == 8
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ── its own ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_home_and_its_ledger_know_each_other(lived: Shop) -> None:
    home = lived.open()
    owned = home.ledger.owner.read()
    home.close()

    assert owned is not None
    assert owned.home in (lived.folder / ownership.FILE).read_text()
    assert owned.place.path == str(lived.folder.resolve())
    assert lived.turns() == 1


@pytest.mark.parametrize("lost", ["file", "row", "both", "what the file says"])
def test_one_that_forgot_it_learns_it_again(lost: str, lived: Shop) -> None:
    home = lived.open()
    if lost in ("row", "both"):
        with home.ledger._access.transaction() as connection:
            connection.exec_driver_sql("delete from owner")
    home.close()
    if lost in ("file", "both"):
        (lived.folder / ownership.FILE).unlink()
    if lost == "what the file says":
        (lived.folder / ownership.FILE).write_text("{")

    assert [lived.turns(), lived.turns()] == [1, 1]
    assert (lived.folder / ownership.FILE).exists()


def test_a_home_that_is_reached_by_a_link_is_the_same(lived: Shop, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(lived.folder)

    assert lived.turns(tmp_path / "link") == 1


def test_a_home_restored_where_it_was_is_the_same(lived: Shop, tmp_path: Path) -> None:
    shutil.copytree(lived.folder, tmp_path / "backup")
    shutil.rmtree(lived.folder)
    shutil.copytree(tmp_path / "backup", lived.folder)

    assert lived.turns() == 1


# ── another one's ─────────────────────────────────────────────────────────────────────────────────────────────────
def a_new_one(lived: Shop, folder: Path) -> None:
    folder.mkdir()


def one_with_an_id(lived: Shop, folder: Path) -> None:
    home = Home(folder)
    assert home.ledger
    home.close()
    (folder / "ledger.db").unlink()


def one_with_rows_of_its_own(lived: Shop, folder: Path) -> None:
    home = Home(folder)
    home.ledger.turns.open("shop", shop.take_in(home, "week 2", shop.week(2, 60)).id, "week 2", None)
    home.close()
    (folder / "ledger.db").unlink()


@pytest.mark.parametrize("make", [a_new_one, one_with_an_id, one_with_rows_of_its_own])
@pytest.mark.parametrize("older", [False, True])
def test_the_ledger_of_another_home_is_refused(
    make: Callable[[Shop, Path], None], older: bool, lived: Shop, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    make(lived, other)
    url = lived.url or f"sqlite:///{lived.folder / 'ledger.db'}"
    if older:
        home = lived.open()
        with home.ledger._access.transaction() as connection:
            connection.exec_driver_sql("delete from owner")
        home.close()

    told = refusal(lambda: Home(other, url).ledger)

    assert FOREIGN in told and "--adopt" in told
    assert lived.turns() == 1


def test_a_ledger_that_is_a_link_into_another_home_is_refused(lived: Shop, tmp_path: Path) -> None:
    if lived.url:
        pytest.skip("a ledger on a server is no file")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "ledger.db").symlink_to(lived.folder / "ledger.db")

    assert FOREIGN in refusal(lambda: Home(tmp_path / "other").ledger)
    assert lived.turns() == 1


def test_a_home_without_its_rows_cannot_adopt(lived: Shop, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    url = lived.url or f"sqlite:///{lived.folder / 'ledger.db'}"

    with pytest.raises(Damaged, match=r"knows 1 files of rows, and .*other/store has none of them. Restore"):
        Home(tmp_path / "other", url).adopt()

    assert lived.turns() == 1


# ── copies, and homes that were moved ─────────────────────────────────────────────────────────────────────────────
def test_a_copy_is_refused_until_it_is_adopted(lived: Shop, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(lived.folder, tmp_path / "copy"))
    told = refusal(lambda: lived.turns(copy))

    done = lived.adopt(copy)

    assert f"is a copy of {lived.folder}, which is still there" in told and MOVED in told
    assert f"{copy} has adopted the ledger, which was that of {lived.folder}" in done
    assert lived.turns(copy) == 1
    if lived.url:
        assert FOREIGN in refusal(lived.turns)
    else:
        assert lived.turns() == 1, "each has a ledger of its own"


def test_a_home_that_was_moved_is_refused_until_it_is_adopted(lived: Shop, tmp_path: Path) -> None:
    moved = lived.folder.rename(tmp_path / "moved")
    told = refusal(lambda: lived.turns(moved))

    done = [lived.adopt(moved), lived.adopt(moved)]

    assert f"{moved} was moved, copied or restored from {lived.folder}" in told and MOVED in told
    assert ["has adopted" in one for one in done] == [True, False]
    assert "belong together already" in done[1]
    assert lived.turns(moved) == 1


def test_a_copy_on_another_machine_at_the_same_path_is_refused(lived: Shop) -> None:
    home = lived.open()
    with home.ledger._access.transaction() as connection:
        connection.exec_driver_sql("update owner set host = 'elsewhere', inode = '1'")
    home.close()

    assert "restored from" in refusal(lived.turns)


@pytest.mark.parametrize(("host", "inode"), [("elsewhere", None), (None, "1")])
def test_a_container_by_another_name_or_a_disk_numbered_anew_is_the_same(
    host: str | None, inode: str | None, lived: Shop
) -> None:
    home = lived.open()
    change = f"host = '{host}'" if host else f"inode = '{inode}'"
    with home.ledger._access.transaction() as connection:
        connection.exec_driver_sql(f"update owner set {change}")
    home.close()

    assert lived.turns() == 1


def test_an_older_ledger_is_restored_into_its_home(lived: Shop) -> None:
    """As it was before ledgers knew their homes."""
    homes.forget_place(lived.folder) if lived.url is None else (lived.folder / ownership.FILE).unlink()

    assert lived.turns() == 1


def test_nobody_adopts_a_ledger_that_somebody_works_with(lived: Shop, tmp_path: Path) -> None:
    if lived.url is None:
        pytest.skip("a copy has a ledger of its own")
    copy, home = Path(shutil.copytree(lived.folder, tmp_path / "copy")), lived.open()

    with home.ledger.lease.held("shop"), pytest.raises(Busy, match="works on 'shop' with this ledger"):
        lived.adopt(copy)
    home.close()

    assert "has adopted" in lived.adopt(copy)


def test_an_adoption_that_was_cut_off_can_be_done_again(
    lived: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = lived.folder.rename(tmp_path / "moved")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(ownership, "_write", interrupt)
        lived.adopt(moved)

    assert FOREIGN in refusal(lambda: lived.turns(moved))
    assert "has adopted" in lived.adopt(moved)
    assert lived.turns(moved) == 1


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


# ── at once ───────────────────────────────────────────────────────────────────────────────────────────────────────
OPENS = """
import sys
from pathlib import Path
from configs.errors import IncumbentError
from tasks.adapters.home import Home
home = Home(Path(sys.argv[1]), sys.argv[2] or None)
try:
    home.ledger.turns.all("shop")
    print("in")
except IncumbentError as problem:
    print(problem)
"""


def opened_at_once(*homes_and_urls: tuple[Path, str]) -> list[str]:
    started = [
        subprocess.Popen(
            [sys.executable, "-c", OPENS, str(folder), url], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
        )
        for folder, url in homes_and_urls
    ]
    return [process.communicate(timeout=60)[0].strip() for process in started]


def test_first_starts_at_once_on_one_home_agree(tmp_path: Path) -> None:
    told = opened_at_once(*[(tmp_path / "home", "")] * 4)

    assert told == ["in"] * 4
    with closing(sqlite3.connect(tmp_path / "home" / "ledger.db")) as ledger:
        ((identity,),) = ledger.execute("select home from owner").fetchall()
    assert identity in (tmp_path / "home" / ownership.FILE).read_text()


def test_of_two_new_homes_at_once_one_gets_the_ledger(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'shared.db'}"

    told = opened_at_once((tmp_path / "one", url), (tmp_path / "other", url))

    assert sorted(one == "in" for one in told) == [False, True]
    assert FOREIGN in next(one for one in told if one != "in")


def test_a_refusal_is_one_of_ours(lived: Shop, tmp_path: Path) -> None:
    with pytest.raises(IncumbentError):
        lived.turns(Path(shutil.copytree(lived.folder, tmp_path / "copy")))
