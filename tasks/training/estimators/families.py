"""Families: what a candidate of the settings is as an unfitted scikit-learn Pipeline.

Add here a family, its parameters and the preprocessing that it carries. Fitting and asking it belong to `learning`.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from configs.errors import IncumbentError
from configs.problems import ProblemName
from configs.training import (
    Candidate,
    HistGradientBoostingCandidate,
    LinearRegressionCandidate,
    LogisticRegressionCandidate,
)
from configs.validation import ColumnRule
from tasks.problems import kinds

_LEAVES = {"classifier": 7, "regressor": 15}
"""Leaves of a tree, unless the settings say it."""
_BOOSTING = {"classifier": HistGradientBoostingClassifier, "regressor": HistGradientBoostingRegressor}
_MOST_CATEGORIES = 254
"""Categories of one column that are told apart; the rarest beyond are pooled (gradient boosting takes 255 at most)."""


def sized(candidate: Candidate, rows: int, problem: ProblemName) -> Candidate:
    """The candidate for so many training rows: what its settings leave open is filled in.

    Small trees with large leaves, because what was learned is asked about days to come, which are not quite like those
    before: whoever is too sure of the past pays for it in log loss (docs/decisions.md 18).
    """
    if not isinstance(candidate, HistGradientBoostingCandidate):
        return candidate
    open_ones = {
        "max_leaf_nodes": _LEAVES[kinds.named(problem).learner],
        "min_samples_leaf": min(max(rows // 50, 20), 1000),
    }
    return candidate.model_copy(
        update={name: value for name, value in open_ones.items() if getattr(candidate, name) is None}
    )


def build(
    candidate: Candidate,
    features: Sequence[str],
    columns: Mapping[str, ColumnRule],
    seed: int,
    problem: ProblemName,
) -> Pipeline:
    """An unfitted Pipeline for prepared input that carries its own preprocessing; the candidate is a sized one."""
    categories = [name for name in features if columns[name].type == "category"]
    numbers = [name for name in features if columns[name].type != "category"]
    if isinstance(candidate, HistGradientBoostingCandidate):
        return _hist_gradient_boosting(candidate, categories, numbers, seed, problem)
    return _linear(candidate, categories, numbers, seed)


def _linear(
    candidate: LogisticRegressionCandidate | LinearRegressionCandidate,
    categories: list[str],
    numbers: list[str],
    seed: int,
) -> Pipeline:
    # Scaling before filling makes the fill value the mean, and is several times quicker than a median; the missing
    # indicators carry what a missing value means. Newton steps converge in a handful where lbfgs needs a hundred.
    filled = SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", min_frequency=candidate.min_frequency, max_categories=_MOST_CATEGORIES
    )
    parts = [("numbers", Pipeline([("scale", StandardScaler()), ("fill", filled)]), numbers)] if numbers else []
    parts += [("categories", Pipeline([("codes", _codes()), ("one_hot", one_hot)]), categories)] if categories else []
    if isinstance(candidate, LinearRegressionCandidate):
        model = Ridge(alpha=candidate.alpha, solver="auto", random_state=seed)
    else:
        model = LogisticRegression(
            C=candidate.c, max_iter=candidate.max_iter, solver="newton-cholesky", random_state=seed
        )
    return Pipeline([("encode", ColumnTransformer(parts)), ("model", model)])


def _hist_gradient_boosting(
    candidate: HistGradientBoostingCandidate, categories: list[str], numbers: list[str], seed: int, problem: ProblemName
) -> Pipeline:
    if candidate.max_leaf_nodes is None or candidate.min_samples_leaf is None:
        raise IncumbentError("A candidate of which settings are still open was to be built. Call families.sized first.")
    pooled = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=math.nan, max_categories=_MOST_CATEGORIES)
    parts: list[tuple[str, Any, list[str]]] = []
    parts += [("categories", Pipeline([("codes", _codes()), ("pool", pooled)]), categories)] if categories else []
    parts += [("numbers", "passthrough", numbers)] if numbers else []
    model = _BOOSTING[kinds.named(problem).learner](
        learning_rate=candidate.learning_rate,
        max_iter=candidate.max_iter,
        max_leaf_nodes=candidate.max_leaf_nodes,
        min_samples_leaf=candidate.min_samples_leaf,
        l2_regularization=candidate.l2,
        categorical_features=list(range(len(categories))),
        early_stopping=False,
        random_state=seed,
    )
    return Pipeline([("encode", ColumnTransformer(parts)), ("model", model)])


def _codes() -> OrdinalEncoder:
    """Text to numbers, unknown to -1, missing to NaN; counting text in the next encoder would be ten times slower."""
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
