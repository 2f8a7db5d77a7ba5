"""A compiled model behind feature steps: the steps compute as they were fitted, what follows them is compiled."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import InvalidSettings
from tasks.scoring.compiled.base import Answered, CannotCompile, Columns, Compiled, Value

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

NAME = "features"
"""Of the step of a Pipeline in which feature steps are."""


def compiled(pipeline: "Pipeline", compiler: Any) -> "AfterSteps":
    """What answers in place of a Pipeline that begins with feature steps; raises CannotCompile as the compiler does."""
    from sklearn.pipeline import Pipeline as Steps

    if pipeline.steps[0][0] != NAME:
        raise CannotCompile("its feature steps do not come first")
    return AfterSteps(pipeline.steps[0][1], compiler.of(Steps(pipeline.steps[1:])))


@contextmanager
def explained() -> Iterator[None]:
    """What a step of a user's own does wrong with rows is a mistake that is told, and none of this code."""
    from tasks.features.own_step import StepFailed

    try:
        yield
    except StepFailed as problem:
        raise InvalidSettings(f"These rows cannot be answered: {problem}.") from problem


class AfterSteps(Compiled):
    """Feature steps, and a compiled model."""

    def __init__(self, steps: Any, model: Compiled) -> None:
        """Args:
        steps: Fitted feature steps.
        model: What is asked about what they make.
        """
        self._steps, self._model = steps, model
        self._names = [str(name) for name in steps.feature_names_in_]
        self._texts = frozenset(steps.texts_)

    @property
    def title(self) -> str:  # type: ignore[override]
        """What it is, for people."""
        return f"{self._model.title} behind feature steps"

    def one(self, values: Sequence[Value]) -> Answered:
        """As the base says."""
        made = self._made([[value] for value in values])
        return self._model.one([None if one != one else one for one in (column[0] for column in made)])

    def many(self, columns: Columns) -> NDArray[np.float64]:
        """As the base says."""
        return self._model.many(self._made(columns))

    def _made(self, columns: Columns) -> list[NDArray[Any]]:
        held = {name: self._held(name, values) for name, values in zip(self._names, columns, strict=True)}
        with explained():
            wide = self._steps.transform(pd.DataFrame(held, copy=False))
        return [wide[name].to_numpy() for name in wide.columns]

    def _held(self, name: str, values: Any) -> "pd.Series[Any]":
        """A column as it is prepared; one that had no value when the model was fitted may have text now."""
        if isinstance(values, np.ndarray):
            return pd.Series(values)
        is_text = name in self._texts or any(isinstance(value, str) for value in values)
        held = [np.nan if value is None else value for value in values]
        return pd.Series(held, dtype=object if is_text else np.float64)
