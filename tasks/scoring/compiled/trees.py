"""Boosted trees as tables: each value of an input leaves some leaves of each tree within reach, the leftmost is it.

After QuickScorer (Lucchese et al., SIGIR 2015). A tree asks at each node whether a value is at most a threshold; where
it is not, the leaves on the left of that node are out of reach. All values between two thresholds are alike, so there
is one row of bits per interval, and per tree 64 of them. A row of inputs is one look-up each, and one AND.
"""

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from tasks.scoring.compiled import encoders, links
from tasks.scoring.compiled.base import CannotCompile, Columns, Compiled, Value
from tasks.scoring.compiled.encoders import Encoders

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_MOST_LEAVES = 64
_ROWS = 512
"""Rows that are answered at once: their bits stay in the processor's cache."""
Bits = NDArray[np.uint64]


@dataclass(frozen=True)
class _Node:
    """One question of a tree."""

    tree: int
    left: int
    """The leaves on its left, as bits."""
    threshold: float
    missing_left: bool
    goes_left: Callable[[float], bool] | None
    """Of a category, by its code."""

    def asks(self, code: float) -> bool:
        """Whether a value goes to the left."""
        if math.isnan(code):
            return self.missing_left
        return self.goes_left(code) if self.goes_left else code <= self.threshold


@dataclass(frozen=True)
class _Number:
    """Where an input that is a number stands in the table."""

    thresholds: list[float]
    first: int

    @cached_property
    def missing(self) -> int:
        """The row of what is missing: behind the last interval."""
        return self.first + len(self.thresholds) + 1

    def place(self, value: Value) -> int:
        """The row of a value; one that is at the threshold is on its left."""
        return self.missing if value is None else self.first + bisect_left(self.thresholds, value)

    def places(self, values: Any) -> NDArray[np.intp]:
        """The same for many."""
        numbers = np.asarray(values, dtype=np.float64)
        rows = np.searchsorted(self._borders, numbers, side="left") + self.first
        rows[np.isnan(numbers)] = self.missing
        return rows

    @cached_property
    def _borders(self) -> NDArray[np.float64]:
        return np.asarray(self.thresholds)


@dataclass(frozen=True)
class _Text:
    """Where an input that is text stands in the table."""

    rows: dict[Value, int]
    unseen: int
    missing: int

    def place(self, value: Value) -> int:
        """The row of a text."""
        return self.missing if value is None else self.rows.get(value, self.unseen)

    def places(self, values: Any) -> NDArray[np.intp]:
        """The same for many."""
        if not isinstance(values, np.ndarray):
            return np.array([self.place(value) for value in values], dtype=np.intp)
        import pandas as pd

        codes, levels = pd.factorize(values)
        rows = np.array([*map(self.place, levels), self.missing], dtype=np.intp)
        return np.asarray(rows[codes])


