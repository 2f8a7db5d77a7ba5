"""Predictions: what a fitted Pipeline says to prepared rows, the probability of a yes or a number.

What a model of one kind of answer says stands with that kind. Making rows ready for it belongs to `preparation`.
"""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    """The kind of problem that a Pipeline answers, fitted or not, as far as it shows it.

    All kinds of a number are answered in the same way, the first of them stands for all. What is to be measured by the
    loss that decides is asked with the kind that the settings name.
    """
    alone = (kinds.named(name) for name, one in KINDS.items() if not (one.takes_share or one.takes_value))
    return next(problem for problem in alone if problem.is_answered_by(pipeline))


@contextmanager
def at_most(threads: int) -> Iterator[None]:
    """While it lasts, the libraries that count with threads take at most so many.

    OpenMP counts for each thread of ours by itself. BLAS counts for the whole process: while several threads are in
    here, it is given back what it had by the last one that leaves.
    """
    loaded = _libraries(len(sys.modules))
    with loaded.select(user_api="openmp").limit(limits=threads), _blas.at_most(loaded, threads):
        yield


class _Blas:
    """How many threads BLAS takes, while anybody says so."""

    def __init__(self) -> None:
        self._guard, self._inside = threading.Lock(), 0
        self._before: Any = None

    @contextmanager
    def at_most(self, loaded: ThreadpoolController, threads: int) -> Iterator[None]:
        with self._guard:
            limited = loaded.select(user_api="blas").limit(limits=threads)
            self._before = limited if not self._inside else self._before
            self._inside += 1
        try:
            yield
        finally:
            with self._guard:
                self._inside -= 1
                if not self._inside:
                    self._before.restore_original_limits()


_blas = _Blas()


@lru_cache(maxsize=1)
def _libraries(modules: int) -> ThreadpoolController:
    """What is loaded; looked for anew when modules have been imported, for that is how a library comes in."""
    return ThreadpoolController()
