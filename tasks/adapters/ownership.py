"""A home and its ledger belong together: both hold one id, and the ledger says where the home is.

A ledger of another home is refused before anything is read from it, and so is a home that was moved, copied or restored
elsewhere, until its user says `--adopt`. Change this module when something else makes a ledger a foreign one.
"""

import json
import re
import socket
from pathlib import Path
from uuid import uuid4

from configs.errors import Damaged, UnusableHome
from tasks.adapters import failpoints, files
from tasks.adapters.ledger.book import Ledger
from tasks.adapters.ledger.owner import Owned, Place

FILE = ".home.json"
"""In the home, with its id."""
_LOCK = ".ledger.lock"
_ID = re.compile(r"[0-9a-f]{32}")


def require(folder: Path, ledger: Ledger) -> None:
    """Make sure that a ledger is that of a home; a new one, or one of an earlier version, becomes so.

    Args:
        folder: The home.
        ledger: Opened; nothing of it has been used yet.

    Raises:
        UnusableHome: It is another home's, or this home is not where it was.
    """
    mine, owned = _read(folder), ledger.owner.read()
    if mine is None or owned is None:
        with files.locked(folder / _LOCK):
            mine, owned = _introduce(folder, ledger)
    if mine != owned.home:
        raise UnusableHome(_foreign(folder, owned))
    if not _place(folder).is_same(owned.place):
        raise UnusableHome(_elsewhere(folder, owned))


def adopt(folder: Path, ledger: Ledger) -> list[str]:
    """Make a home and a ledger belong together from now on; gives what was done, in sentences.

    Both get a new id, so that a copy of either is refused wherever it may be. Done again, it does nothing.

    Raises:
        Damaged: The ledger knows rows, and this home has none of them.
        Busy: Somebody is at work with this ledger.
    """
    with files.locked(folder / _LOCK):
        return _adopt(folder, ledger)


def _adopt(folder: Path, ledger: Ledger) -> list[str]:
    mine, place, owned = _read(folder), _place(folder), ledger.owner.read()
    if owned is not None and mine == owned.home and place == owned.place:
        return [f"{folder} and its ledger belong together already."]
    missing = _missing(folder, ledger)
    if missing and not _has_any(folder, ledger):
        raise Damaged(
            f"The ledger knows {len(missing):,} files of rows, and {folder / 'store'} has none of them. Restore the "
            "store of the home that this ledger is from, then adopt it; or name another ledger."
        )
    new = uuid4().hex
    ledger.owner.replace(new, place)
    _write(folder, new)
    before = f", which was that of {owned.place.path} on {owned.place.host}" if owned else ""
    told = [f"{folder} has adopted the ledger{before}. Another home with this very ledger is refused now."]
    if missing:
        told.append(f"{len(missing):,} files that the ledger knows are not in {folder / 'store'}: `verify` names them.")
    return told


def _introduce(folder: Path, ledger: Ledger) -> tuple[str, Owned]:
    """Let both know each other where one of them does not; the id of the home, and whose the ledger is then."""
    mine, place, owned = _read(folder), _place(folder), ledger.owner.read()
    if mine is None or owned is None:
        knows_rows, has_some = next(ledger.owner.files(), None) is not None, _has_any(folder, ledger)
        is_where_it_was = owned is None or place.is_same(owned.place)
        if (knows_rows and not has_some) or not (has_some or is_where_it_was):
            raise UnusableHome(_foreign(folder, owned))
    if mine is None:
        mine = owned.home if owned else uuid4().hex
        _write(folder, mine)
        failpoints.reach("home-named")
    if owned is None:
        owned = ledger.owner.claim(mine, place)
        failpoints.reach("ledger-claimed")
    return mine, owned


def _foreign(folder: Path, owned: Owned | None) -> str:
    whose = f"that of another home, {owned.place.path} on {owned.place.host}" if owned else "that of another home"
    return (
        f"The ledger that was named for {folder} is {whose}. Name one of its own in INCUMBENT_LEDGER_URL, or the home "
        "to which it belongs in INCUMBENT_HOME. If this home takes the place of that one, restored from a backup say, "
        "adopt it once, with `status --adopt`; then the other one cannot use it any more."
    )


def _elsewhere(folder: Path, owned: Owned) -> str:
    there = Path(owned.place.path)
    is_copy = owned.place.host == socket.gethostname() and _read(there) == owned.home
    how = "is a copy of" if is_copy else "was moved, copied or restored from"
    still = ", which is still there" if is_copy else f" on {owned.place.host}"
    return (
        f"{folder} {how} {owned.place.path}{still}. To work here, adopt it once: `status --adopt` gives home and "
        "ledger a new id, and lets MLflow look for its files here."
    )


def _has_any(folder: Path, ledger: Ledger) -> bool:
    return any(_path(folder, digest).exists() for digest in ledger.owner.files())


def _missing(folder: Path, ledger: Ledger) -> list[str]:
    return [digest for digest in ledger.owner.files() if not _path(folder, digest).exists()]


def _path(folder: Path, digest: str) -> Path:
    return folder / "store" / digest[:2] / f"{digest}.parquet"


def _place(folder: Path) -> Place:
    return Place(str(folder.resolve()), str(folder.stat().st_ino), socket.gethostname())


def _read(folder: Path) -> str | None:
    """The id of a home; None if it has none."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))["id"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as err:
        raise UnusableHome(f"{folder / FILE} cannot be read: {err.strerror}. Give this user access to it.") from err
    except (ValueError, TypeError, KeyError):
        return None  # as if it had been lost
    return said if isinstance(said, str) and _ID.fullmatch(said) else None


def _write(folder: Path, identity: str) -> None:
    files.publish(folder / FILE, json.dumps({"id": identity}).encode())