class Trees(Compiled):
    """Histogram gradient boosting of scikit-learn, with a yes or a number as its answer."""

    title = "tables of boosted trees"

    def __init__(
        self,
        inputs: Sequence[_Number | _Text],
        table: Bits,
        leaves: NDArray[np.float64],
        baseline: float,
        link: links.Link,
    ) -> None:
        """Args:
        inputs: Where the values of each input stand in the table.
        table: The leaves within reach, shape (values, trees).
        leaves: What each leaf adds, shape (trees, leaves).
        baseline: What all trees add to.
        link: Makes the answer of the sum.
        """
        self._places = [one.place for one in inputs]
        self._inputs, self._table, self._baseline, self._link = inputs, table, baseline, link
        self._leaves = leaves.ravel()
        self._first = np.arange(len(leaves), dtype=np.intp) * leaves.shape[1]

    @classmethod
    def of(cls, pipeline: "Pipeline") -> Self:
        """The tables of a fitted Pipeline; raises as the base says."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

        model = pipeline.steps[-1][1]
        if not isinstance(model, HistGradientBoostingClassifier | HistGradientBoostingRegressor):
            raise CannotCompile("it is no histogram gradient boosting")
        if model.n_trees_per_iteration_ != 1:
            raise CannotCompile("it has more than two classes")
        asked = encoders.of(pipeline, lambda encoded: model._preprocess_X(encoded, reset=False))
        predictors = [tree for (tree,) in model._predictors]
        nodes, leaves = _read(model, predictors)
        inputs, parts = list[_Number | _Text](), list[Bits]()
        for name in asked.names:
            column, codes = _column(asked, name)
            one, bits = _input(asked, name, codes, nodes.get(column, []), sum(map(len, parts)), len(predictors))
            inputs.append(one)
            parts.append(bits)
        table = np.concatenate(parts) if parts else np.empty((0, len(predictors)), np.uint64)
        return cls(inputs, table, leaves, float(model._baseline_prediction.ravel()[0]), links.of(model))

    def one(self, values: Sequence[Value]) -> float:
        """The answer for one row."""
        places = [place(value) for place, value in zip(self._places, values, strict=True)]
        within = np.bitwise_and.reduce(self._table.take(places, 0), 0)
        leaf = np.bitwise_count((within & -within) - _ONE)
        return self._link.one(self._baseline + float(self._leaves.take(self._first + leaf).sum()))

    def many(self, columns: Columns) -> NDArray[np.float64]:
        """The answers for prepared rows, a few hundred at a time."""
        places = [one.places(of) for one, of in zip(self._inputs, columns, strict=True)]
        rows = len(columns[0])
        sums = np.empty(rows)
        for first in range(0, rows, _ROWS):
            part = slice(first, min(first + _ROWS, rows))
            within = self._table[places[0][part]]
            for of_input in places[1:]:
                within &= self._table[of_input[part]]
            leaf = np.bitwise_count((within & -within) - _ONE)
            sums[part] = self._leaves[self._first + leaf].sum(axis=1)
        return self._link.many(self._baseline + sums)


_ONE = np.uint64(1)


def _column(asked: Encoders, name: str) -> tuple[int, NDArray[np.float64]]:
    """The column of the matrix in which an input arrives, and what its values are there; -1 where it arrives nowhere.

    Of a number these are two values that must have come through unchanged; of a text the known ones, one that is not
    known, and what is missing.
    """
    is_text = name in asked.texts
    values = [*asked.texts[name], asked.unseen(name), math.nan] if is_text else [-0.75, 1e30, math.nan]
    rows = asked.rows(name, values)
    moved = np.flatnonzero([not _alike(rows[:, place]) for place in range(rows.shape[1])])
    if len(moved) > 1:
        raise CannotCompile(f"{name!r} arrives in {len(moved)} columns")
    if not len(moved):
        return -1, np.full(len(values), math.nan)
    codes = rows[:, moved[0]]
    if not is_text and not np.array_equal(codes, np.array(values), equal_nan=True):
        raise CannotCompile(f"{name!r} does not arrive as it is")
    return int(moved[0]), codes


def _alike(values: NDArray[np.float64]) -> bool:
    return bool(np.isnan(values).all() or (values == values[0]).all())


def _input(
    asked: Encoders, name: str, codes: NDArray[np.float64], nodes: list[_Node], first: int, trees: int
) -> tuple[_Number | _Text, Bits]:
    """Where the values of an input stand in the table, and its rows there."""
    if name in asked.texts:
        rows: dict[Value, int] = {text: first + place for place, text in enumerate(asked.texts[name])}
        end = first + len(rows)
        return _Text(rows, end, end + 1), _within([float(code) for code in codes], nodes, trees)
    thresholds = sorted({node.threshold for node in nodes})
    values = [*thresholds, math.inf, math.nan]  # of each interval its last one
    return _Number(thresholds, first), _within(values, nodes, trees)


def _within(values: Sequence[float], nodes: list[_Node], trees: int) -> Bits:
    """The leaves within reach for each value, shape (values, trees)."""
    bits = np.full((len(values), trees), np.iinfo(np.uint64).max, dtype=np.uint64)
    for place, value in enumerate(values):
        for node in nodes:
            if not node.asks(value):
                bits[place, node.tree] &= np.uint64(~node.left & 0xFFFF_FFFF_FFFF_FFFF)
    return bits


def _read(model: Any, predictors: Sequence[Any]) -> tuple[dict[int, list[_Node]], NDArray[np.float64]]:
    """The questions about each column of the matrix, and what the leaves of each tree add, from left to right."""
    known, places = model._bin_mapper.make_known_categories_bitsets()
    nodes: dict[int, list[_Node]] = {}
    leaves: list[list[float]] = []
    for number, tree in enumerate(predictors):
        values: list[float] = []

        def walk(at: int, number: int = number, tree: Any = tree, values: list[float] = values) -> int:
            """Number the leaves below a node from left to right; gives them as bits."""
            node = tree.nodes[at]
            if node["is_leaf"]:
                values.append(float(node["value"]))
                return 1 << (len(values) - 1)
            left = walk(int(node["left"]))
            column = int(node["feature_idx"])
            goes = _category(tree, node, known[places[column]]) if node["is_categorical"] else None
            asks = _Node(number, left, float(node["num_threshold"]), bool(node["missing_go_to_left"]), goes)
            nodes.setdefault(column, []).append(asks)
            return left | walk(int(node["right"]))

        walk(0)
        if len(values) > _MOST_LEAVES:
            raise CannotCompile(f"a tree has {len(values)} leaves, more than {_MOST_LEAVES}")
        leaves.append(values)
    widest = max(map(len, leaves), default=1)
    return nodes, np.array([[*values, *[0.0] * (widest - len(values))] for values in leaves])


def _category(tree: Any, node: Any, known: NDArray[np.uint32]) -> Callable[[float], bool]:
    """Whether a code goes to the left: what is below zero, or not known, as what is missing does."""
    left = tree.raw_left_cat_bitsets[int(node["bitset_idx"])].copy()
    missing = bool(node["missing_go_to_left"])

    def goes_left(code: float) -> bool:
        if code < 0 or not (_is_in(left, code) or _is_in(known, code)):
            return missing
        return _is_in(left, code)

    return goes_left


def _is_in(bitset: NDArray[np.uint32], code: float) -> bool:
    number = int(code) & 0xFF
    return bool((int(bitset[number // 32]) >> (number % 32)) & 1)
