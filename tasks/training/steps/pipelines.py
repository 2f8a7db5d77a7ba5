"""From settings and rows to a fitted Pipeline; nothing of it is published.

Add here what every fit has in common, also one that is made only to be compared. Which models are fitted, and what is
kept of them, belongs to `fitting`.
"""

from typing import TYPE_CHECKING

from configs.errors import InvalidSettings
from configs.settings import PipelineSettings
from configs.training import Candidate
from tasks.features import assembly
from tasks.problems import kinds
from tasks.training import identities, preparation
from tasks.training import learning as training
from tasks.training.estimators import conduct, families
from tasks.training.estimators.base import MOST_CATEGORIES, Levels

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline as SklearnPipeline

    from tasks.features.transforms import Features
    from tasks.training.learned_rows import Window


def learn(
    candidate: Candidate,
    rows: "Window",
    settings: PipelineSettings,
    recipe: int,
    kept: assembly.Kept | None = None,
) -> "SklearnPipeline":
    """A candidate, fitted on these rows by a recipe, with feature steps as they were kept.

    Raises IncumbentError if nothing can be learned from their outcomes.
    """
    learning, steps, levels = settings.training, features(settings, kept), None
    kinds.named(learning.kind).require_learnable(rows.outcomes)
    if recipe == identities.RARE_POOLED:
        wide = rows.prepared if steps is None else steps.fit_transform(rows.prepared, rows.outcomes)
        levels = preparation.frequent_levels(wide, MOST_CATEGORIES)
    return fitted(candidate, rows, settings, levels, steps)


def fitted(
    candidate: Candidate,
    rows: "Window",
    settings: PipelineSettings,
    levels: Levels | None = None,
    steps: "Features | None" = None,
) -> "SklearnPipeline":
    """The same with the levels that are told apart, and with feature steps.

    Raises InvalidSettings if an estimator of the user raises, or answers what is no answer.
    """
    learning = settings.training
    unfitted = families.build(
        families.sized(candidate, len(rows.prepared), learning.kind),
        settings.learned,
        settings.rules,
        learning.seed,
        learning.kind,
        levels,
        steps,
        learning.target,
    )
    below = int((rows.outcomes < 0).sum()) if learning.target else 0
    if below:
        raise InvalidSettings(
            f"training.target: log needs labels from 0 on; {below:,} of {len(rows.outcomes):,} rows that are learned "
            "from have one below."
        )
    weights = rows.weights(learning)
    with conduct.watched(candidate):
        made = training.fit(unfitted, rows.prepared, rows.outcomes, threads=learning.threads, weights=weights)
        conduct.require(candidate, made, training.golden(rows.prepared), rows.outcomes)
    return made


def recipe(rows: "Window", settings: PipelineSettings) -> int:
    """How these rows become a model; how many levels a feature step makes is known only when it is fitted."""
    makes_levels = "category" in settings.features.outputs.values()
    return identities.RARE_POOLED if makes_levels else rows.recipe


def features(settings: PipelineSettings, kept: assembly.Kept | None = None) -> "Features | None":
    """The feature steps of a pipeline, not fitted; raises as `assembly.build`."""
    columns = {name: rule.type for name, rule in settings.validation.columns.items()}
    return assembly.build(settings.features, settings.training.features, columns, kept)
