"""A linear model as a sum of one number per input: a text has its own, a number has a slope.

Numpy is all that it needs; `linear_compiler` makes it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tasks.scoring.compiled import links
from tasks.scoring.compiled.base import Columns, Tables, Value


@dataclass(frozen=True)
class Line:
    """What a number adds."""

    base: float
    slope: float

    def one(self, value: Value) -> float:
        """Of one row."""
        return 0.0 if value is None else self.base + self.slope * value  # type: ignore[operator]

    def many(self, values: Any) -> NDArray[np.float64]:
        """Of many."""
        numbers = np.asarray(values, dtype=np.float64)
        return np.where(np.isnan(numbers), 0.0, self.base + self.slope * numbers)

    def plain(self) -> dict[str, Any]:
        """What it is, as values of JSON."""
        return {"base": self.base, "slope": self.slope}


@dataclass(frozen=True)
class Texts:
    """What a text adds."""

    known: Mapping[str, float]
    unseen: float

    def one(self, value: Value) -> float:
        """Of one row."""
        return 0.0 if value is None else self.known.get(value, self.unseen)  # type: ignore[arg-type]

    def many(self, values: Any) -> NDArray[np.float64]:
        """Of many; what is no text is missing."""
        known, unseen = self.known, self.unseen
        return np.array([known.get(value, unseen) if isinstance(value, str) else 0.0 for value in values])

    def plain(self) -> dict[str, Any]:
        """What it is, as values of JSON."""
        return {"known": dict(self.known), "unseen": self.unseen}


class LinearSum(Tables):
    """Linear and logistic regression."""

    title = "a sum over inputs"

    def __init__(self, parts: Sequence[Line | Texts], base: float, link: links.Link) -> None:
        """Args:
        parts: What each input adds.
        base: The sum where everything is missing.
        link: Makes the answer of the sum.
        """
        self._parts, self._base, self._link = parts, base, link
        self._ones: list[Callable[[Value], float]] = [part.one for part in parts]

    def one(self, values: Sequence[Value]) -> float:
        """The answer for one row."""
        total = self._base
        for part, value in zip(self._ones, values, strict=True):
            total += part(value)
        return self._link.one(total)

    def many(self, columns: Columns) -> NDArray[np.float64]:
        """The answers for prepared rows."""
        total = np.full(len(columns[0]), self._base)
        for part, values in zip(self._parts, columns, strict=True):
            total += part.many(values)
        return self._link.many(total)

    def tables(self) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
        """Plain values only."""
        return {}, {"parts": [part.plain() for part in self._parts], "base": self._base, "link": self._link.plain()}

    @classmethod
    def of_tables(cls, arrays: Mapping[str, NDArray[Any]], plain: Mapping[str, Any]) -> Self:
        """The same again."""
        parts = [Texts(**part) if "known" in part else Line(**part) for part in plain["parts"]]
        return cls(parts, plain["base"], links.of_plain(plain["link"]))
