"""What answers in place of a fitted Pipeline: one row of plain Python values, or columns of many.

A compiler is a class in a file of its own beside this one, with its line in `configs.plugs`. It asks the fitted
encoders what becomes of a value, so that no preprocessing is written a second time; `compiler` checks what it made.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from tasks.problems import prediction

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Value = float | str | None
"""A number, a text, or nothing."""
Columns = Sequence[NDArray[np.float64] | NDArray[np.object_] | Sequence[Value]]
"""Columns in the order of a model's inputs: prepared ones, numbers or text objects, missing is NaN; or plain values."""


class CannotCompile(Exception):
    """A Pipeline is not of the kind that a compiler knows; the Pipeline answers by itself then."""


class Compiled(ABC):
    """What answers as a fitted Pipeline does."""

    title: ClassVar[str]
    """What it is, for people."""

    @classmethod
    @abstractmethod
    def of(cls, pipeline: "Pipeline") -> Self:
        """Compile a fitted Pipeline.

        Raises:
            CannotCompile: It is of another kind.
        """

    @abstractmethod
    def one(self, values: Sequence[Value]) -> float:
        """The answer for one row, its values in the order of the inputs: the probability of a yes, or a number.

        What is missing is None, never NaN.
        """

    @abstractmethod
    def many(self, columns: Columns) -> NDArray[np.float64]:
        """The answers for prepared rows, shape (rows,)."""


class AsFitted(Compiled):
    """The Pipeline itself: it takes some twenty milliseconds for a row."""

    title = "the Pipeline as it was fitted"

    def __init__(self, pipeline: "Pipeline") -> None:
        """Args:
        pipeline: A fitted one.
        """
        self._pipeline = pipeline
        self._names = [str(name) for name in pipeline.feature_names_in_]

    @classmethod
    def of(cls, pipeline: "Pipeline") -> Self:
        """Every Pipeline can be asked."""
        return cls(pipeline)

    def one(self, values: Sequence[Value]) -> float:
        """As `many`, of one row."""
        return float(self.many([[value] for value in values])[0])

    def many(self, columns: Columns) -> NDArray[np.float64]:
        """As at the gate."""
        import pandas as pd

        held = {name: pd.Series(_held(of)) for name, of in zip(self._names, columns, strict=True)}
        return prediction.predict(self._pipeline, pd.DataFrame(held, copy=False))


def _held(values: Any) -> NDArray[Any]:
    """A column as it is prepared."""
    if isinstance(values, np.ndarray):
        return values
    is_text = any(isinstance(value, str) for value in values)
    return np.array([np.nan if value is None else value for value in values], dtype=object if is_text else np.float64)
