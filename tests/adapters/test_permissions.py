"""A home that others could read is closed once, and nothing beside it is touched."""

import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from configs import environment
from tasks.adapters import permissions

OpenToOthers = Callable[[Path], list[str]]
FILES = (
    "ledger.db", "ledger.db-wal", "ledger.db-shm", ".ledger.lock", "store/FORMAT", "store/ab/abc.parquet",
    "store/refused/abc", "bundles/abc.skops", "mlflow/mlflow.db", "mlflow/artifacts/flights/1/run/score.json",
    "prefect/prefect.db", "prefect/server.log", "prefect/storage/a/b", "reports/flights.html", "cut/flights/x.parquet",
    "polled/flights.json", "landing/flights/2013-01.parquet",
)  # fmt: skip


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """As an earlier version left it, under the usual umask."""
    folder = tmp_path / "home"
    for name in FILES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def test_everything_in_a_home_is_closed_and_said_once(home: Path, open_to_others: OpenToOthers) -> None:
    first, second = permissions.close(home), permissions.close(home)

    assert open_to_others(home) == []
    assert first is not None
    assert str(home) in first and f"({sum(1 for _ in home.rglob('*')) - 1} paths)" in first
    assert second is None


MODES = {"usual": 0o644, "group": 0o660, "write only": 0o622, "not even mine": 0o044, "run": 0o755, "set": 0o2770}


@pytest.mark.parametrize("before", MODES.values(), ids=MODES.keys())
def test_what_its_user_may_do_stays(home: Path, before: int) -> None:
    (home / "ledger.db").chmod(before)
    (home / "store").chmod(before | 0o700)

    permissions.close(home)

    assert mode(home / "ledger.db") == before & ~0o077
    assert mode(home / "store") == (before | 0o700) & ~0o077


def test_a_later_start_leaves_alone_what_its_user_has_opened(home: Path) -> None:
    permissions.close(home)
    (home / "reports").chmod(0o755)

    permissions.close(home)

    assert mode(home / "reports") == 0o755


def test_a_closed_or_new_home_is_nothing_to_talk_of(tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "closed" / "store").mkdir(parents=True, mode=0o700)

    told = [permissions.close(tmp_path / name) for name in ("new", "closed", "not there")]

    assert told == [None, None, None]
    assert not (tmp_path / "not there").exists()


# ── what is not the home ──────────────────────────────────────────────────────────────────────────────────────────
def to_a_file(home: Path, outside: Path) -> None:
    (home / "store" / "ab" / "link").symlink_to(outside / "file")


def to_a_folder(home: Path, outside: Path) -> None:
    (home / "mlflow" / "link").symlink_to(outside)


def in_place_of_the_store(home: Path, outside: Path) -> None:
    shutil.rmtree(home / "store")
    (home / "store").symlink_to(outside)


def in_place_of_the_landing_folder(home: Path, outside: Path) -> None:
    shutil.rmtree(home / "landing" / "flights")
    (home / "landing" / "flights").symlink_to(outside)


def in_place_of_the_ledger(home: Path, outside: Path) -> None:
    (home / "ledger.db").unlink()
    (home / "ledger.db").symlink_to(outside / "file")


def a_second_name_of_a_delivery(home: Path, outside: Path) -> None:
    (home / "landing" / "flights" / "linked.parquet").hardlink_to(outside / "file")


def a_link_to_itself(home: Path, _: Path) -> None:
    (home / "reports" / "round").symlink_to("round")


def a_link_to_nothing(home: Path, _: Path) -> None:
    (home / "reports" / "nothing").symlink_to("nowhere")


def a_pipe(home: Path, _: Path) -> None:
    os.mkfifo(home / "prefect" / "pipe")


@pytest.mark.parametrize(
    "lay",
    [
        to_a_file, to_a_folder, in_place_of_the_store, in_place_of_the_landing_folder, in_place_of_the_ledger,
        a_second_name_of_a_delivery, a_link_to_itself, a_link_to_nothing, a_pipe,
    ],
)  # fmt: skip
def test_nothing_outside_of_the_home_is_touched(lay: Callable[[Path, Path], None], home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (outside / "file").touch()
    (outside / "file").chmod(0o644)
    outside.chmod(0o755)
    lay(home, outside)

    permissions.close(home)

    assert (mode(outside), mode(outside / "file")) == (0o755, 0o644)
    assert (mode(home), mode(home / "bundles" / "abc.skops")) == (0o700, 0o600)


@pytest.mark.parametrize("kind", ["the user's own folder", "above the checkout", "where everybody writes"])
def test_a_folder_that_is_more_than_a_home_stays_open(kind: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if kind == "the user's own folder":
        monkeypatch.setenv("HOME", str(home))
    elif kind == "above the checkout":
        monkeypatch.setattr(environment, "CHECKOUT", home / "checkout")
    home.chmod(0o1777 if kind == "where everybody writes" else 0o755)
    (home / "theirs").touch()
    (home / "theirs").chmod(0o644)
    before = mode(home)

    permissions.close(home)

    assert (mode(home), mode(home / "theirs")) == (before, 0o644)
    assert (mode(home / "ledger.db"), mode(home / "store")) == (0o600, 0o700)


@pytest.mark.skipif(os.getuid() != 0, reason="gives a file away and becomes another user, which needs root")
def test_what_belongs_to_somebody_else_is_named(home: Path) -> None:
    with tempfile.TemporaryDirectory() as reachable:
        theirs = Path(shutil.move(home, reachable))
        for path in (Path(reachable), theirs, *theirs.rglob("*")):
            os.chown(path, 65534, 65534)
        os.chown(theirs / "reports" / "flights.html", 0, 0)
        os.seteuid(65534)
        try:
            told = permissions.close(theirs)
        finally:
            os.seteuid(0)

        assert told is not None
        assert f"Of another owner, and left as they are: {theirs / 'reports' / 'flights.html'}." in told
        assert mode(theirs / "ledger.db") == 0o600


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user, which needs root")
def test_a_home_that_may_not_be_looked_at_is_no_traceback(home: Path) -> None:
    home.chmod(0o700)
    os.seteuid(65534)
    try:
        told = permissions.close(home)
    finally:
        os.seteuid(0)

    assert told is None
