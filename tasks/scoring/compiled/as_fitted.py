"""A Pipeline that answers as it was fitted, where no compiler knows it."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.scoring.compiled import after_steps
from tasks.scoring.compiled.base import Answered, Columns, Compiled, Value

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


class AsFitted(Compiled):
    """The Pipeline itself: it takes some twenty milliseconds for a row."""

    title = "the Pipeline as it was fitted"

    def __init__(self, pipeline: "Pipeline", ask: "Callable[[Pipeline, pd.DataFrame], NDArray[np.float64]]") -> None:
        """Args:
        pipeline: A fitted one.
        ask: Gives its answers to prepared rows.
        """
        self._pipeline, self._ask = pipeline, ask
        self._names = [str(name) for name in pipeline.feature_names_in_]

    def one(self, values: Sequence[Value]) -> Answered:
        """As `many`, of one row."""
        answer: Answered = self.many([[value] for value in values])[0].tolist()
        return answer

    def many(self, columns: Columns) -> NDArray[np.float64]:
        """As at the gate."""
        held = {name: pd.Series(_held(of)) for name, of in zip(self._names, columns, strict=True)}
        with after_steps.explained():
            return self._ask(self._pipeline, pd.DataFrame(held, copy=False))


def _held(values: Any) -> NDArray[Any]:
    """A column as it is prepared."""
    if isinstance(values, np.ndarray):
        return values
    is_text = any(isinstance(value, str) for value in values)
    return np.array([np.nan if value is None else value for value in values], dtype=object if is_text else np.float64)
