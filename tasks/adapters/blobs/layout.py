"""The format of the store, noted in its folder: an older version leaves alone what a newer one has written.

Raise `FORMAT` with a change after which the code before it would misread what is stored. The ledger has its own number.
"""

from pathlib import Path

from configs.errors import Damaged, UnusableHome
from tasks.adapters import failpoints, files

FORMAT = 1
"""The format that this code reads and writes."""
_NOTE = "FORMAT"


def require(store: Path) -> None:
    """Make sure that a store can be read here; one without a note is of the first format.

    Raises:
        UnusableHome: It was written by a newer version.
        Damaged: The note says something else than a number.
    """
    try:
        number = (store / _NOTE).read_text(encoding="utf-8", errors="replace").strip()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as err:
        raise UnusableHome(f"{store / _NOTE} cannot be read: {err.strerror}. Give this user access to it.") from err
    if not (number.isascii() and number.isdigit()):
        raise Damaged(f"{store / _NOTE} says {number[:40]!r} in place of a number. Restore it from a backup.")
    if int(number) > FORMAT:
        raise UnusableHome(
            f"The store at {store} has format {number}, this version of Incumbent knows {FORMAT}. "
            "It was written by a newer version: use that one, or another INCUMBENT_HOME."
        )


def original(store: Path, digest: str) -> Path:
    """Where a store keeps refused bytes, as they came."""
    return store / "refused" / digest


def note(store: Path) -> None:
    """Note the format where the first file is about to be written."""
    if not (store / _NOTE).exists():
        files.publish(store / _NOTE, f"{FORMAT}\n".encode())
        failpoints.reach("format-noted")
