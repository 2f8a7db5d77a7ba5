"""What a model is made with beside its rows: settings and candidate; and these with one difference undone.

Add here a setting that reaches a model. Those that only decide which rows there are show in the rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from configs.features import Step
from configs.plugs import Imported
from configs.settings import PipelineSettings
from configs.training import Candidate
from tasks.lineage import origins
from tasks.lineage.origins import SettingChange

_SCALARS = ("seed", "target", "weights", "positive", "negative")
"""Settings of training that a model is made with: the last two decide what a label counts as."""


@dataclass(frozen=True)
class Making:
    """Settings, and the one candidate of them that was fitted."""

    settings: PipelineSettings
    candidate: Candidate


@dataclass(frozen=True)
class Undone:
    """The second making with one difference as in the first one."""

    change: SettingChange
    making: Making


def asks_the_same(was: Making, now: Making) -> bool:
    """Whether both predict the same, so that one can be fitted as the other."""
    before, after = was.settings.training, now.settings.training
    return (before.label, before.problem) == (after.label, after.problem)


def singly(was: Making, now: Making) -> tuple[Undone, ...]:
    """Each difference that reaches the model, undone alone: family and its parameters, features, label, seed."""
    return (*_candidate(was, now), *_features(was, now), *_steps(was, now), *_training(was, now))


def together(was: Making, now: Making) -> Making:
    """All of them undone at once; what decides about rows stays."""
    training = now.settings.training.model_copy(
        update={name: getattr(was.settings.training, name) for name in ("features", "candidates", *_SCALARS)}
    )
    return Making(_with(now.settings, was.settings, training=training, features=was.settings.features), was.candidate)


def _candidate(was: Making, now: Making) -> Iterator[Undone]:
    if was.candidate.name != now.candidate.name:
        change = SettingChange("training.candidates", was.candidate.name, now.candidate.name)
        yield Undone(change, replace(now, candidate=was.candidate))
        return
    before, after = _parameters(was.candidate), _parameters(now.candidate)
    for name in dict.fromkeys((*before, *after)):
        making = replace(now, candidate=_set(now.candidate, name, before))
        changes = origins.settings({name: before.get(name)}, {name: after.get(name)})
        yield from (Undone(replace(one, setting=f"{now.candidate.name}.{one.setting}"), making) for one in changes[:1])


def _parameters(candidate: Candidate) -> Mapping[str, Any]:
    """Parameters by name; the code of a family of one's own is none of them."""
    if isinstance(candidate, Imported):
        return candidate.settings
    return candidate.model_dump(exclude={"family", "title", "window"})


def _set(candidate: Candidate, name: str, values: Mapping[str, Any]) -> Candidate:
    if not isinstance(candidate, Imported):
        return candidate.model_copy(update={name: values[name]})
    left = {other: value for other, value in candidate.settings.items() if other != name}
    again = {name: values[name]} if name in values else {}
    return candidate.model_copy(update={"settings": {**left, **again}})


def _features(was: Making, now: Making) -> Iterator[Undone]:
    before, after = was.settings.training.features, now.settings.training.features
    for name in (name for name in after if name not in before):
        left = tuple(one for one in after if one != name) or before
        yield _undone(SettingChange("training.features", "", "", f"with {name}"), was, now, features=left)
    for name in (name for name in before if name not in after):
        yield _undone(SettingChange("training.features", "", "", f"without {name}"), was, now, features=(*after, name))
    types = [side.settings.validation.columns for side in (was, now)]
    for name in (name for name in after if name in before and types[0][name].type != types[1][name].type):
        change = SettingChange(f"validation.columns.{name}.type", types[0][name].type, types[1][name].type)
        columns = {**types[1], name: types[0][name]}
        validation = now.settings.validation.model_copy(update={"columns": columns})
        yield Undone(change, replace(now, settings=now.settings.model_copy(update={"validation": validation})))


def _steps(was: Making, now: Making) -> Iterator[Undone]:
    """Feature steps that came, went or changed; not one without which another one could not be made."""
    before, after = was.settings.features.named, now.settings.features.named
    for name in dict.fromkeys((*after, *before)):
        one, other = before.get(name), after.get(name)
        if one == other:
            continue
        if other is None:
            steps = [*after.values(), *(step for step in before.values() if step is one)]
            change = SettingChange("features.steps", "", "", f"without {name}")
        elif one is None:
            steps = [step for step in after.values() if step is not other]
            change = SettingChange("features.steps", "", "", f"with {name}")
        else:
            steps = [one if step is other else step for step in after.values()]
            change = _changed(name, one, other)
        features = now.settings.features.model_copy(update={"steps": tuple(steps)})
        settings = _with(now.settings, was.settings, features=features)
        if _is_whole(settings):
            yield Undone(change, replace(now, settings=settings))


def _is_whole(settings: PipelineSettings) -> bool:
    """Whether each step takes what there is before it."""
    there = set(settings.validation.columns)
    for step in settings.features.steps:
        if not there.issuperset(settings.taken(step)):
            return False
        there |= step.outputs.keys()
    return True


def _changed(name: str, one: Step, other: Step) -> SettingChange:
    (first, *more) = origins.settings(one.model_dump(mode="json"), other.model_dump(mode="json"))
    left = f" and {len(more)} more" if more else ""
    return SettingChange(f"features.steps.{name}.{first.setting}{left}", first.was, first.now, first.moves)


def _training(was: Making, now: Making) -> Iterator[Undone]:
    before, after = ({name: getattr(one.settings.training, name) for name in _SCALARS} for one in (was, now))
    for change in origins.settings(before, after):
        name = change.setting
        yield _undone(replace(change, setting=f"training.{name}"), was, now, **{name: before[name]})


def _undone(change: SettingChange, was: Making, now: Making, **update: Any) -> Undone:
    training = now.settings.training.model_copy(update=update)
    return Undone(change, replace(now, settings=_with(now.settings, was.settings, training=training)))


def _with(now: PipelineSettings, was: PipelineSettings, **update: Any) -> PipelineSettings:
    """Settings that know the columns of both."""
    columns = {**was.validation.columns, **now.validation.columns}
    validation = now.validation.model_copy(update={"columns": columns})
    return now.model_copy(update={"validation": validation, **update})
