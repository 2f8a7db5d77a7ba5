"""Compiles linear and logistic regression: the fitted encoders are asked what each input adds to the sum.

It is the difference to a row in which the input is missing.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tasks.scoring.compiled import encoders
from tasks.scoring.compiled.base import CannotCompile
from tasks.scoring.compiled.linear_sum import Line, LinearSum, Texts

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_STEPS = (0.0, 1.0, -3.0, 1000.0)
_CLOSE = 1e-9


class LinearCompiler:
    """Linear and logistic regression."""

    @staticmethod
    def of(pipeline: "Pipeline") -> LinearSum:
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
        parts: list[Line | Texts] = []
        for name in asked.names:
            is_text = name in asked.texts
            values: list[Any] = [*asked.texts[name], asked.unseen(name)] if is_text else [*_STEPS]
            added = [float(of) for of in (asked.rows(name, values) - nothing) @ row]
            parts.append(
                Texts(dict(zip(values[:-1], added, strict=False)), added[-1]) if is_text else _line(name, added)
            )
        base = float((nothing @ row)[0] + np.asarray(model.intercept_).ravel()[0])
        return LinearSum(parts, base, encoders.link(model))


def _line(name: str, added: Sequence[float]) -> Line:
    """The line through what a number adds; raises where it is none."""
    base, slope = added[0], (added[-1] - added[0]) / (_STEPS[-1] - _STEPS[0])
    close = _CLOSE * max(1.0, *map(abs, added))
    if any(abs(base + slope * step - one) > close for step, one in zip(_STEPS, added, strict=True)):
        raise CannotCompile(f"what {name!r} adds is no line")
    return Line(base, slope)
