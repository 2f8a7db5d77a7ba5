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
    yes = positives(settings)
    same = labels == yes[0] if len(yes) == 1 else labels.isin(yes)
    hits = same.to_numpy(dtype=bool, na_value=False)
    return np.where(labels.isna().to_numpy(dtype=bool), np.nan, hits.astype(np.float64))


def positives(settings: TrainingSettings) -> tuple[str | int | bool, ...]:
    """The values of the label that count as positive."""
    return settings.positives or (True,)


def named(outcome: bool, settings: TrainingSettings) -> str:
    """A yes or a no in the words of the data: `true`, `false`; `UP`, `not UP`."""
    first = positives(settings)[0]
    if isinstance(first, bool):
        return str(first is outcome).lower()
    words = " or ".join(map(str, positives(settings)))
    return words if outcome else f"not {words}"
