"""Rows of a batch as models are asked about them, and which part of what is lost on them is explained by something.

Add here what every question about a batch shares. What is asked is in `suspects` and `wrong_labels`.
"""

from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeRegressor

from tasks.problems.base import Problem

Floats = NDArray[np.float64]
Rows = NDArray[np.bool_]

_PARTS, _PART = 4, 0.03
"""Parts of a batch that are told apart, and the smallest as a share of its rows."""
_RIGHTED = 0.65
"""Part of what is lost beyond what is usual that goes away where values, or labels, are put right."""
_HALVINGS = 3
"""Halvings, most of which must confirm a row: where one of them lies is luck."""
_FEW, _ENOUGH_CLUSTERS = 0.5, 8
"""Share of the clusters up to which a part lies in few of them, and how many others say how far they swing."""
FEW_CLUSTERS = 4
"""With fewer clusters halves are drawn row by row."""


@dataclass(frozen=True)
class Earlier:
    """Rows of a batch before, as models take them in."""

    inputs: pd.DataFrame
    outcomes: Floats
    """What their labels count as; NaN where there is none."""
    hours: NDArray[np.int64]
    """Of the events."""


@dataclass(frozen=True)
class Lot:
    """Rows as models take them in, in the order of their events."""

    inputs: pd.DataFrame
    clusters: NDArray[np.int64]
    """Which rows share their luck."""
    hours: NDArray[np.int64]
    """Of the events."""
    earlier: Callable[[], Sequence["Earlier"]]
    """Gives rows of each batch before; asked once, and only where something is suspect."""
    is_whole: bool = True
    """Whether these are all rows of the batch, so that the one before and the one behind each are known."""
    times: Collection[str] = ()
    """Inputs that are times: they go on by themselves, and nothing speaks against one that is as none was before."""

    @property
    def columns(self) -> list[str]:
        """The inputs that can be suspect."""
        return [str(name) for name in self.inputs.columns if name not in self.times]

    @cached_property
    def before(self) -> Sequence["Earlier"]:
        """Rows of each batch before."""
        return self.earlier()

    @cached_property
    def told(self) -> dict[Hashable, float]:
        """What was said of ties of its labels, by what was asked: with each input the same is asked of all of them."""
        return {}

    @cached_property
    def past(self) -> pd.DataFrame:
        """Inputs of rows before."""
        return pd.concat([batch.inputs for batch in self.before], ignore_index=True)

    @cached_property
    def parts(self) -> NDArray[np.int64]:
        """Number of the batch that each of these is of, from 0 on."""
        return np.repeat(np.arange(len(self.before)), [len(batch.inputs) for batch in self.before])

    def repeats_the_day(self, column: str) -> bool:
        """Whether an input is the same in all rows of each cluster: it says when a row is, and a new season is new."""
        values = pd.factorize(self.inputs[column])[0]
        return len(np.unique(self.clusters)) == len(np.unique(self.clusters * (values.max() + 2) + values + 1))

    @cached_property
    def encoded(self) -> tuple[Floats, Floats]:
        """Inputs before and now as numbers; the levels of a category in the order of how often they were."""
        ranks = {
            name: {level: float(rank) for rank, level in enumerate(self.past[name].value_counts().index)}
            for name in self.past.columns
            if not pd.api.types.is_float_dtype(self.past[name].dtype)
        }
        both = [
            np.column_stack(
                [
                    (frame[name].map(ranks[name]) if name in ranks else frame[name]).to_numpy(dtype=np.float64)
                    for name in self.past.columns
                ]
            )
            for frame in (self.past, self.inputs)
        ]
        return both[0], both[1]


@dataclass(frozen=True)
class Explained:
    """What is lost by the values of one input, beside values as before in their place."""

    column: str
    share: float
    """Of the loss on the whole batch."""
    deviations: float
    """Standard deviations, over clusters, by which that lies above nothing."""
    rows: Rows
    """Where it is lost; found on one half of the clusters and confirmed on the other, both ways."""
    gained: Floats
    """Of each row: its loss as it came, less its loss otherwise."""

    def rights(self, base: Floats, usual: float) -> bool:
        """Whether most of what is lost there beyond what is usual goes away."""
        beyond = float(base[self.rows].mean()) - usual if self.rows.any() else 0.0
        return beyond > 0 and float(self.gained[self.rows].mean()) >= _RIGHTED * beyond


