"""How much each input moves the answers of a model: mean change of an answer when the input is another row's.

Label-free permutation importance on the golden batch, so that it is the same whenever it is asked for. That of MLflow
is the rise in loss on judged rows: it is better, and comes too late to say whether a batch has drifted.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MANY = 50
"""Inputs from which fewer rows are asked about, once each."""
_SHUFFLES, _ROWS_OF_MANY = 4, 100
_CELLS = 1_000_000
"""Values that the model is asked about at a time: asking costs by the call as much as by the row."""
_SEED = 0

Answers = Callable[[pd.DataFrame], NDArray[np.float64]]


def shares(golden: pd.DataFrame, answers: Answers) -> Mapping[str, float]:
    """What part of all that moves the answers each input is; they add up to 1, or are all 0 where none moves them.

    Args:
        golden: Rows as the model takes them in.
        answers: What it says to such rows, shape (rows,), or (rows, classes).
    """
    many = len(golden.columns) > _MANY
    rows = golden.iloc[: _ROWS_OF_MANY if many else len(golden)].reset_index(drop=True)
    chance, base = np.random.default_rng(_SEED), answers(rows)
    orders = [chance.permutation(len(rows)) for _ in range(1 if many else _SHUFFLES)]
    shuffled = [(str(name), order) for name in rows.columns for order in orders]
    at_once = max(1, _CELLS // max(1, rows.size))
    moved = dict.fromkeys(map(str, rows.columns), 0.0)
    for first in range(0, len(shuffled), at_once):
        asked = shuffled[first : first + at_once]
        said_to_each = answers(_side_by_side(rows, asked)).reshape(len(asked), *base.shape)
        for (name, _), said in zip(asked, said_to_each, strict=True):
            moved[name] += float(np.abs(said - base).mean())
    total = sum(moved.values())
    return {name: value / total if total else 0.0 for name, value in moved.items()}


def _side_by_side(rows: pd.DataFrame, shuffled: Sequence[tuple[str, NDArray[np.intp]]]) -> pd.DataFrame:
    """The rows once for each shuffle, one below the other, with one input in another order."""
    places = np.tile(np.arange(len(rows)), (len(shuffled), 1))

    def column(name: str) -> NDArray[np.intp]:
        own = [order if name == moved else place for place, (moved, order) in zip(places, shuffled, strict=True)]
        return np.concatenate(own)

    return pd.DataFrame({name: rows[name].take(column(str(name))).array for name in rows.columns}, copy=False)
