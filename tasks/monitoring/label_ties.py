"""How much of the labels the columns of some rows tell: a model of one half of them, asked about the other.

That is measured in the batch itself, so that it asks nothing of the live model: a world that has changed tells its own
labels. Add here what is compared with the batches before.
"""

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor

from tasks.monitoring import lots
from tasks.monitoring.lots import Floats, Lot, Rows
from tasks.problems import prediction

LEAST = 100
"""Rows from which their labels can be asked for."""
_TRIES, _RUNS = 3, 10
"""Halvings, of which the best counts: halves may be unlike each other by chance; and runs of rows of a batch before."""
_PLACES, _FEW = 16, 50
"""Kinds of rows, by hour and group, that are told apart, and rows of the smallest."""
_GROUPS = 20
"""Levels of a column that makes groups."""


def told(now: Lot, outcomes: Floats, rows: Rows, seed: int, without: str | None = None) -> float:
    """Share of the variance of labels that some rows of the batch tell.

    Args:
        now: The batch.
        outcomes: What its labels count as.
        rows: Which rows.
        seed: Of the halves.
        without: An input that is left out.
    """
    question = (rows.tobytes(), outcomes.tobytes(), seed, without)
    if question not in now.told:
        inputs = _without(now, now.encoded[1], without)[rows]
        now.told[question] = _best(inputs, outcomes[rows], now.clusters[rows], seed)
    return now.told[question]


def told_before(now: Lot, rows: Rows, seed: int, most: int, without: str | None = None) -> Iterator[float]:
    """The same of as many rows of batches before, of such hours and groups, where there are enough with labels.

    One batch after the other: whoever has heard enough asks no more.

    Args:
        now: The batch.
        rows: Which rows of it are compared with those before.
        seed: Of the rows that are drawn, and of the halves.
        most: Batches before, at most.
        without: An input that is left out.
    """
    then, here = hours_and_groups(now)
    alike = kinds_of_rows(here, rows.astype(np.float64)).predict(then)
    size, chance = int(rows.sum()), np.random.default_rng(seed)
    for number, batch in enumerate(now.before[:most]):
        of_it = now.parts == number
        weights = np.where(np.isnan(batch.outcomes), 0.0, alike[of_it])
        there = int((weights > 0).sum())
        if there >= LEAST:
            drawn = np.sort(chance.choice(len(weights), min(size, there), replace=False, p=weights / weights.sum()))
            question = (number, drawn.tobytes(), seed, without)
            if question not in now.told:
                inputs = _without(now, now.encoded[0][of_it], without)[drawn]
                now.told[question] = _best(inputs, batch.outcomes[drawn], _runs(len(drawn)), seed)
            yield now.told[question]


def hours_and_groups(now: Lot) -> tuple[Floats, Floats]:
    """Hour of each row and the groups that it is in, of those before and now; shape (rows, columns)."""
    groups = [
        place
        for place, name in enumerate(now.past.columns)
        if not pd.api.types.is_float_dtype(now.past[name].dtype) and now.past[name].nunique() <= _GROUPS
    ]
    hours = np.concatenate([batch.hours for batch in now.before]), now.hours
    then, here = (np.column_stack([of, all_of[:, groups]]) for of, all_of in zip(hours, now.encoded, strict=True))
    return then, here


def kinds_of_rows(places: Floats, values: Floats) -> DecisionTreeRegressor:
    """The mean of a value by hour and group."""
    tree = DecisionTreeRegressor(max_leaf_nodes=_PLACES, min_samples_leaf=_FEW, random_state=0)
    return tree.fit(places, values)


def _without(now: Lot, inputs: Floats, column: str | None) -> Floats:
    return inputs if column is None else np.delete(inputs, list(now.past.columns).index(column), axis=1)


def _runs(rows: int) -> NDArray[np.int64]:
    return np.arange(rows) // max(1, rows // _RUNS)


def _best(inputs: Floats, outcomes: Floats, clusters: NDArray[np.int64], seed: int) -> float:
    return max(_told(inputs, outcomes, clusters, seed + half) for half in range(_TRIES))


def _told(inputs: Floats, outcomes: Floats, clusters: NDArray[np.int64], seed: int) -> float:
    half, left, whole = _half(clusters, seed), 0.0, 0.0
    for learned in (half, ~half):
        if not learned.any() or learned.all() or not inputs.shape[1]:
            return 1.0  # what cannot be asked is not held against them
        model = HistGradientBoostingRegressor(max_iter=40, max_leaf_nodes=8, min_samples_leaf=20, random_state=0)
        with prediction.at_most(1):  # of so few rows threads would rather wait for each other
            said = model.fit(_not_empty(inputs[learned]), outcomes[learned]).predict(inputs[~learned])
        left += float(np.square(outcomes[~learned] - said).sum())
        whole += float(np.square(outcomes[~learned] - outcomes[~learned].mean()).sum())
    return 1 - left / whole if whole else 1.0


def _not_empty(inputs: Floats) -> Floats:
    """The same with a constant for a column that has no value at all, which these trees cannot learn from."""
    return np.where(np.isnan(inputs).all(axis=0), 0.0, inputs)


def _half(clusters: NDArray[np.int64], seed: int) -> Rows:
    names = np.unique(clusters)
    if len(names) < lots.FEW_CLUSTERS:
        return np.random.default_rng(seed).random(len(clusters)) < 0.5
    half: Rows = np.isin(clusters, np.random.default_rng(seed).permutation(names)[: len(names) // 2])
    return half
