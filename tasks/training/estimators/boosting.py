"""Histogram gradient boosting: categories and missing values are handled natively."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from configs.errors import IncumbentError
from configs.plugs import FamilySettings
from configs.section import Many
from tasks.training.estimators import base
from tasks.training.estimators.base import Estimator, Inputs

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from tasks.problems.base import Problem

_LEAVES = {"classifier": 7, "regressor": 15}
"""Leaves of a tree, unless the settings say it."""


class HistGradientBoostingCandidate(FamilySettings):
    """Histogram gradient boosting; categories and missing values are handled natively."""

    family: Literal["hist_gradient_boosting"]
    learning_rate: Annotated[float, Field(gt=0, le=10)] = 0.06
    max_iter: Annotated[int, Field(ge=1, le=100_000)] = 120
    """Number of trees."""
    max_leaf_nodes: Annotated[int, Field(ge=2, le=100_000)] | None = None
    """Leaves of a tree; without it 7, and 15 where a number is predicted."""
    min_samples_leaf: Many | None = None
    """Fewest rows in a leaf; without it a fiftieth of the rows that are learned from, at least 20, at most 1,000."""
    l2: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    """L2 penalty on leaf values."""


class HistGradientBoosting(Estimator[HistGradientBoostingCandidate]):
    """Of every kind of answer."""

    title = "hist gradient boosting"
    learners = ("classifier", "regressor")
    Settings = HistGradientBoostingCandidate

    def sized(
        self, settings: HistGradientBoostingCandidate, rows: int, problem: "Problem"
    ) -> HistGradientBoostingCandidate:
        """Small trees with large leaves.

        What was learned is asked about days to come, which are not quite like those before: whoever is too sure of the
        past pays for it in log loss (docs/decisions.md 18).
        """
        open_ones = {"max_leaf_nodes": _LEAVES[problem.learner], "min_samples_leaf": min(max(rows // 50, 20), 1000)}
        return settings.model_copy(
            update={name: value for name, value in open_ones.items() if getattr(settings, name) is None}
        )

    def build(self, settings: HistGradientBoostingCandidate, inputs: Inputs) -> "Pipeline":
        """The settings are sized ones."""
        from sklearn import ensemble
        from sklearn.compose import ColumnTransformer
        from sklearn.pipeline import Pipeline

        if settings.max_leaf_nodes is None or settings.min_samples_leaf is None:
            raise IncumbentError("A candidate with settings left open cannot be built. Call families.sized first.")
        parts: list[tuple[str, Any, list[str]]] = []
        parts += [("categories", base.pooled_codes(inputs), inputs.categories)] if inputs.categories else []
        parts += [("numbers", "passthrough", inputs.numbers)] if inputs.numbers else []
        boosting = {
            "classifier": ensemble.HistGradientBoostingClassifier,
            "regressor": ensemble.HistGradientBoostingRegressor,
        }
        problem = inputs.problem
        # A classifier has one loss; the others are told which, and which quantile.
        fitted_by = {} if problem.learner == "classifier" else problem.fitted_with
        model = boosting[problem.learner](
            learning_rate=settings.learning_rate,
            max_iter=settings.max_iter,
            max_leaf_nodes=settings.max_leaf_nodes,
            min_samples_leaf=settings.min_samples_leaf,
            l2_regularization=settings.l2,
            categorical_features=list(range(len(inputs.categories))),
            early_stopping=False,
            random_state=inputs.seed,
            **fitted_by,
        )
        return Pipeline([("encode", ColumnTransformer(parts)), ("model", model)])
