"""Families of users: any scikit-learn compatible estimator, named by `use:`.

Its models get what linear families get, as a dense array. One that brings its own preprocessing has `build`, as in
`base.Estimator`.
"""

import inspect
from typing import TYPE_CHECKING

from configs import plugs
from configs.errors import InvalidSettings
from configs.plugs import Imported
from configs.problems import KINDS
from tasks.training.estimators import base
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
        """Raises InvalidSettings if what is built answers another kind of question."""
        thing, parameters = plugs.find(settings.use).thing, plugs.parameters(settings)
        if hasattr(thing, "build"):
            built: Pipeline = thing().build(parameters, inputs)
        else:
            seeded = "random_state" in inspect.signature(thing).parameters
            model = thing(**({"random_state": inputs.seed} if seeded else {}) | dict(parameters))
            built = base.standardised(inputs, model, min_frequency=_FEWEST, sparse=False)
        if "encode" not in built.named_steps or not inputs.problem.is_answered_by(built):
            raise InvalidSettings(
                f"training.candidates: {settings.use} builds a {type(built.steps[-1][1]).__name__} which is not for "
                f"{KINDS[inputs.problem.name].words}: that needs {inputs.problem.learner}s, after a step 'encode'."
            )
        return built
