"""From the settings of steps to what computes them, and which columns a model then learns from.

Add here what holds for every step. What one kind computes stands in `transforms`, settings of one in `kinds`.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs import importing, pipeline_files, plugs
from configs.errors import InvalidSettings
from configs.feature_steps import OwnStep, StepSettings
from configs.features import FeaturesSettings
from configs.section import ColumnType

NAME = "features"
"""Of the step of a Pipeline in which feature steps are."""

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from tasks.features.own_step import OwnStep as Computed
    from tasks.features.transforms import Features, Transform

Kept = Mapping[tuple[str, str], "Computed"]
"""Steps of users as models have kept them, by import path and hash of their source."""


def build(
    settings: FeaturesSettings, passed: Sequence[str], columns: Mapping[str, ColumnType], kept: Kept | None = None
) -> "Features | None":
    """The first step of a Pipeline, not fitted; None where there are no feature steps.

    Args:
        settings: The steps.
        passed: `training.features`: they go through, and are what steps of your own take by default.
        columns: The types of the columns of the contract.
        kept: Steps of users that are taken as they were kept, where settings of then name them.

    Raises:
        InvalidSettings: The code of a step is not the one that these settings name.
    """
    if not settings.steps:
        return None
    from tasks.features.transforms import Features

    there: dict[str, ColumnType] = dict(columns)
    steps: list[tuple[list[str], list[str], Transform]] = []
    for step in settings.steps:
        takes = list(passed if step.of is None else step.of)
        steps.append((takes, list(step.outputs), _computed(step, {name: there[name] for name in takes}, kept or {})))
        there |= step.outputs
    return Features(list(passed), steps)


def of(pipeline: "Pipeline", settings: FeaturesSettings) -> Kept:
    """The steps of users in a fitted Pipeline.

    Args:
        pipeline: A model.
        settings: Those with which it was fitted.
    """
    held = pipeline.named_steps.get(NAME)
    computed = [] if held is None else [step for *_, step in held.steps]
    pairs = zip(settings.steps, computed, strict=True) if len(settings.steps) == len(computed) else ()
    return {(step.use, step.source): one for step, one in pairs if isinstance(step, OwnStep)}


def _computed(step: StepSettings | OwnStep, takes: Mapping[str, ColumnType], kept: Kept) -> "Transform":
    if isinstance(step, OwnStep):
        return _own(step, takes, kept.get((step.use, step.source)))
    built: Transform = plugs.built_in(plugs.STEPS[step.step]).build(step, list(takes.values()))
    return built


def _own(step: OwnStep, takes: Mapping[str, ColumnType], kept: "Computed | None") -> "Transform":
    from tasks.features.own_step import OwnStep as Computed

    file, texts = (kept.file, kept.texts) if kept is not None else _now(step)
    return Computed(step.use, file, texts, step.settings, list(takes.items()), list(step.outputs.items()))


def _now(step: OwnStep) -> tuple[str, dict[str, str]]:
    """File and texts of a step as they are now."""
    plug, module = plugs.find(step.use, is_function=True), importing.module(step.use.rpartition(":")[0])
    file = pipeline_files.shown(Path(plug.file))
    if plug.source != step.source:
        raise InvalidSettings(
            f"The feature step {step.title} is not as it was when the settings were read: its source is {plug.source} "
            f"now, and was {step.source} ({file}). Run it again."
        )
    modules = importing.own_modules(module, sys.modules[plug.thing.__module__])
    return file, {name: importing.text(one).decode() for name, one in modules.items()}
