"""Damage to a part of the rows: what one column shows beside the batches before.

Add a kind of damage here: a function of one column, and a line in `CERTAIN` if a changed world does not look like that,
else in `OPEN`: then it is only asked whether the models lose by it. Damage to all rows at once is in `whole`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from tasks.domain import wording
from tasks.domain.records import Suspect
from tasks.ingestion import columns
from tasks.validation.triage import swings
from tasks.validation.triage.swings import Codes, Figure, Floats, Rows

_CLEAR = 2.0
"""Swings by which a share that the world hardly moves must lie outside of all before."""
_ODD = 1.0
"""Swings from which a share is worth a question."""
_FEW = 12
"""Different values up to which a number is a code or a grade."""
_ALWAYS = 0.999
"""Share from which all numbers were multiples of a unit before: only then fewer of them are no season."""
_UNITS = (1.0, 0.1, 0.01, 10.0)
"""Whole numbers, tenths, hundredths, tens."""
_MOST_LEVELS = 30
_CUTS = np.r_[0.02, 0.05, np.arange(0.1, 0.95, 0.1), 0.95, 0.98]
_NAMED = 3


@dataclass(frozen=True)
class Compared:
    """One column of a batch, and of the batches before."""

    name: str
    now: "pd.Series[object]"
    before: "tuple[pd.Series[object], ...]"
    share: float
    """Smallest share of the rows that counts as a part."""

    @cached_property
    def is_numeric(self) -> bool:
        """Whether it is a number throughout, and not a yes or no."""
        return all(
            pd.api.types.is_numeric_dtype(part.dtype) and not pd.api.types.is_bool_dtype(part.dtype)
            for part in (self.now, *self.before)
        )

    @cached_property
    def _factors(self) -> tuple[list[Codes], list[object]]:
        codes, levels = pd.factorize(pd.concat([self.now, *self.before], ignore_index=True))
        borders = np.cumsum([len(self.now), *map(len, self.before)])[:-1]
        return np.split(codes.astype(np.int64), borders), list(levels)

    @property
    def codes(self) -> list[Codes]:
        """Which level each row has, of the batch and of each batch before; -1 where it is missing."""
        return self._factors[0]

    @property
    def levels(self) -> list[object]:
        """The different values, in the order in which they come first."""
        return self._factors[1]

    @cached_property
    def shares(self) -> Floats:
        """Share of the rows with each level, shape (batches, levels); the batch itself is the first."""
        counts = [np.bincount(part[part >= 0], minlength=len(self.levels)) / max(1, len(part)) for part in self.codes]
        return np.array(counts)

    @cached_property
    def numbers(self) -> Floats:
        """Values of the batch as floats."""
        values: Floats = self.now.to_numpy(dtype=np.float64, na_value=np.nan)
        return values

    @cached_property
    def parts(self) -> list[Floats]:
        """Values of each batch before as floats."""
        return [part.to_numpy(dtype=np.float64, na_value=np.nan) for part in self.before]

    def figure(self, now: float, before: Sequence[float], *, both: bool = False) -> Figure:
        """A share of its rows beside the same before."""
        return swings.figure(now, before, len(self.now), both=both)

    def stands_out(self, figure: Figure, swings: float = _CLEAR) -> bool:
        """Whether a share lies so far outside that it counts."""
        return figure.excess >= self.share and figure.swings >= swings


@dataclass(frozen=True)
class Sign:
    """A suspect, with the rows that show it, and how far it stands out."""

    suspect: Suspect
    rows: Rows
    swings: float


Kind = Callable[[Compared], "Sign | None"]


def _missing(column: Compared) -> Sign | None:
    gone = [part < 0 for part in column.codes]
    figure = column.figure(float(gone[0].mean()), [float(part.mean()) for part in gone[1:]])
    if not column.stands_out(figure):
        return None
    return _sign(column, "missing", f"missing in {_share(figure)}", gone[0], figure)


def _piled_up(column: Compared) -> Sign | None:
    """One value in far more rows than any value had before, and than it had itself."""
    if not column.levels:
        return None
    place, usual = int(column.shares[0].argmax()), column.shares[1:].max(axis=1)
    itself = column.shares[1:, place]
    figure = column.figure(float(column.shares[0, place]), usual.tolist())
    if not column.stands_out(figure):
        return None
    was = f"{wording.share(itself.min())} to {wording.share(itself.max())} before"
    text = f"{columns.example(column.levels[place])} in {wording.share(figure.now)} of rows ({was})"
    return _sign(column, "piled_up", text, column.codes[0] == place, figure)


def _rounded(column: Compared) -> Sign | None:
    """Numbers without the decimals that they had, or with those that they had not."""
    if not column.is_numeric or len(column.levels) <= _FEW:
        return None
    for unit in _UNITS:
        rows = swings.whole(column.numbers, unit)
        figure = column.figure(
            float(rows.mean()), [float(swings.whole(part, unit).mean()) for part in column.parts], both=unit <= 1
        )
        if column.stands_out(figure) and (figure.now > figure.most or figure.least >= _ALWAYS):
            what = {1.0: "whole numbers", 10.0: "whole tens"}.get(unit, f"multiples of {unit:g}")
            less = figure.now < figure.least
            return _sign(column, "rounded", f"{what} in {_share(figure)}", ~rows if less else rows, figure)
    return None


def _new_values(column: Compared) -> Sign | None:
    """Levels that no batch before had."""
    if column.is_numeric or not column.levels:
        return None
    there = column.shares > 0
    others = there[1:].sum(axis=0) - there[1:]
    own = (column.shares[1:] * (others == 0)).sum(axis=1)
    new = there[0] & ~there[1:].any(axis=0)
    figure = column.figure(float(column.shares[0][new].sum()), own.tolist())
    if not column.stands_out(figure):
        return None
    order = [place for place in np.argsort(-column.shares[0], kind="stable") if new[place]]
    names = ", ".join(columns.example(column.levels[place]) for place in order[:_NAMED])
    more = f" and {wording.count(len(order) - _NAMED)} more" if len(order) > _NAMED else ""
    text = f"values never seen before in {_share(figure)}: {names}{more}"
    return _sign(column, "new_values", text, np.isin(column.codes[0], order), figure)


def _far_out(column: Compared) -> Sign | None:
    """Numbers as far outside of their range as the range is wide, or farther."""
    if not column.is_numeric or int((column.shares[1:] > 0).any(axis=0).sum()) <= _FEW:
        return None
    ends = [swings.outside(column.parts, lowest)[0] for lowest in (True, False)]
    width = ends[1] - ends[0]
    rows: Rows = (column.numbers < ends[0] - width) | (column.numbers > ends[1] + width)
    figure = column.figure(float(rows.mean()), [0.0] * len(column.parts))
    if not column.stands_out(figure):
        return None
    between = f"{_number(ends[0])} to {_number(ends[1])}"
    text = f"{wording.share(figure.now)} of rows lie far outside of {between}, where all before were"
    return _sign(column, "far_out", text, rows, figure)


def _beyond(column: Compared) -> Sign | None:
    """Numbers outside of the range that they had."""
    if not column.is_numeric:
        return None
    for lowest in (True, False):
        end, own = swings.outside(column.parts, lowest)
        rows: Rows = column.numbers < end if lowest else column.numbers > end
        figure = column.figure(float(rows.mean()), own)
        if column.stands_out(figure, _ODD):
            total = wording.count(sum(map(len, column.parts)))
            side, edge = ("below", "least") if lowest else ("above", "most")
            text = f"{wording.share(figure.now)} of rows lie {side} {_number(end)}, the {edge} of {total} before"
            return _sign(column, "beyond", text, rows, figure)
    return None


def _moved(column: Compared) -> Sign | None:
    """More or fewer rows at or below some value than in any batch before; of a category, with some level."""
    if column.is_numeric:
        pooled = np.concatenate(column.parts)
        cuts = np.unique(np.nanquantile(pooled, _CUTS)) if not np.isnan(pooled).all() else np.empty(0)
        shares = np.array([_at_most(part, cuts) for part in (column.numbers, *column.parts)])
    else:
        cuts = np.argsort(-column.shares[1:].sum(axis=0), kind="stable")[:_MOST_LEVELS].astype(np.float64)
        shares = column.shares[:, cuts.astype(np.int64)]
    figures = [column.figure(float(one[0]), one[1:].tolist(), both=True) for one in shares.T]
    odd = [(figure.swings, place) for place, figure in enumerate(figures) if column.stands_out(figure, _ODD)]
    if not odd:
        return None
    place = max(odd)[1]
    figure, cut = figures[place], cuts[place]
    what = f"at most {_number(cut)}" if column.is_numeric else columns.example(column.levels[int(cut)])
    rows: Rows = column.numbers <= cut if column.is_numeric else column.codes[0] == cut
    return _sign(column, "moved", f"{what} in {_share(figure)}", rows if figure.now > figure.most else ~rows, figure)


CERTAIN: tuple[Kind, ...] = (_missing, _new_values, _far_out, _rounded, _piled_up)
"""A changed world does not look like that."""
OPEN: tuple[Kind, ...] = (_beyond, _moved)
"""A changed world looks like that, too."""


OF_LABELS: tuple[Kind, ...] = (_far_out, _rounded, _piled_up)
"""What is asked of a number that is predicted: how many labels are missing says how old the rows are."""


def look(column: Compared, kinds: Sequence[Kind] = (*CERTAIN, *OPEN)) -> Sign | None:
    """The first damage that a column shows, the certain kinds before the open ones; None if it is as before.

    That it lies outside of its range as well is said with it, and belongs to the rows that show it.
    """
    sign = next((one for kind in kinds if (one := kind(column)) is not None), None)
    beyond = _beyond(column) if sign is not None and sign.suspect.certain and _beyond in kinds else None
    if sign is None or beyond is None or sign.suspect.kind == _far_out.__name__.removeprefix("_"):
        return sign
    rows: Rows = sign.rows | beyond.rows
    text = f"{sign.suspect.text}; {beyond.suspect.text.partition(': ')[2]}"
    return replace(sign, suspect=replace(sign.suspect, text=text, rows=int(rows.sum())), rows=rows)


def _sign(column: Compared, kind: str, text: str, rows: Rows, figure: Figure) -> Sign:
    certain = kind in {one.__name__.removeprefix("_") for one in CERTAIN}
    swings = round(figure.swings, 1)
    suspect = Suspect(column.name, kind, f"'{column.name}': {text}", int(rows.sum()), certain=certain, swings=swings)
    return Sign(suspect, rows, figure.swings)


def _at_most(values: Floats, cuts: Floats) -> Floats:
    """Share of all rows with at most so much, for each cut; missing ones have not."""
    ordered = np.sort(values[~np.isnan(values)])
    shares: Floats = np.searchsorted(ordered, cuts, side="right") / max(1, len(values))
    return shares


def _share(figure: Figure) -> str:
    """`18 % of rows (0 % to 2 % before)`."""
    return f"{wording.share(figure.now)} of rows ({wording.share(figure.least)} to {wording.share(figure.most)} before)"


def _number(value: float) -> str:
    return wording.number(round(value) if abs(value) >= 1000 else float(f"{value:.3g}"))
