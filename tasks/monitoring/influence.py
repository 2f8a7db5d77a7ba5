"""How much each input moves the answers of a model: mean change of an answer when the input is another row's.

Label-free permutation importance on the golden batch, so that it is the same whenever it is asked for. That of MLflow
is the rise in loss on judged rows: it is better, and comes too late to say whether a batch has drifted.
"""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_MANY = 50
"""Inputs from which fewer rows are asked about, once each."""
_SHUFFLES, _ROWS_OF_MANY = 4, 100
_SEED = 0


def shares(golden: pd.DataFrame, answers: Callable[[pd.DataFrame], NDArray[np.float64]]) -> Mapping[str, float]:
    """What part of all that moves the answers each input is; they add up to 1, or are all 0 where none moves them.

    Args:
        golden: Rows as the model takes them in.
        answers: What it says to such rows, shape (rows,).
    """
    many = len(golden.columns) > _MANY
    rows = golden.iloc[: _ROWS_OF_MANY if many else len(golden)]
    chance, base = np.random.default_rng(_SEED), answers(rows)
    orders = [chance.permutation(len(rows)) for _ in range(1 if many else _SHUFFLES)]
    moved = {
        str(name): float(np.mean([_moved(rows, str(name), order, answers, base) for order in orders]))
        for name in rows.columns
    }
    total = sum(moved.values())
    return {name: value / total if total else 0.0 for name, value in moved.items()}


def _moved(
    rows: pd.DataFrame,
    name: str,
    order: NDArray[np.intp],
    answers: Callable[[pd.DataFrame], NDArray[np.float64]],
    base: NDArray[np.float64],
) -> float:
    shuffled = rows.assign(**{name: rows[name].to_numpy()[order]})
    return float(np.abs(answers(shuffled) - base).mean())