@dataclass(frozen=True)
class Asked:
    """A model, and the labels of the rows about which it is asked."""

    answers: Callable[[pd.DataFrame], Floats]
    """What it says to inputs."""
    outcomes: Floats
    """What the labels count as."""
    problem: Problem

    def losses(self, answers: Floats, outcomes: Floats | None = None) -> Floats:
        """Loss of each row for such answers; with other labels, if they are given."""
        return self.problem.losses(self.outcomes if outcomes is None else outcomes, answers)


def summed(column: str, gained: Floats, rows: Rows, now: Lot, base: Floats) -> Explained:
    """What is gained on some rows, as a share of the whole loss, and how sure that is over clusters.

    Args:
        column: By which it is gained.
        gained: Loss of each row as it came, less its loss otherwise.
        rows: Those in which something is gained.
        now: All rows.
        base: Loss of each as it came.
    """
    sums: Floats = np.bincount(now.clusters, weights=np.where(rows, gained, 0.0)).astype(np.float64)
    total, spread = float(sums.sum()), _spread(sums, gained, rows, now.clusters)
    return Explained(column, total / float(base.sum() or 1.0), total / spread if spread else 0.0, rows, gained)


def _spread(sums: Floats, gained: Floats, rows: Rows, clusters: NDArray[np.int64]) -> float:
    """Standard error of what is gained on some rows.

    Over all clusters where most have such rows. Where few have, these are all that there is of it, and what they gain
    is measured by how far it swings from cluster to cluster among the rows in which nothing is.
    """
    inside, rest = np.bincount(clusters[rows], minlength=len(sums)), ~rows
    others = np.unique(clusters[rest])
    if (inside > 0).sum() > _FEW * len(sums) or len(others) < _ENOUGH_CLUSTERS:
        return float(sums.std(ddof=1) * np.sqrt(len(sums))) if len(sums) > 1 else 0.0
    size = np.bincount(clusters[rest], minlength=len(sums))[others]
    means = np.bincount(clusters[rest], weights=gained[rest], minlength=len(sums))[others] / size
    return float(means.std(ddof=1) * np.sqrt(np.square(inside).sum()))


def confirmed(where: Floats, gained: Floats, clusters: NDArray[np.int64], chance: np.random.Generator) -> Rows:
    """The rows of the parts in which something is gained: those of one half of the clusters say it of the other half.

    Args:
        where: What tells parts apart, a column each, shape (rows, columns).
        gained: Of each row.
        clusters: Which rows share their luck.
        chance: Draws the halves.
    """
    votes = np.sum([_confirmed(where, gained, clusters, chance) for _ in range(_HALVINGS)], axis=0)
    rows: Rows = votes * 2 > _HALVINGS
    return rows


def _confirmed(where: Floats, gained: Floats, clusters: NDArray[np.int64], chance: np.random.Generator) -> Rows:
    names = np.unique(clusters)
    chosen = chance.permutation(names)[: len(names) // 2]
    half = np.isin(clusters, chosen) if len(names) >= FEW_CLUSTERS else chance.random(len(gained)) < 0.5
    rows: Rows = np.zeros(len(gained), dtype=np.bool_)
    for learned in (half, ~half):
        if not learned.any() or learned.all():
            continue
        least = max(20, int(_PART * learned.sum()))
        tree = DecisionTreeRegressor(max_leaf_nodes=_PARTS, min_samples_leaf=least, random_state=0)
        leaves = tree.fit(where[learned], gained[learned]).apply(where)
        good = [leaf for leaf in np.unique(leaves[learned]) if gained[learned][leaves[learned] == leaf].mean() > 0]
        rows |= np.isin(leaves, good) & ~learned
    return rows
