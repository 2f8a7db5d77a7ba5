"""How much each input adds to an answer: what the model says, less what it says with usual values in its place.

Usual values are those of golden rows, one after the other; the mean of what the model says with them counts. What a
probability says is told in log-odds. For a sum of terms, such as a linear model, that is exactly the term of the input
less its mean (the Shapley value of a linear model: Štrumbelj & Kononenko 2014). What inputs do together is in the
number of each of them, so the numbers of a row need not add up.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tasks.scoring.compiled.base import Compiled

LARGEST = 3
"""Inputs that are told of a row."""
_USUAL = 16
"""Golden rows whose values are taken."""
_FIGURES = 4


def usual(golden: pd.DataFrame) -> pd.DataFrame:
    """Golden rows, evenly spread; the one in which all is missing is not usual."""
    real = golden[golden.notna().any(axis=1)]
    places = np.unique(np.linspace(0, len(real) - 1, min(_USUAL, len(real))).astype(int))
    return real.iloc[places].reset_index(drop=True)


def measure(
    compiled: Compiled, prepared: pd.DataFrame, usually: pd.DataFrame, *, is_probability: bool
) -> NDArray[np.float64]:
    """What each input adds, shape (rows, inputs).

    Args:
        compiled: Answers.
        prepared: Rows as it takes them in.
        usually: Rows whose values are usual, with the same columns.
        is_probability: Whether it answers with the probability of a yes, or of each class, of which that counts which
            it names; else with a number.
    """
    columns = [prepared[name].to_numpy() for name in prepared.columns]

    first = compiled.many(columns)
    named = first.argmax(axis=1)[:, None] if first.ndim > 1 else None

    def told(answers: NDArray[np.float64]) -> NDArray[np.float64]:
        own = answers if named is None else np.take_along_axis(answers, named, axis=1)[:, 0]
        return np.log(own) - np.log1p(-own) if is_probability else own

    def said(of: Sequence[NDArray[np.object_]]) -> NDArray[np.float64]:
        return told(compiled.many(of))

    base, added = told(first), np.empty((len(prepared), len(columns)))
    for place, name in enumerate(prepared.columns):
        otherwise = np.zeros(len(prepared))
        for value, count in usually[name].value_counts(dropna=False).items():
            filled = np.full(len(prepared), value, dtype=columns[place].dtype)
            otherwise += count * said([*columns[:place], filled, *columns[place + 1 :]])
        added[:, place] = base - otherwise / len(usually)
    return added


def largest(added: NDArray[np.float64], names: Sequence[str]) -> list[dict[str, float]]:
    """Of each row the inputs that add most, in either direction, the largest first; who adds nothing is left out."""
    order = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :LARGEST]
    rounded = np.round(added, _FIGURES)
    return [
        {names[place]: float(of_row[place]) for place in places if of_row[place]}
        for of_row, places in zip(rounded, order, strict=True)
    ]
