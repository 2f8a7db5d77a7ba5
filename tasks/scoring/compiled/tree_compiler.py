"""Compiles boosted trees of scikit-learn into tables (`trees`): each node says which leaves it puts out of reach."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tasks.scoring.compiled import encoders
from tasks.scoring.compiled.base import CannotCompile, Value
from tasks.scoring.compiled.encoders import Encoders
from tasks.scoring.compiled.trees import MOST_LEAVES, Bits, Number, Text, Trees, narrowed

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


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


class TreeCompiler:
    """Histogram gradient boosting of scikit-learn, with a yes or a number as its answer."""

    @staticmethod
    def of(pipeline: "Pipeline") -> Trees:
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
        inputs, parts = list[Number | Text](), list[Bits]()
        for name in asked.names:
            column, codes = _column(asked, name)
            one, bits = _input(asked, name, codes, nodes.get(column, []), sum(map(len, parts)), len(predictors))
            inputs.append(one)
            parts.append(bits)
        table = np.concatenate(parts) if parts else np.empty((0, len(predictors)), np.uint64)
        return Trees(
            inputs,
            narrowed(table, leaves.shape[1]),
            leaves,
            float(model._baseline_prediction.ravel()[0]),
            encoders.link(model),
        )


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
) -> tuple[Number | Text, Bits]:
    """Where the values of an input stand in the table, and its rows there."""
    if name in asked.texts:
        rows: dict[Value, int] = {text: first + place for place, text in enumerate(asked.texts[name])}
        end = first + len(rows)
        return Text(rows, end, end + 1), _within([float(code) for code in codes], nodes, trees)
    thresholds = sorted({node.threshold for node in nodes})
    values = [*thresholds, math.inf, math.nan]  # of each interval its last one
    return Number(thresholds, first), _within(values, nodes, trees)


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
        if len(values) > MOST_LEAVES:
            raise CannotCompile(f"a tree has {len(values)} leaves, more than {MOST_LEAVES}")
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
