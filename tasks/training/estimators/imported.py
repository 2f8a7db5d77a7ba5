"""Families of users: any scikit-learn compatible estimator, or a function that returns one, named by `use:`.

Boosted trees of `libraries` get codes for text, and what is missing as it is; a Pipeline gets the rows as they are, for
it brings its own preprocessing; all others get what linear families get, as a dense array. A class with `build`, as in
`base.Estimator`, brings all of it.
"""

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from configs import importing, plugs
from configs.errors import InvalidSettings
from configs.plugs import Imported
from configs.problems import KINDS
from tasks.training.estimators import base, libraries
from tasks.training.estimators.base import Estimator, Inputs

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

_FEWEST = 50
"""Categories with fewer training rows are pooled."""


class ImportedEstimator(Estimator[Imported]):
    """What stands at an import path."""

    title = "imported"
    learners = ("classifier", "regressor")
    Settings = Imported

    def build(self, settings: Imported, inputs: Inputs) -> "Pipeline":
        """Raises InvalidSettings if it raises, or what is built answers another kind of question."""
        thing, parameters = plugs.find(settings.use).thing, plugs.parameters(settings)
        if hasattr(thing, "build"):
            built: Pipeline = thing().build(parameters, inputs)
        else:
            given = dict(parameters)
            made = _made(thing, given, inputs, settings.use)
            libraries.by_place(made, inputs, settings.use)
            libraries.losing(made, inputs.problem, given)
            libraries.seeded(made, inputs.seed, given)
            built = _preprocessed(made, inputs)
        if "encode" not in built.named_steps or not inputs.problem.is_answered_by(built):
            raise InvalidSettings(
                f"training.candidates: {settings.use} builds a {type(built.steps[-1][1]).__name__} which is not for "
                f"{KINDS[inputs.problem.name].words}: that needs {inputs.problem.learner}s, after a step 'encode'."
            )
        return built


def _made(thing: Any, given: Mapping[str, Any], inputs: Inputs, use: str) -> Any:
    """An unfitted estimator: of its class, or what the function of a user gives for these columns."""
    with importing.of_user(
        plugs.find(use).file, lambda what: InvalidSettings(f"training.candidates: {use} cannot be built: {what}.")
    ):
        made = thing(inputs.types, **given) if inspect.isfunction(thing) else thing(**given)
    if not (hasattr(made, "fit") and hasattr(made, "predict") and hasattr(made, "get_params")):
        raise InvalidSettings(
            f"training.candidates: {use} gives {type(made).__name__}; return an estimator of scikit-learn's kind, or a "
            f"Pipeline, that is not fitted ({plugs.find(use)})."
        )
    return made


def _preprocessed(made: Any, inputs: Inputs) -> "Pipeline":
    """The estimator, after what makes of prepared rows what it takes."""
    from sklearn.pipeline import Pipeline

    library = libraries.of(made)
    if isinstance(libraries.inner(made), Pipeline):
        return base.as_they_are(inputs, made)
    if library is None:
        return base.standardised(inputs, made, min_frequency=_FEWEST, sparse=False)
    library.fill(libraries.inner(made), library.of_inputs(inputs))
    return Pipeline([("encode", library.encode(inputs)), ("model", made)])
