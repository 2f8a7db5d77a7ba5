"""Learning: a scikit-learn Pipeline is fitted on prepared rows; what of it is kept, and which inputs matter to it.

Add here what is done with a Pipeline. What is to be fitted belongs to `families`, making rows ready to `preparation`,
measuring to `scores`, packing to `bundles`.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import LinAlgWarning
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from tasks.problems import prediction
from tasks.problems.base import Problem
from tasks.problems.outcomes import Outcomes
from tasks.training.estimators import libraries

GOLDEN_ROWS = 200
_MEASURED, _SOME_ROWS = 50, 200
"""Inputs whose importance is measured on all rows of a sample, and rows on which these are chosen if there are more."""
_STACKED_CELLS = 4_000_000
"""Cells of a frame that is put together to be asked at once: some tens of megabytes."""


def fit(
    pipeline: Pipeline,
    prepared: pd.DataFrame,
    outcomes: Outcomes,
    *,
    threads: int,
    weights: NDArray[np.float64] | None = None,
) -> Pipeline:
    """Fit in place and return the same Pipeline; at most `threads` threads. The outcomes can be learned.

    Raises InvalidSettings if there are weights, and the model takes none.
    """
    further = libraries.fit_parameters(pipeline) | libraries.weighted(pipeline, weights)
    with prediction.at_most(threads), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # said by `notes`, and shown with the probe
        warnings.simplefilter("ignore", LinAlgWarning)  # the solver then goes on with lbfgs by itself
        libraries.limited(pipeline.steps[-1][1], threads)
        pipeline.fit(_with_empty_columns_constant(prepared), outcomes, **further)
    libraries.without_chance(pipeline.steps[-1][1])
    return pipeline


def notes(pipeline: Pipeline) -> tuple[str, ...]:
    """What a reader of the fit should know, in sentences; empty if there is nothing."""
    model = pipeline.steps[-1][1]
    if isinstance(model, LogisticRegression) and int(model.n_iter_[0]) >= model.max_iter:
        return (f"The solver stopped at its limit of {model.max_iter} steps; raise max_iter of logistic_regression.",)
    return ()


def golden(prepared: pd.DataFrame) -> pd.DataFrame:
    """Rows to keep with a bundle: up to 200, evenly spread, and one in which everything is missing."""
    spread = np.unique(np.linspace(0, len(prepared) - 1, min(GOLDEN_ROWS, len(prepared))).astype(int))
    empty = pd.DataFrame({name: pd.Series([np.nan], dtype=kind) for name, kind in prepared.dtypes.items()})
    return pd.concat([prepared.iloc[spread], empty], ignore_index=True)


def importance(
    pipeline: Pipeline,
    prepared: pd.DataFrame,
    outcomes: Outcomes,
    *,
    rows: int,
    seed: int,
    threads: int = 1,
    problem: Problem | None = None,
) -> tuple[tuple[str, float], ...]:
    """Rise in the loss that decides when one input is shuffled, largest first (Breiman 2001).

    It is measured on a sample of at most `rows`; ties are in the order of the columns. Of more than 50 inputs those 50
    are, which seem to matter most on some of its rows; the others stand behind them, with what they had there.
    """
    source = np.random.default_rng(seed)
    sample = np.sort(source.choice(len(prepared), min(rows, len(prepared)), replace=False))
    problem = problem or prediction.kind(pipeline)
    base, truth = prepared.iloc[sample].reset_index(drop=True), outcomes[sample]
    names, rest = list(base.columns), list[tuple[str, float]]()
    if len(names) > _MEASURED:
        some = slice(None, None, max(1, len(base) // _SOME_ROWS))
        few = base[some].reset_index(drop=True)
        seeming = _rises(pipeline, few, truth[some], names, source, threads, problem)
        names, rest = [name for name, _ in seeming[:_MEASURED]], seeming[_MEASURED:]
    return (*_rises(pipeline, base, truth, names, source, threads, problem), *rest)


def _rises(
    pipeline: Pipeline,
    base: pd.DataFrame,
    truth: Outcomes,
    names: Sequence[str],
    source: np.random.Generator,
    threads: int,
    problem: Problem,
) -> list[tuple[str, float]]:
    """The rise for each of these inputs, largest first.

    Shuffled copies of the rows are stacked, as many as fit into `_STACKED_CELLS`, and asked in one call.
    """
    shuffled = {name: base[name].to_numpy()[source.permutation(len(base))] for name in names}
    at_once = max(1, _STACKED_CELLS // max(1, base.size))
    usual = _mean_losses(pipeline, base, truth, threads, problem)[0]
    rises: list[float] = []
    for first in range(0, len(names), at_once):
        changed = {name: shuffled[name] for name in names[first : first + at_once]}
        rises += (_mean_losses(pipeline, _stacked(base, changed), truth, threads, problem) - usual).tolist()
    return sorted(zip(names, rises, strict=True), key=lambda pair: -pair[1])


def _stacked(base: pd.DataFrame, changed: Mapping[str, NDArray[Any]]) -> pd.DataFrame:
    """One copy of the rows for each changed column, one under the other; in each copy that one column is exchanged."""
    size = len(base)
    stacked = {name: np.tile(base[name].to_numpy(), len(changed)) for name in base.columns}
    for place, (name, values) in enumerate(changed.items()):
        stacked[name][place * size : (place + 1) * size] = values
    # pandas would look into text for what it is
    held = {name: pd.Series(of, dtype=object) if of.dtype == object else of for name, of in stacked.items()}
    return pd.DataFrame(held, copy=False)


def _mean_losses(
    pipeline: Pipeline, stacked: pd.DataFrame, truth: Outcomes, threads: int, problem: Problem
) -> NDArray[np.float64]:
    """The mean loss of each copy of the rows, shape (copies,)."""
    answers = prediction.predict(pipeline, stacked, threads=threads)
    copies = answers.reshape(-1, len(truth), *answers.shape[1:])
    return np.array([problem.losses(truth.astype(np.float64), copy).mean() for copy in copies])


def _with_empty_columns_constant(prepared: pd.DataFrame) -> pd.DataFrame:
    """A column without a single value cannot be binned or scaled; a constant one teaches nothing either, but can be."""
    empty = [name for name in prepared.columns if prepared[name].isna().all()]
    return prepared.assign(**{name: "" if prepared[name].dtype == object else 0.0 for name in empty})
