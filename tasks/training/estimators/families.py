"""What a candidate of the settings is as an unfitted scikit-learn Pipeline: asked of its family.

A family has a file of its own beside this one. Fitting and asking a Pipeline belong to `learning`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from configs import plugs
from configs.plugs import Imported
from configs.problems import ProblemName
from configs.training import Candidate
from configs.validation import ColumnRule
from tasks.features import assembly
from tasks.problems import kinds
from tasks.training.estimators import base
from tasks.training.estimators.base import Estimator, Inputs, Levels
from tasks.training.estimators.imported import ImportedEstimator

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from tasks.features.transforms import Features


def sized(candidate: Candidate, rows: int, problem: ProblemName) -> Candidate:
    """The candidate for so many training rows: what its settings leave open is filled in."""
    filled: Candidate = _family(candidate).sized(candidate, rows, kinds.named(problem))
    return filled


def build(
    candidate: Candidate,
    features: Sequence[str],
    columns: Mapping[str, ColumnRule],
    seed: int,
    problem: ProblemName,
    levels: Levels | None = None,
    steps: "Features | None" = None,
    target: str | None = None,
) -> "Pipeline":
    """An unfitted Pipeline for prepared input that carries its own preprocessing; the candidate is a sized one.

    Args:
        candidate: Family and settings.
        features: What is learned from; feature steps may make some of it.
        columns: The types of these columns.
        seed: Of what is drawn.
        problem: The kind of answer.
        levels: Of categories those that are told apart.
        steps: The feature steps, which come first in the Pipeline.
        target: The scale on which a number is learned.
    """
    categories = [name for name in features if columns[name].type == "category"]
    numbers = [name for name in features if columns[name].type != "category"]
    types = {name: str(columns[name].type) for name in features}
    inputs = Inputs(categories, numbers, kinds.named(problem), seed, types, levels)
    built = _family(candidate).build(candidate, inputs)
    if target is not None:
        built.steps[-1] = (built.steps[-1][0], base.on_log_scale(built.steps[-1][1]))
    if steps is not None:
        built.steps.insert(0, (assembly.NAME, steps))
    return built


def _family(candidate: Candidate) -> Estimator[Any]:
    if isinstance(candidate, Imported):
        return ImportedEstimator()
    family: Estimator[Any] = plugs.built_in(plugs.ESTIMATORS[candidate.family])()
    return family
