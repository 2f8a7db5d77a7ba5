"""Digits of a time beyond microseconds: they are dropped from it, and kept beside it in a column of their own.

So two rows that differ in them only are two rows, and nothing that was delivered is lost. Add here what has to be known
of such a column; who reads times makes it.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from configs.errors import BrokenContract
from tasks.domain import wording
from tasks.ingestion import arrow_hashing

_BEFORE = "_digits_of_"
_NANO = 3


def column(name: object) -> str:
    """The column with the digits of a time."""
    return f"{_BEFORE}{name}"


def is_ours(name: object) -> bool:
    """Whether a column is one with such digits."""
    return str(name).startswith(_BEFORE)


def require_none(names: Iterable[str]) -> None:
    """Refuse a delivery that has such a column itself.

    Raises:
        BrokenContract: It has one.
    """
    ours = next(filter(is_ours, names), None)
    if ours is not None:
        raise BrokenContract(f"Column {ours!r} has a name that Incumbent needs itself.")


def beside(frame: pd.DataFrame, names: Iterable[str]) -> list[str]:
    """These columns, and the digits of those of them that have some."""
    return [part for name in names for part in (name, column(name)) if part == name or part in frame.columns]


def of_ticks(nanoseconds: "np.typing.NDArray[np.int64]") -> "pd.Series[Any] | None":
    """Digits of times in nanoseconds, as text; None if no time has any."""
    rest = nanoseconds % 1000
    texts = np.array([None, *(f"{number:03}".rstrip("0") for number in range(1, 1000))], dtype=object)
    return pd.Series(texts[rest], dtype="str") if rest.any() else None


def hashes(texts: "pd.Series[Any]") -> arrow_hashing.Hashes:
    """What the digits of each row add to the hash of its time: nanoseconds as in a time that has them."""
    codes, levels = pd.factorize(texts)
    nano = np.array([*(int(text[:_NANO].ljust(_NANO, "0")) for text in levels), 0], dtype=np.int64)
    more = [text[_NANO:] for text in levels]
    rest = np.array([*(arrow_hashing.salt(text) if text else 0 for text in more), 0], dtype=np.uint64)
    found: arrow_hashing.Hashes = (arrow_hashing.finer(nano) ^ rest)[codes]
    return found


def notes(frames: Iterable[pd.DataFrame]) -> tuple[str, ...]:
    """What is said of dropped digits, a sentence for each time that has some."""
    counts: dict[str, int] = {}
    for frame in frames:
        for name in filter(is_ours, frame.columns):
            counts[name] = counts.get(name, 0) + int(frame[name].notna().sum())
    return tuple(
        f"{name.removeprefix(_BEFORE)}: digits beyond microseconds dropped in {wording.count(rows)} "
        f"{'row' if rows == 1 else 'rows'}"
        for name, rows in counts.items()
        if rows
    )
