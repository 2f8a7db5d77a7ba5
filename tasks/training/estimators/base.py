"""What an estimator family is, and the preprocessing that families share.

Add here what several families need. A family has a file of its own, and its line in `configs.plugs`. Light: settings of
a family are read with each pipeline file, so scikit-learn is imported when a model is built.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from configs.problems import Kind

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    from tasks.problems.base import Problem

MOST_CATEGORIES = 254
"""Categories of one column that are told apart; the rarest beyond are pooled (gradient boosting takes 255 at most)."""
Levels = Mapping[str, Sequence[Any]]
C = TypeVar("C")


@dataclass(frozen=True)
class Inputs:
    """What a model is built for."""

    categories: list[str]
    """Columns of text."""
    numbers: list[str]
    """Columns of numbers; missing is NaN."""
    problem: "Problem"
    seed: int
    types: Mapping[str, str] = field(default_factory=dict)
    """All columns that are learned from with their types in the contract, for code of a user."""
    levels: Levels | None = None
    """Of each category those that are told apart, a missing one last; None: all that there are."""


class Estimator(ABC, Generic[C]):
    """A family: what its settings are as an unfitted scikit-learn Pipeline."""

    title: ClassVar[str]
    """As people call it."""
    learners: ClassVar[tuple[str, ...]]
    """What it can be: `classifier`, `regressor`, or both."""
    losses: ClassVar[tuple[str, ...]] = ()
    """The losses that it can be fitted by, as scikit-learn calls them; empty where it can be by all."""
    Settings: type[C]
    """Its parameters: frozen and closed."""

    @classmethod
    def is_for(cls, problem: Kind) -> bool:
        """Whether it can answer that kind of problem."""
        return problem.learner in cls.learners and (not cls.losses or problem.fitted_by in cls.losses)

    def sized(self, settings: C, rows: int, problem: "Problem") -> C:
        """The settings for so many training rows: what they leave open is filled in."""
        return settings

    @abstractmethod
    def build(self, settings: C, inputs: Inputs) -> "Pipeline":
        """An unfitted Pipeline of two steps: `encode` makes numbers of prepared input, `model` learns from them."""


def codes(inputs: Inputs) -> "OrdinalEncoder":
    """Text to numbers, unknown to -1, missing to NaN; counting text in the next encoder would be ten times slower."""
    from sklearn.preprocessing import OrdinalEncoder

    levels = "auto" if inputs.levels is None else [list(inputs.levels[name]) for name in inputs.categories]
    return OrdinalEncoder(categories=levels, handle_unknown="use_encoded_value", unknown_value=-1)


def pooled_codes(inputs: Inputs) -> "Pipeline":
    """Text to numbers from 0 on, the rarest texts as one; unknown and missing to NaN."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OrdinalEncoder

    pooled = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=math.nan, max_categories=MOST_CATEGORIES)
    return Pipeline([("codes", codes(inputs)), ("pool", pooled)])


def as_they_are(inputs: Inputs, model: Any) -> "Pipeline":
    """A model that gets the rows as a frame of text and numbers, under their names."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    parts = [("columns", "passthrough", [*inputs.categories, *inputs.numbers])]
    encode = ColumnTransformer(parts, verbose_feature_names_out=False).set_output(transform="pandas")
    return Pipeline([("encode", encode), ("model", model)])


def on_log_scale(model: Any) -> Any:
    """A model of a number that learns its logarithm, and answers in its unit."""
    import numpy as np
    from sklearn.compose import TransformedTargetRegressor

    return TransformedTargetRegressor(model, func=np.log1p, inverse_func=np.expm1, check_inverse=False)


def standardised(inputs: Inputs, model: Any, *, min_frequency: int, sparse: bool = True) -> "Pipeline":
    """A model that gets standardised numbers with missing indicators, and one-hot categories."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    # Scaling before filling makes the fill value the mean, and is several times quicker than a median; the missing
    # indicators carry what a missing value means.
    filled = SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True, keep_empty_features=True)
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist",
        min_frequency=min_frequency,
        max_categories=MOST_CATEGORIES,
        sparse_output=sparse,
    )
    scaled = Pipeline([("scale", StandardScaler()), ("fill", filled)])
    parts = [("numbers", scaled, inputs.numbers)] if inputs.numbers else []
    coded = Pipeline([("codes", codes(inputs)), ("one_hot", one_hot)])
    parts += [("categories", coded, inputs.categories)] if inputs.categories else []
    return Pipeline([("encode", ColumnTransformer(parts)), ("model", model)])
