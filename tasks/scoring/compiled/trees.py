"""Boosted trees as tables: each value of an input leaves some leaves of each tree within reach, the leftmost is it.

After QuickScorer (Lucchese et al., SIGIR 2015). A tree asks at each node whether a value is at most a threshold; where
it is not, the leaves on the left of that node are out of reach. All values between two thresholds are alike, so there
is one row of bits per interval, and per tree as many as it has leaves, 64 at most. A row of inputs is one look-up each,
and one AND. Numpy is all that it needs; `tree_compiler` makes the tables.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tasks.scoring.compiled import links
from tasks.scoring.compiled.base import Columns, Tables, Value

MOST_LEAVES = 64
_ROWS = 512
"""Rows that are answered at once: their bits stay in the processor's cache."""
_WIDTHS = (np.uint8, np.uint16, np.uint32, np.uint64)
Bits = NDArray[np.unsignedinteger[Any]]
"""Leaves within reach: in one number for each tree, a bit for each of its leaves, the leftmost the lowest."""


@dataclass(frozen=True)
class Number:
    """Where an input that is a number stands in the table."""

    thresholds: list[float]
    first: int

    @cached_property
    def missing(self) -> int:
        """The row of what is missing: behind the last interval."""
        return self.first + len(self.thresholds) + 1

    def places(self, values: Any) -> NDArray[np.intp]:
        """The row of each value; one that is at a threshold is on its left."""
        numbers = np.asarray(values, dtype=np.float64)
        rows = np.searchsorted(self._borders, numbers, side="left") + self.first
        rows[np.isnan(numbers)] = self.missing
        return rows

    @cached_property
    def _borders(self) -> NDArray[np.float64]:
        return np.asarray(self.thresholds)


@dataclass(frozen=True)
class Text:
    """Where an input that is text stands in the table."""

    rows: dict[Value, int]
    unseen: int
    missing: int

    def places(self, values: Any) -> NDArray[np.intp]:
        """The row of each text; what is none is missing."""
        rows, unseen, missing = self.rows, self.unseen, self.missing
        places = [rows.get(value, unseen) if isinstance(value, str) else missing for value in values]
        return np.array(places, dtype=np.intp)


def narrowed(table: Bits, leaves: int) -> Bits:
    """The same bits in the narrowest numbers that have one for each leaf of the widest tree."""
    return table.astype(next(width for width in _WIDTHS if np.iinfo(width).bits >= leaves))


class Trees(Tables):
    """Histogram gradient boosting of scikit-learn, with a yes or a number as its answer."""

    title = "tables of boosted trees"

    def __init__(
        self,
        inputs: Sequence[Number | Text],
        table: Bits,
        leaves: NDArray[np.float64],
        baseline: float,
        link: links.Link,
    ) -> None:
        """Args:
        inputs: Where the values of each input stand in the table.
        table: The leaves within reach, shape (values, trees); `narrowed` takes the least memory, and time.
        leaves: What each leaf adds, shape (trees, leaves).
        baseline: What all trees add to.
        link: Makes the answer of the sum.
        """
        numbered = list(enumerate(inputs))
        self._numbers = [
            (at, one.thresholds, one.first, one.missing) for at, one in numbered if isinstance(one, Number)
        ]
        self._texts = [(at, one.rows, one.unseen, one.missing) for at, one in numbered if isinstance(one, Text)]
        self._inputs, self._table, self._baseline, self._link = inputs, table, baseline, link
        self._leaves, self._widest = leaves.ravel(), leaves.shape[1]
        self._first = np.arange(len(leaves), dtype=np.intp) * leaves.shape[1]
        self._unit = table.dtype.type(1)

    def one(self, values: Sequence[Value]) -> float:
        """The answer for one row."""
        places = [
            missing if (value := values[at]) is None else first + bisect_left(thresholds, value)
            for at, thresholds, first, missing in self._numbers
        ]
        places += [
            missing if (value := values[at]) is None else rows.get(value, unseen)
            for at, rows, unseen, missing in self._texts
        ]
        within = np.bitwise_and.reduce(self._table.take(places, 0), 0)
        leaf = np.bitwise_count((within & -within) - self._unit)
        return self._link.one(self._baseline + float(np.add.reduce(self._leaves.take(self._first + leaf))))

    def many(self, columns: Columns) -> NDArray[np.float64]:
        """The answers for prepared rows, a few hundred at a time."""
        places = [one.places(of) for one, of in zip(self._inputs, columns, strict=True)]
        rows = len(columns[0])
        sums = np.empty(rows)
        for first in range(0, rows, _ROWS):
            part = slice(first, min(first + _ROWS, rows))
            within = self._table[places[0][part]]
            for of_input in places[1:]:
                within &= self._table[of_input[part]]
            leaf = np.bitwise_count((within & -within) - self._unit)
            sums[part] = self._leaves[self._first + leaf].sum(axis=1)
        return self._link.many(self._baseline + sums)

    def tables(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Table, leaves and thresholds as arrays; texts, baseline and link as plain values."""
        arrays = {"table": self._table, "leaves": self._leaves.reshape(-1, self._widest)}
        inputs = list[dict[str, Any]]()
        for place, one in enumerate(self._inputs):
            if isinstance(one, Number):
                arrays[f"thresholds_{place}"] = np.asarray(one.thresholds, dtype=np.float64)
                inputs.append({"first": one.first})
            else:
                inputs.append({"rows": one.rows, "unseen": one.unseen, "missing": one.missing})
        return arrays, {"inputs": inputs, "baseline": self._baseline, "link": self._link.plain()}

    @classmethod
    def of_tables(cls, arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Self:
        """The same again."""
        inputs = [
            Text(**one) if "rows" in one else Number(arrays[f"thresholds_{place}"].tolist(), one["first"])
            for place, one in enumerate(plain["inputs"])
        ]
        link = links.of_plain(plain["link"])
        return cls(inputs, arrays["table"], arrays["leaves"], plain["baseline"], link)
