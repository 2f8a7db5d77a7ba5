"""What MLflow runs to load a model and ask it: a copy of this file lies in the folder of every logged model.

It takes rows as a person has them, whatever pandas made of the source, and makes of them what the model was fitted on:
text, or numbers; missing is NaN. It needs only what the model needs itself: import nothing else here, and nothing of
this project.
"""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLIP = 1e-6
"""Probabilities are kept this far from 0 and 1, as at the gate."""
_TRUTHS = {"true": True, "false": False}


class Loaded:
    """A fitted scikit-learn Pipeline, and how its columns are prepared."""

    def __init__(self, fitted: Any, kinds: dict[str, str]) -> None:
        """Args:
        fitted: The Pipeline; its input is text and numbers.
        kinds: The type of each column in the contract.
        """
        self._fitted = fitted
        self._kinds = kinds
        self._levels = _levels(fitted)

    def predict(self, rows: pd.DataFrame) -> "NDArray[np.float64]":
        """The answers: both probabilities, shape (rows, 2), or numbers, shape (rows,).

        Args:
            rows: One column per input, by name; others are left out, one that is absent is missing throughout.

        Raises:
            ValueError: A column holds something else than its type.
        """
        prepared = {str(name): self._prepared(rows, str(name)) for name in self._fitted.feature_names_in_}
        frame = pd.DataFrame(prepared, index=rows.index)
        if hasattr(self._fitted, "predict_proba"):
            answers = np.clip(self._fitted.predict_proba(frame), CLIP, 1 - CLIP)
        else:
            answers = self._fitted.predict(frame)
        return np.asarray(answers, dtype=np.float64)

    def _prepared(self, rows: pd.DataFrame, name: str) -> "NDArray[Any]":
        is_text = self._kinds.get(name) == "category"
        if name not in rows.columns:
            return np.full(len(rows), math.nan, dtype=object if is_text else np.float64)
        return _texts(rows[name], self._levels.get(name, ())) if is_text else _numbers(rows[name])


def _load_pyfunc(path: str) -> Loaded:
    """MLflow's way in: `path` is the folder of the logged model."""
    import mlflow.sklearn
    from mlflow.models import Model

    kinds = (Model.load(str(Path(path) / "MLmodel")).metadata or {})["columns"]
    return Loaded(mlflow.sklearn.load_model(path), kinds)


def _levels(fitted: Any) -> "dict[str, NDArray[Any]]":
    """The texts that the model has learned of each column."""
    parts = {name: (part, columns) for name, part, columns in fitted.named_steps["encode"].transformers_}
    if "categories" not in parts:
        return {}
    part, columns = parts["categories"]
    return dict(zip(map(str, columns), part[0].categories_, strict=True))


def _texts(values: "pd.Series[Any]", levels: Any) -> "NDArray[Any]":
    """Text as it is. Where pandas read numbers or truths: the text that the model knows and that reads as the same."""
    codes, found = pd.factorize(np.asarray(values.astype(object)))
    is_text = all(isinstance(value, str) for value in found)
    same = {} if is_text else {_read(level): level for level in reversed(levels)}
    exact = set() if is_text else set(levels)

    def text(value: object) -> str:
        plain = str(value)
        return plain if isinstance(value, str) or plain in exact else same.get(_read(value), plain)

    texts: NDArray[Any] = np.array([*map(text, found), math.nan], dtype=object)[codes]  # -1 is what is missing
    return texts


def _read(value: object) -> object:
    """What pandas would make of a text: a truth, a number; else it stays what it is."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value), "truth"
    text = str(value)
    if text.casefold() in _TRUTHS:
        return _TRUTHS[text.casefold()], "truth"
    try:
        return float(text)
    except ValueError:
        return text


def _numbers(values: "pd.Series[Any]") -> "NDArray[np.float64]":
    there = values.astype(object) if isinstance(values.dtype, (pd.CategoricalDtype, pd.StringDtype)) else values
    if there.dtype == object:
        there = there.map(lambda value: _TRUTHS.get(value.casefold(), value) if isinstance(value, str) else value)
    try:
        return np.asarray(there.to_numpy(dtype=np.float64, na_value=math.nan))
    except (TypeError, ValueError) as err:
        raise ValueError(f"Column {values.name!r} must hold numbers, or true and false: {err}.") from err
