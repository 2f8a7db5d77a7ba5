"""A linear model as a sum of one number per input: a text has its own, a number has a slope.

The fitted encoders are asked for them: what an input adds is the difference to a row in which it is missing.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tasks.scoring.compiled import encoders, links
from tasks.scoring.compiled.base import CannotCompile, Columns, Compiled, Value

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_STEPS = (0.0, 1.0, -3.0, 1000.0)
_CLOSE = 1e-9


class _Line:
    """What a number adds."""

    def __init__(self, base: float, slope: float) -> None:
        self._base, self._slope = base, slope

    def one(self, value: Value) -> float:
        return 0.0 if value is None else self._base + self._slope * value  # type: ignore[operator]

    def many(self, values: Any) -> NDArray[np.float64]:
        numbers = np.asarray(values, dtype=np.float64)
        return np.where(np.isnan(numbers), 0.0, self._base + self._slope * numbers)


class _Texts:
    """What a text adds."""

    def __init__(self, known: Mapping[Value, float], unseen: float) -> None:
        self._known, self._unseen = known, unseen

    def one(self, value: Value) -> float:
        return 0.0 if value is None else self._known.get(value, self._unseen)

    def many(self, values: Any) -> NDArray[np.float64]:
        if not isinstance(values, np.ndarray):
            return np.array([self.one(value) for value in values])
        import pandas as pd

        codes, levels = pd.factorize(values)
        return np.asarray(np.array([*map(self.one, levels), 0.0])[codes])


class LinearSum(Compiled):
    """Linear and logistic regression."""

    title = "a sum over inputs"

    def __init__(self, parts: Sequence[_Line | _Texts], base: float, link: links.Link) -> None:
        """Args:
        parts: What each input adds.
        base: The sum where everything is missing.
        link: Makes the answer of the sum.
        """
        self._parts, self._base, self._link = parts, base, link
        self._ones: list[Callable[[Value], float]] = [part.one for part in parts]

    @classmethod
    def of(cls, pipeline: "Pipeline") -> Self:
        """The sum of a fitted Pipeline; raises as the base says."""
        from sklearn.linear_model import LogisticRegression, Ridge

        model = pipeline.steps[-1][1]
        if not isinstance(model, LogisticRegression | Ridge):
            raise CannotCompile("it is no linear model")
        weights = np.asarray(model.coef_, dtype=np.float64)
        if weights.ndim > 1 and len(weights) > 1:
            raise CannotCompile("it has more than two classes")
        asked = encoders.of(pipeline)
        row, nothing = weights.ravel(), asked.nothing()
        parts: list[_Line | _Texts] = []
        for name in asked.names:
            is_text = name in asked.texts
            values = [*asked.texts[name], asked.unseen(name)] if is_text else [*_STEPS]
            added = [float(of) for of in (asked.rows(name, values) - nothing) @ row]
            parts.append(
                _Texts(dict(zip(values[:-1], added, strict=False)), added[-1]) if is_text else _line(name, added)
            )
        base = float((nothing @ row)[0] + np.asarray(model.intercept_).ravel()[0])
        return cls(parts, base, links.of(model))

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


def _line(name: str, added: Sequence[float]) -> _Line:
    """The line through what a number adds; raises where it is none."""
    base, slope = added[0], (added[-1] - added[0]) / (_STEPS[-1] - _STEPS[0])
    close = _CLOSE * max(1.0, *map(abs, added))
    if any(abs(base + slope * step - one) > close for step, one in zip(_STEPS, added, strict=True)):
        raise CannotCompile(f"what {name!r} adds is no line")
    return _Line(base, slope)
