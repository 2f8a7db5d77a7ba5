"""Predictions: what a fitted Pipeline says to prepared rows, the probability of a yes or a number.

Add here what a model of another kind of answer says. Making rows ready for it belongs to `learning`.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from configs.errors import IncumbentError

CLIP = 1e-6
"""Probabilities are kept this far from 0 and 1, so that one row cannot make the log loss infinite."""


def predict(pipeline: Pipeline, prepared: pd.DataFrame, *, threads: int = 1) -> NDArray[np.float64]:
    """The answer per prepared row, shape (rows,): the probability of a positive label in [1e-6, 1 − 1e-6], or a number.

    Raises if one is not finite.
    """
    if prepared.empty:
        return np.empty(0, dtype=np.float64)
    with threadpool_limits(limits=threads):
        told = pipeline.predict(prepared) if predicts_numbers(pipeline) else pipeline.predict_proba(prepared)[:, 1]
    answers: NDArray[np.float64] = told.astype(np.float64)
    if not np.isfinite(answers).all():
        wrong = int((~np.isfinite(answers)).sum())
        raise IncumbentError(f"The model gave {wrong:,} predictions that are not numbers, of {len(answers):,}.")
    return answers if predicts_numbers(pipeline) else np.clip(answers, CLIP, 1 - CLIP)


def predicts_numbers(pipeline: Pipeline) -> bool:
    """Whether a Pipeline answers with numbers, not with the probability of a yes."""
    return not hasattr(pipeline, "predict_proba")
