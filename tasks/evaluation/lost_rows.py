"""Rows by the cells they lie in and what was lost on them, and parts of them.

Add here what search and test of weak spots share. Columns are cut in `cuts_of_columns`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tasks.evaluation.cuts_of_columns import Codes

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FEW = 20
"""With fewer rows of a part at the gate, its loss there is not known: then that of all rows counts."""
_NEARLY_ALL = 0.8


@dataclass(frozen=True, eq=False)
class Lost:
    """Rows, and what was lost on them."""

    codes: tuple[Codes, ...]
    """Per cut the cell of each row."""
    loss: Floats
    clusters: Codes
    base: Floats | None = None
    """What it is compared with on the same rows; None where it is compared with the gate."""

    def of(self, chosen: Mask) -> "Lost":
        """Some of the rows."""
        base = None if self.base is None else self.base[chosen]
        codes = tuple(one[chosen] for one in self.codes)
        return Lost(codes, self.loss[chosen], self.clusters[chosen], base)

    @property
    def half(self) -> Mask:
        """Rows of every second cluster."""
        even: Mask = self.clusters % 2 == 0
        return even


@dataclass(frozen=True)
class Limits:
    """What counts."""

    share: float
    """Smallest share of the rows; as many must be left."""
    rise: float
    """Smallest rise of the loss, relative to what it is compared with."""
    level: float
    """Chance that anything is found where there is nothing (Holm)."""


@dataclass(frozen=True, eq=False)
class Part:
    """Cells of one column or two, and how far they stand out."""

    cells: tuple[tuple[int, Mask], ...]
    """Place of a cut, and which of its cells."""
    distance: float
    p_value: float = 1.0

    def rows(self, lost: Lost) -> Mask:
        """Which rows lie in it."""
        inside = [mask[lost.codes[place]] for place, mask in self.cells]
        together: Mask = np.logical_and.reduce(inside)
        return together

    def is_spread(self, lost: Lost) -> bool:
        """Whether nearly every cluster has rows in it and others: it did not begin at some time."""
        inside = self.rows(lost)
        both = np.intersect1d(lost.clusters[inside], lost.clusters[~inside])
        return len(both) >= _NEARLY_ALL * len(np.unique(lost.clusters))
