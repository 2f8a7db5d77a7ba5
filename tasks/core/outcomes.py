"""Outcomes: what the label of a row says, as a number: 1 or 0 for yes and no, else the value itself.

Add here how a label is read. Every room asks here, so that training, judging and counting mean the same; who needs no
scikit-learn for anything else needs none for this.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.training import TrainingSettings

Outcomes = NDArray[np.bool_] | NDArray[np.float64]
"""What rows turned out to be: yes or no, or numbers."""


def of(labels: "pd.Series[Any]", settings: TrainingSettings) -> NDArray[np.float64]:
    """The outcome of each row, NaN where there is no label yet, shape (rows,)."""
    if settings.problem == "regression":
        numbers: NDArray[np.float64] = labels.to_numpy(dtype=np.float64, na_value=np.nan)
        return numbers
    hits = (labels == positive(settings)).to_numpy(dtype=bool, na_value=False)
    return np.where(labels.isna().to_numpy(dtype=bool), np.nan, hits.astype(np.float64))


def positive(settings: TrainingSettings) -> str | int | bool:
    """The value of the label that counts as positive."""
    return True if settings.positive is None else settings.positive


def named(outcome: bool, settings: TrainingSettings) -> str:
    """A yes or a no in the words of the data: `true`, `false`; `UP`, `not UP`."""
    value = positive(settings)
    if isinstance(value, bool):
        return str(value is outcome).lower()
    return str(value) if outcome else f"not {value}"
