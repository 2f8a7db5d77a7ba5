"""Linear families: standardised numbers with missing indicators, one-hot categories."""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from configs.plugs import FamilySettings
from configs.section import Many, Positive
from tasks.training.estimators import base
from tasks.training.estimators.base import Estimator, Inputs

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_OF_MEAN = 1e-4
"""What a penalty of a sum is as one of a mean, of ten thousand rows."""


class LogisticRegressionCandidate(FamilySettings):
    """A linear model: standardised numbers with missing indicators, one-hot categories."""

    family: Literal["logistic_regression"]
    c: Positive = 1.0
    """Inverse strength of the L2 penalty."""
    max_iter: Annotated[int, Field(ge=1, le=100_000)] = 200
    """Largest number of solver steps."""
    min_frequency: Many = 50
    """Categories with fewer training rows are pooled."""


class LogisticRegression(Estimator[LogisticRegressionCandidate]):
    """Of a yes or no."""

    title = "logistic regression"
    learners = ("classifier",)
    Settings = LogisticRegressionCandidate

    def build(self, settings: LogisticRegressionCandidate, inputs: Inputs) -> "Pipeline":
        """Newton steps converge in a handful where lbfgs needs a hundred."""
        from sklearn import linear_model

        model = linear_model.LogisticRegression(
            C=settings.c, max_iter=settings.max_iter, solver="newton-cholesky", random_state=inputs.seed
        )
        return base.standardised(inputs, model, min_frequency=settings.min_frequency)


class LinearRegressionCandidate(FamilySettings):
    """A linear model of a number (ridge): standardised numbers with missing indicators, one-hot categories."""

    family: Literal["linear_regression"]
    alpha: Positive = 1.0
    """Strength of the L2 penalty."""
    min_frequency: Many = 50
    """Categories with fewer training rows are pooled."""


class LinearRegression(Estimator[LinearRegressionCandidate]):
    """Of a mean: of a number by its squared error, of a count by the logarithm of what is expected."""

    title = "linear regression"
    learners = ("regressor",)
    losses = ("squared_error", "poisson")
    Settings = LinearRegressionCandidate

    def build(self, settings: LinearRegressionCandidate, inputs: Inputs) -> "Pipeline":
        """Ridge; of a count Poisson regression, whose penalty is one of the mean loss and not of its sum."""
        from sklearn.linear_model import PoissonRegressor, Ridge

        if inputs.problem.fitted_by == "poisson":
            model = PoissonRegressor(alpha=settings.alpha * _OF_MEAN, solver="newton-cholesky")
        else:
            model = Ridge(alpha=settings.alpha, solver="auto", random_state=inputs.seed)
        return base.standardised(inputs, model, min_frequency=settings.min_frequency)
