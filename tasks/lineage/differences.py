"""What differs between two selections of rows: which rows, which columns, how far apart, and when it happened.

Add here what can be measured on two frames. Which rows they are is decided in `steps.named_rows`, in what words it is
told in `accounts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.ingestion import digits, intake
from tasks.lineage import column_pairs, stretches
from tasks.lineage.column_pairs import ColumnDifference, SchemaChange
from tasks.lineage.stretches import Unit

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Frame:
    """Rows on one side; all three have one entry per row."""

    rows: pd.DataFrame
    events: "pd.Series[pd.Timestamp]"
    """When each happened."""
    labels: Floats
    """What its label counts as: 1 or 0, or a number; not a number where it has none."""


@dataclass(frozen=True)
class RowCounts:
    """Rows that are on both sides, or on one. Of several rows with one key on a side, the first one counts."""

    was: int
    now: int
    same: int
    added: int
    gone: int
    changed: int
    """Rows with the same key and other content; none where rows have no key."""
    by_key: bool
    """Whether rows are told by their key; without one a row with other content is one gone and one added."""
    columns: tuple[tuple[str, int], ...]
    """In how many of the changed rows each column differs, most first."""


@dataclass(frozen=True)
class StretchDifference:
    """One day, month or year on both sides."""

    stretch: str
    was: int
    now: int
    added: int
    gone: int
    changed: int
    labelled_was: int
    labelled_now: int
    label_was: float | None
    """Mean label: of a yes or no the share of yes."""
    label_now: float | None

    @property
    def touched(self) -> tuple[bool, bool, bool]:
        """Whether rows came, went, changed."""
        return self.added > 0, self.gone > 0, self.changed > 0


@dataclass(frozen=True)
class Difference:
    """All of it."""

    rows: RowCounts
    schema: tuple[SchemaChange, ...]
    columns: tuple[ColumnDifference, ...]
    """What matters most to the model first, then by distance."""
    unit: Unit
    stretches: tuple[StretchDifference, ...]
    label_was: float | None
    label_now: float | None


@dataclass(frozen=True)
class Match:
    """Which rows of two selections are the same."""

    counts: RowCounts
    added: Flags
    """Rows of the second side that came, shape (rows of it,)."""
    changed: Flags
    """Rows of the second side that are on the first one with other content, shape (rows of it,)."""
    gone: Flags
    """Rows of the first side that went, shape (rows of it,)."""
    pairs: tuple[NDArray[np.intp], NDArray[np.intp]]
    """Places of the changed rows on the first side, and on the second one."""


def measure(was: Frame, now: Frame, key: Sequence[str], matters: Mapping[str, float]) -> Difference:
    """Compare two selections of rows of one pipeline.

    Args:
        was: The first one.
        now: The second one.
        key: Columns that name a row; none where rows are told by all they hold.
        matters: Permutation importance by column; empty where no model was looked at.
    """
    pairing = match(was.rows, now.rows, key)
    unit = stretches.unit(was.events, now.events)
    when = tuple(stretches.names(side.events, unit) for side in (was, now))
    largest = max(matters.values(), default=0.0)
    worth = {name: max(value, 0.0) / largest for name, value in matters.items()} if largest > 0 else {}
    shared = [name for name in was.rows.columns if name in now.rows.columns and not digits.is_ours(name)]
    columns = [column_pairs.compare(name, was.rows[name], now.rows[name], worth.get(name), when[1]) for name in shared]
    return Difference(
        rows=pairing.counts,
        schema=column_pairs.schema(was.rows, now.rows),
        columns=tuple(sorted(columns, key=lambda one: (-one.weight, -(one.distance or 0.0)))),
        unit=unit,
        stretches=_by_stretch(was, now, pairing, when),
        label_was=_mean(was.labels),
        label_now=_mean(now.labels),
    )


# ── rows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def match(was: pd.DataFrame, now: pd.DataFrame, key: Sequence[str]) -> Match:
    """Tell by key, or without one by all that they hold, which rows are on both sides."""
    shared = [str(name) for name in was.columns if name in now.columns and not digits.is_ours(name)]
    by_key = bool(key) and {*key} <= {*shared}
    contents = [_hashes(side, shared) for side in (was, now)]
    names = [_hashes(side, key) for side in (was, now)] if by_key else contents
    common, at_was, at_now = np.intersect1d(names[0], names[1], return_indices=True)
    differs = contents[0][at_was] != contents[1][at_now]
    before, after = was.iloc[at_was[differs]], now.iloc[at_now[differs]]
    touched = {name: int((_hashes(before, [name]) != _hashes(after, [name])).sum()) for name in shared}
    changed = np.zeros(len(now), dtype=bool)
    changed[at_now[differs]] = True
    added, gone = ~np.isin(names[1], common), ~np.isin(names[0], common)
    counts = RowCounts(
        was=len(was),
        now=len(now),
        same=int((~differs).sum()),
        added=int(added.sum()),
        gone=int(gone.sum()),
        changed=int(differs.sum()),
        by_key=by_key,
        columns=tuple(sorted(((n, c) for n, c in touched.items() if c), key=lambda pair: -pair[1])),
    )
    return Match(counts, added, changed, gone, (at_was[differs], at_now[differs]))


def _hashes(frame: pd.DataFrame, names: Sequence[str]) -> NDArray[np.uint64]:
    return intake.hash_rows(frame[digits.beside(frame, names)])


def _by_stretch(
    was: Frame, now: Frame, pairing: Match, when: tuple[NDArray[np.str_], ...]
) -> tuple[StretchDifference, ...]:
    labels = np.unique(np.concatenate(when))
    codes = [np.searchsorted(labels, side) for side in when]
    flagged = {
        "was": _count(codes[0], len(labels)),
        "now": _count(codes[1], len(labels)),
        "added": _count(codes[1][pairing.added], len(labels)),
        "gone": _count(codes[0][pairing.gone], len(labels)),
        "changed": _count(codes[1][pairing.changed], len(labels)),
    }
    for side, code, name in ((was, codes[0], "was"), (now, codes[1], "now")):
        flagged[f"labelled_{name}"] = _count(code[~np.isnan(side.labels)], len(labels))
    means = [_means(side.labels, code, len(labels)) for side, code in zip((was, now), codes, strict=True)]
    return tuple(
        StretchDifference(
            stretch=str(label),
            label_was=means[0][place],
            label_now=means[1][place],
            **{name: int(counts[place]) for name, counts in flagged.items()},
        )
        for place, label in enumerate(labels)
    )


def _count(codes: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    return np.bincount(codes, minlength=size)


def _means(labels: Floats, codes: NDArray[np.intp], size: int) -> list[float | None]:
    there = ~np.isnan(labels)
    counts = np.bincount(codes[there], minlength=size)
    sums = np.bincount(codes[there], weights=labels[there], minlength=size)
    return [float(total / count) if count else None for total, count in zip(sums, counts, strict=True)]


def _mean(labels: Floats) -> float | None:
    there = labels[~np.isnan(labels)]
    return float(there.mean()) if len(there) else None
