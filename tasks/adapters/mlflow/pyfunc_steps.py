"""What MLflow runs to load a model with feature steps: as `pyfunc`, and times are read as well.

A copy of this file lies in the folder of every logged model with steps, beside a copy of `pyfunc` and of what computes
the steps. It needs only what the model needs itself: import nothing else here, and nothing of this project but those.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from tasks.adapters.mlflow import pyfunc as base

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Loaded(base.Loaded):
    """A fitted scikit-learn Pipeline with feature steps, and how its columns are prepared."""

    def _prepared(self, rows: pd.DataFrame, name: str) -> "NDArray[Any]":
        if self._kinds.get(name) != "timestamp" or name not in rows.columns:
            return super()._prepared(rows, name)
        try:
            times = pd.to_datetime(rows[name], utc=True, format="ISO8601")
        except (TypeError, ValueError) as err:
            raise ValueError(f"Column {name!r} must hold times: {err}.") from err
        whole = times.to_numpy(dtype="datetime64[us]")
        return np.where(np.isnat(whole), math.nan, whole.astype(np.int64))


def _load_pyfunc(path: str) -> Loaded:
    """MLflow's way in: `path` is the folder of the logged model."""
    import mlflow.sklearn
    from mlflow.models import Model

    kinds = (Model.load(str(Path(path) / "MLmodel")).metadata or {})["columns"]
    return Loaded(mlflow.sklearn.load_model(path), kinds)
