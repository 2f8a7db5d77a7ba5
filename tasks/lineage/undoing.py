"""Parts of what two models learned from, and the rows with one part undone: as the first model had it.

Add here a way to cut data into parts. What is made of settings is undone in `makings`; who fits and judges is in
`steps.attributing`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.domain import wording
from tasks.lineage import stretches
from tasks.lineage.differences import Match
from tasks.problems.outcomes import Outcomes

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Part:
    """A part of what differs in the rows of two models."""

    name: str
    came: Flags
    """Rows of the second side that it is about: came, or have other content; shape (rows of it,)."""
    went: Flags
    """Rows of the first side that it is about: went; shape (rows of it,)."""
    column: str | None = None
    """Only this column of them; None for whole rows."""

    @property
    def rows(self) -> int:
        """How many rows it is about."""
        return int(self.came.sum() + self.went.sum())


@dataclass(frozen=True)
class Learned:
    """What a model is fitted on, ready for it."""

    prepared: pd.DataFrame
    outcomes: Outcomes


def whole(match: Match) -> Part:
    """All that differs in rows."""
    return Part("all rows that differ", match.added | match.changed, match.gone)


def by_name(match: Match, was: NDArray[np.str_], now: NDArray[np.str_]) -> list[Part]:
    """What differs, apart by a name that each row has (its batch, its day), the largest part first.

    Args:
        match: Which rows differ.
        was: Name of each row of the first side.
        now: Name of each row of the second side.
    """
    every = whole(match)
    names = dict.fromkeys([*now[every.came].tolist(), *was[every.went].tolist()])
    parts = [Part(name, every.came & (now == name), every.went & (was == name)) for name in names]
    return sorted(parts, key=lambda part: -part.rows)


def outside(
    match: Match, events: tuple[NDArray[np.datetime64], NDArray[np.datetime64]], starts: Sequence[datetime | None]
) -> Part:
    """Rows that came or went only because the windows of the two begin at different moments.

    Args:
        match: Which rows differ.
        events: When each row of the first side and of the second side happened, in UTC.
        starts: Where both windows begin; None for no beginning.
    """
    moments = [None if start is None else np.datetime64(start.replace(tzinfo=None), "us") for start in starts]
    came = match.added & _before(events[1], moments[0])
    return Part("window", came, match.gone & _before(events[0], moments[1]))


def halves(part: Part, events: tuple["pd.Series[pd.Timestamp]", "pd.Series[pd.Timestamp]"]) -> tuple[Part, Part] | None:
    """A part cut in two by time, between days (of a long one between months or years); None if it is of a single one.

    Args:
        part: What is cut.
        events: When each row of the first side and of the second side happened.
    """
    inside = events[0][part.went], events[1][part.came]
    unit = stretches.unit(*inside)
    names = stretches.names(events[0], unit), stretches.names(events[1], unit)
    labels, counts = np.unique(np.concatenate([names[0][part.went], names[1][part.came]]), return_counts=True)
    if len(labels) < 2:
        return None
    cut = int(np.clip(np.searchsorted(counts.cumsum(), counts.sum() / 2) + 1, 1, len(labels) - 1))
    first, last = (
        replace(
            part,
            name=str(some[0]) if len(some) == 1 else f"{some[0]} to {some[-1]}",
            came=part.came & np.isin(names[1], some),
            went=part.went & np.isin(names[0], some),
        )
        for some in (labels[:cut], labels[cut:])
    )
    return first, last


def undone(part: Part, match: Match, was: Learned, now: Learned) -> Learned:
    """What the second model learned from, with one part as the first model had it.

    Rows that came are left out, those that went are there again, those that changed have their content of before. Of
    a single column only its values are undone: those of before in rows that changed, none in rows that came.
    """
    at_was, at_now = (places[part.came[match.pairs[1]]] for places in match.pairs)
    if part.column is not None:
        return _column_undone(part, part.column, (at_was, at_now), was, now)
    order = np.arange(len(now.prepared))
    order[at_now] = len(now.prepared) + at_was
    kept = order[~(part.came & match.added)]
    back = len(now.prepared) + np.flatnonzero(part.went)
    chosen = np.concatenate([kept, back])
    both = pd.concat([now.prepared, was.prepared], ignore_index=True)
    outcomes: Outcomes = np.concatenate([now.outcomes, was.outcomes])[chosen]
    return Learned(both.iloc[chosen].reset_index(drop=True), outcomes)


def text(part: Part, match: Match) -> str:
    """`1,400 came, 12 went, 3 changed`: what happened to its rows."""
    changed = int((part.came & match.changed).sum())
    counts = {"came": part.rows - changed - int(part.went.sum()), "went": int(part.went.sum()), "changed": changed}
    return ", ".join(_counted(counts))


def _counted(counts: dict[str, int]) -> Iterator[str]:
    for what, number in counts.items():
        if number:
            yield f"{wording.count(number)} {what}"


def _column_undone(
    part: Part, column: str, places: tuple[NDArray[np.intp], NDArray[np.intp]], was: Learned, now: Learned
) -> Learned:
    at_was, at_now = places
    if column not in now.prepared.columns:  # the label
        outcomes = now.outcomes.copy()
        outcomes[at_now] = was.outcomes[at_was]
        return replace(now, outcomes=outcomes)
    values = now.prepared[column].to_numpy(copy=True)
    changed = np.zeros(len(values), dtype=bool)
    changed[at_now] = True
    values[at_now] = was.prepared[column].to_numpy()[at_was]
    values[part.came & ~changed] = np.nan
    undone = pd.Series(values, index=now.prepared.index, dtype=now.prepared[column].dtype)
    return replace(now, prepared=now.prepared.assign(**{column: undone}))


def _before(events: NDArray[np.datetime64], moment: np.datetime64 | None) -> Flags:
    return np.zeros(len(events), dtype=bool) if moment is None else np.asarray(events < moment)
