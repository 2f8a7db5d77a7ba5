"""Predictions: what a fitted Pipeline says to prepared rows, the probability of a yes or a number.

What a model of one kind of answer says stands with that kind. Making rows ready for it belongs to `preparation`.
"""

import sys
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import ThreadpoolController

from configs.errors import IncumbentError
from configs.problems import KINDS
from tasks.problems import kinds
from tasks.problems.base import Problem


def predict(pipeline: Pipeline, prepared: pd.DataFrame, *, threads: int = 1) -> NDArray[np.float64]:
    """The answer per prepared row, shape (rows,): the probability of a positive label in [1e-6, 1 − 1e-6], or a number.

    Raises if one is not finite.
    """
    if prepared.empty:
        return np.empty(0, dtype=np.float64)
    problem = kind(pipeline)
    with at_most(threads):
        answers = problem.answers(pipeline, prepared).astype(np.float64)
    if not np.isfinite(answers).all():
        wrong = int((~np.isfinite(answers)).sum())
        raise IncumbentError(f"The model gave {wrong:,} predictions that are not numbers, of {len(answers):,}.")
    return problem.kept(answers)


def kind(pipeline: Pipeline) -> Problem:
    """The kind of problem that a Pipeline answers, fitted or not."""
    return next(problem for problem in map(kinds.named, KINDS) if problem.is_answered_by(pipeline))


def at_most(threads: int) -> AbstractContextManager[Any]:
    """While it lasts, the libraries that count with threads take at most so many."""
    limited: AbstractContextManager[Any] = _libraries(len(sys.modules)).limit(limits=threads)
    return limited


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """What is loaded; looked for anew when modules have been imported, for that is how a library comes in."""
    return ThreadpoolController()
