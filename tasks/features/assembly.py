"""From the settings of steps to what computes them, and which columns a model then learns from.

Add here what holds for every step. What one kind computes stands in `transforms`, settings of one in `kinds`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from configs import importing, pipeline_files, plugs
from configs.feature_steps import OwnStep, StepSettings
from configs.features import FeaturesSettings
from configs.section import ColumnType

if TYPE_CHECKING:
    from tasks.features.transforms import Features, Transform


def build(settings: FeaturesSettings, passed: Sequence[str], columns: Mapping[str, ColumnType]) -> "Features | None":
    """The first step of a Pipeline, not fitted; None where there are no feature steps.

    Args:
        settings: The steps.
        passed: `training.features`: they go through, and are what steps of your own take by default.
        columns: The types of the columns of the contract.
    """
    if not settings.steps:
        return None
    from tasks.features.transforms import Features

    there: dict[str, ColumnType] = dict(columns)
    steps: list[tuple[list[str], list[str], Transform]] = []
    for step in settings.steps:
        takes = list(passed if step.of is None else step.of)
        steps.append((takes, list(step.outputs), _computed(step, {name: there[name] for name in takes})))
        there |= step.outputs
    return Features(list(passed), steps)


def _computed(step: StepSettings | OwnStep, takes: Mapping[str, ColumnType]) -> "Transform":
    if isinstance(step, OwnStep):
        return _own(step, takes)
    built: Transform = plugs.built_in(plugs.STEPS[step.step]).build(step, list(takes.values()))
    return built


def _own(step: OwnStep, takes: Mapping[str, ColumnType]) -> "Transform":
    from tasks.features.own_step import OwnStep as Computed

    plug = plugs.find(step.use, is_function=True)
    modules = importing.own_modules(importing.module(step.use.rpartition(":")[0]))
    alone = len(modules) == 1
    texts = {name: importing.text(one) for name, one in modules.items()}
    return Computed(
        step.use,
        pipeline_files.shown(Path(plug.file)),
        next(iter(texts.values())).decode() if alone else "",
        {} if alone else {name: importing.digest(content) for name, content in texts.items()},
        step.settings,
        list(takes.items()),
        list(step.outputs.items()),
    )
