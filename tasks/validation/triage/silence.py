"""A source that has gone silent, or stands still: one value without end, in all rows or in those of one group.

A column that is mostly zero has long runs of zeros; a dead one has a run that is many times as long as any before.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.domain import wording
from tasks.domain.records import Suspect
from tasks.ingestion import columns
from tasks.validation.triage.parts import Sign
from tasks.validation.triage.swings import Codes, Rows

_LONGER, _LONGER_IN_GROUP = 4.0, 6.0
"""How many times as long as any run before a run must be; of a group fewer rows are there to tell by."""
_LEAST = 100
"""Rows that a run must have at least."""
_OF_GROUP, _OF_GROUP_NOW = 0.5, 0.25
"""Share of the rows of a group that one value may have filled at a time before, and share that it must fill now."""
_NEARLY_ALL = 0.9
"""Share of the rows of a group from which a value is the usual one: a long run of it is no news."""
_PART = 0.2
"""A group may be smaller than what counts as a part of all rows."""
_MOST_GROUPS = 20
_MOST_ORDERS = 4
Places = NDArray[np.intp]


def look(now: pd.DataFrame, before: Sequence[pd.DataFrame], features: Sequence[str], share: float) -> list[Sign]:
    """Columns that stand still for longer than ever, each with its rows; at most one finding a column.

    Args:
        now: The rows of the batch in the order of their events.
        before: Rows of the batches before, each in that order.
        features: Columns that are looked at.
        share: Smallest share of the rows that counts as a part.
    """
    orders: list[str | None] = [None, *_groups(now, before)]
    signs: dict[str, Sign] = {}
    codes: dict[str | None, list[Codes]] = {name: _codes([now, *before], name) for name in {*features, *orders}}
    for group in orders:
        order = np.argsort(codes[group][0], kind="stable")
        for name in features:
            if name not in signs and name != group and (one := _still(now, name, group, codes, order, share)):
                signs[name] = one
    return list(signs.values())


def _still(
    now: pd.DataFrame,
    name: str,
    group: str | None,
    codes: Mapping[str | None, list[Codes]],
    order: Places,
    share: float,
) -> Sign | None:
    """The run that is longest beside those before, in all rows or in those of one group, by which `order` sorts."""
    values, keys = codes[name], codes[group]
    runs = _longest(values[0][order], keys[0][order])
    sizes = np.bincount(keys[0] - keys[0].min())
    best: Sign | None = None
    for owner, (first, last) in runs.items():
        length, size = last - first, int(sizes[owner - keys[0].min()])
        least = share * size if group is None else max(_OF_GROUP_NOW * size, _PART * share * len(now))
        value = int(values[0][order[first]])
        usual = _usual(values[1:], keys[1:], owner, value, length) if length >= max(_LEAST, least) else None
        if usual is None or length <= (_LONGER if group is None else _LONGER_IN_GROUP) * usual:
            continue
        if best is None or length / usual > best.swings:
            rows: Rows = np.zeros(len(now), dtype=np.bool_)
            rows[order[first:last]] = True
            best = Sign(_suspect(now.iloc[order[first]], name, group, length, usual), rows, length / usual)
    return best


def _suspect(row: "pd.Series[object]", name: str, group: str | None, length: int, usual: int) -> Suspect:
    value = "missing" if pd.isna(row[name]) else columns.example(row[name])
    where = "" if group is None else f"{group} = {columns.example(row[group])}"
    rows = f"{wording.count(length)} rows{f' of {where}' if where else ''} one after the other"
    text = f"'{name}': {value} in {rows}, at most {wording.count(usual)} before"
    return Suspect(name, "silent", text, length, where)


def _usual(values: Sequence[Codes], keys: Sequence[Codes], owner: int, value: int, length: int) -> int | None:
    """The longest run of a group before, of any value; None where such a run says nothing.

    So it is where one value filled most of the group for a while, where this value is what nearly all rows have, and
    where too few rows of the group are there to have had such a run.
    """
    longest = 1
    parts = [part[its == owner] for part, its in zip(values, keys, strict=True)]
    everything = np.concatenate(parts)
    if np.median([len(own) for own in parts]) < length / 2 or (everything == value).mean() > _NEARLY_ALL:
        return None
    for own in parts:
        run = max((last - first for first, last in _longest(own, np.zeros_like(own)).values()), default=0)
        if run > _OF_GROUP * len(own):
            return None
        longest = max(longest, run)
    return longest


def _longest(values: Codes, keys: Codes) -> dict[int, tuple[int, int]]:
    """Begin and end of the longest run of one value within each group; the rows are sorted by group."""
    if not len(values):
        return {}
    edges = np.flatnonzero((values[1:] != values[:-1]) | (keys[1:] != keys[:-1])) + 1
    first, last = np.concatenate(([0], edges)), np.concatenate((edges, [len(values)]))
    groups = keys[first]
    begins = np.concatenate(([0], np.flatnonzero(groups[1:] != groups[:-1]) + 1))
    longest = {}
    for begin, end in zip(begins, [*begins[1:], len(groups)], strict=True):
        run = begin + int(np.argmax(last[begin:end] - first[begin:end]))
        longest[int(groups[run])] = int(first[run]), int(last[run])
    return longest


def _codes(frames: Sequence[pd.DataFrame], name: str | None) -> list[Codes]:
    """The values of a column as numbers, the same in every frame; missing is one more value."""
    if name is None:
        return [np.zeros(len(frame), dtype=np.int64) for frame in frames]
    codes = pd.factorize(pd.concat([frame[name] for frame in frames], ignore_index=True), use_na_sentinel=True)[0]
    return list(np.split(codes.astype(np.int64), np.cumsum([len(frame) for frame in frames])[:-1]))


def _groups(now: pd.DataFrame, before: Sequence[pd.DataFrame]) -> list[str]:
    """Columns that name a group of rows: text with few levels, of which each was there before."""
    signs = []
    for name in now.columns:
        text = not pd.api.types.is_numeric_dtype(now[name].dtype) and not hasattr(now[name], "dt")
        if text and all(name in frame for frame in before) and 2 <= now[name].nunique() <= _MOST_GROUPS:
            signs.append(str(name))
    return signs[:_MOST_ORDERS]
