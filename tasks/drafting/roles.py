"""What columns are for: the key, the features, slices worth watching; and which are left out, with the reason.

Add a reason here for which a column is no feature. What gives the label away belongs to `giveaways`.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from configs.errors import MistakeOfUser
from tasks.drafting.guess import Guess, nearest
from tasks.drafting.survey import Column

_ID = re.compile(
    r"(^|_)(id|uuid|guid|key|nr|no|number|num|index|instant|rowid)$|[a-z](ID|Id|Key|No|Nr)$|^(id|uuid)", re.IGNORECASE
)
_ENTITY = re.compile(
    r"customer|user|client|patient|account|member|driver|device|machine|shop|store|vehicle|person", re.IGNORECASE
)
_MANY, _MOSTLY_DIFFERENT = 50, 0.5
_LONG_TEXT, _WORDS = 40, 3
_NAMEABLE = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
_SLICES, _MOST_LEVELS, _LEAST_SHARE = 3, 8, 0.03
_MOST_MISSING = 0.98


@dataclass(frozen=True)
class LeftOut:
    """A column that is no feature."""

    column: str
    why: str


def key(columns: Sequence[Column], wanted: str | None, times: Collection[str]) -> tuple[tuple[str, ...], list[Guess]]:
    """The columns that together name a row; none where there are none.

    Args:
        columns: All columns.
        wanted: Columns parted by commas, as the user names them.
        times: Columns that the event time is read from: beside one of them a name may come once a day.

    Raises:
        MistakeOfUser: There is no such column.
    """
    by_name = {column.name: column for column in columns}
    if wanted is not None:
        names = tuple(part.strip() for part in wanted.split(",") if part.strip())
        unknown = next((name for name in names if name not in by_name), None)
        if unknown is not None or not names:
            raise MistakeOfUser(
                f"There is no column {unknown or wanted!r} for --key{nearest(unknown or wanted, list(by_name))}."
            )
        several = _sharing([by_name[name] for name in names])
        shared = f", but {several:,} rows do not have one of their own and would be set aside" if several else ""
        return names, [Guess("validation.key", ", ".join(names), f"as you said{shared}", is_doubtful=several > 0)]
    unique = [column for column in columns if column.is_unique and column.kind in ("integer", "category")]
    named = [column for column in unique if _ID.search(column.name)] or [c for c in unique if c.kind == "category"]
    if named:
        return (named[0].name,), [Guess("validation.key", named[0].name, "each row has its own value")]
    ids = [column for column in columns if _ID.search(column.name) and not column.missing and column.levels > 1]
    for column in ids:
        pair = (column.name, *times)
        if times and _names_rows([by_name[name] for name in pair if name in by_name]):
            return pair, [Guess("validation.key", ", ".join(pair), "together they name each row")]
    return (), [Guess("validation.key", "none", "no column has a value of its own in each row")]


def _sharing(columns: Sequence[Column]) -> int:
    """Rows that have their key together with others, or lack a part of it."""
    codes = np.stack([column.codes for column in columns])
    _, places, counts = np.unique(codes, axis=1, return_inverse=True, return_counts=True)
    return int(((counts[places.ravel()] > 1) | (codes < 0).any(axis=0)).sum())


def _names_rows(columns: Sequence[Column]) -> bool:
    if any(column.missing for column in columns):
        return False
    codes = np.stack([column.codes for column in columns])
    return bool(np.unique(codes, axis=1).shape[1] == columns[0].rows)


def left_out(column: Column) -> LeftOut | None:
    """Why a column is no feature; None if it may be one."""
    why = _why_not(column)
    return None if why is None else LeftOut(column.name, why)


def _why_not(column: Column) -> str | None:
    if _NAMEABLE.fullmatch(column.name) is None:
        return "no setting can name it: its name is empty, too long, or has signs that are not seen"
    if column.notes:
        return column.notes[0]
    if column.kind == "empty" or not column.levels:
        return "it has no values"
    if column.levels == 1 and not column.missing:
        return f"it is {column.value(0)!r} in every row"
    if column.share_missing > _MOST_MISSING:
        return f"it is missing in {column.share_missing:.1%} of the rows"
    if column.kind == "time":
        return "it is a time"
    there = column.rows - column.missing
    different = column.levels / there
    if (
        column.kind == "category"
        and column.levels > _MANY
        and (column.length > _LONG_TEXT or column.blanks >= _WORDS)
        and different > 0.05
    ):
        return f"it is free text ({column.levels:,} different ones)"
    if (
        column.kind in ("category", "integer")
        and column.levels > _MANY
        and different > 0.98
        and (column.kind == "category" or _is_numbering(column))
    ):
        each = "each has" if column.levels == there else "nearly each has"
        return f"it names the row: {each} its own value"
    if column.kind == "category" and column.levels > _MANY and different > _MOSTLY_DIFFERENT:
        return f"it names things: {column.levels:,} different values in {there:,} rows"
    if (
        column.kind in ("category", "integer")
        and _ID.search(column.name)
        and column.levels > _MANY
        and different > 0.02
    ):
        return f"it names things: {column.levels:,} different values"
    return None


def _is_numbering(column: Column) -> bool:
    """Whether whole numbers count the rows, or are called an id."""
    if _ID.search(column.name) is not None:
        return True
    assert column.numbers is not None
    return bool((np.diff(column.numbers) == 1).mean() > 0.98)


def slices(features: Sequence[Column]) -> list[str]:
    """Columns of a few large groups, worth judging apart."""
    good = [
        column.name
        for column in features
        if column.kind in ("category", "boolean")
        and 2 <= column.levels <= _MOST_LEVELS
        and min(count for _, count in column.common) >= _LEAST_SHARE * column.rows
    ]
    return good[:_SLICES]


def entity(columns: Sequence[Column]) -> str | None:
    """A column that names who the rows are about, where each comes several times."""
    for column in columns:
        there = column.rows - column.missing
        named = _ENTITY.search(column.name) is not None and (
            _ID.search(column.name) is not None or column.levels > _MANY
        )
        if named and not column.missing and column.levels >= 30 and 1.5 <= there / column.levels <= 2_000:
            return column.name
    return None
