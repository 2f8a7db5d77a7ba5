"""What two models are made with: settings that differ, commits between them, own code, libraries.

Add here how two values are told apart that a model is made with. Where they are to be had is known to the steps.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import zip_longest
from typing import Any

from tasks.domain.records import Model

_NAMES = ("family", "use", "sklearn", "column", "name", "step")
"""What names an entry of a list, in this order."""
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_NOTHING = "nothing"


@dataclass(frozen=True)
class SettingChange:
    """One setting that differs."""

    setting: str
    """Its place, as `training.window.days`."""
    was: str
    now: str
    moves: str = ""
    """Of a list: what came and went, `with gust, without temp`."""

    @property
    def text(self) -> str:
        """`training.window.days: 90, was nothing`"""
        return f"{self.setting}: {self.moves or f'{self.now}, was {self.was}'}"


@dataclass(frozen=True)
class StepVersion:
    """A feature step of a user, as a model has it."""

    name: str
    source: str
    """Hash of its code."""
    texts: Mapping[str, str] | None
    """The modules of that code by name; None if the model cannot be read any more."""


@dataclass(frozen=True)
class StepChange:
    """A feature step of a user in two models."""

    name: str
    was: str | None
    """Hash of its code; None where the first model does not have it."""
    now: str | None
    code: tuple[str, ...] | None
    """What its code differs in, as lines of a diff; None where one side cannot be read any more."""

    @property
    def text(self) -> str:
        """`basket: source 1f2e, was 9a8b`"""
        if self.was == self.now:
            return f"{self.name}: the same code, source {self.now}"
        if self.was is None or self.now is None:
            return f"{self.name}: " + (
                f"source {self.now}, new" if self.was is None else f"gone, was source {self.was}"
            )
        return f"{self.name}: source {self.now}, was {self.was}"


@dataclass(frozen=True)
class Origins:
    """What two models are made with, and what differs in it."""

    models: tuple[Model, Model]
    settings: tuple[SettingChange, ...] | None
    """None if those of one of them were not kept, or cannot be read any more."""
    commits: tuple[str, ...] | None
    """That the second one has and the first one has not; None where git cannot tell."""
    commits_gone: tuple[str, ...] | None
    """That the first one has and the second one has not."""
    code: tuple[str, ...]
    """What the Python file beside the pipeline file differs in, as lines of a diff."""
    libraries: tuple[SettingChange, ...] | None
    """None if one of the lock files is not to be had any more."""
    steps: tuple[StepChange, ...] = ()
    """Feature steps of users that one of them has."""


def settings(was: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[SettingChange, ...]:
    """The settings that differ, in the order of the paper; defaults are settings like all others."""
    return tuple(_changes("", was, now))


def steps(was: Mapping[str, StepVersion], now: Mapping[str, StepVersion]) -> tuple[StepChange, ...]:
    """Feature steps of users in either model, by import path; what changed in the code of each."""
    return tuple(_step(was.get(use), now.get(use)) for use in dict.fromkeys((*now, *was)))


def _step(was: StepVersion | None, now: StepVersion | None) -> StepChange:
    one = now or was
    assert one is not None, "one of them has it"
    sources = (was.source if was else None, now.source if now else None)
    if was is None or now is None or was.source == now.source:
        return StepChange(one.name, *sources, ())
    if was.texts is None or now.texts is None:
        return StepChange(one.name, *sources, None)
    lines: list[str] = []
    for name in dict.fromkeys((*now.texts, *was.texts)):
        before, after = (side.get(name, "").splitlines() for side in (was.texts, now.texts))
        lines += unified_diff(before, after, f"{name} ({was.source})", f"{name} ({now.source})", lineterm="")
    return StepChange(one.name, *sources, tuple(lines))


def libraries(was: str, now: str) -> tuple[SettingChange, ...]:
    """The libraries of two lock files whose pinned versions differ, in alphabetical order."""
    pins = [dict(_PIN.findall(lock)) for lock in (was, now)]
    names = sorted({*pins[0], *pins[1]})
    both = ((name, pins[0].get(name, _NOTHING), pins[1].get(name, _NOTHING)) for name in names)
    return tuple(SettingChange(*one) for one in both if one[1] != one[2])


def _changes(place: str, was: Any, now: Any) -> Iterator[SettingChange]:
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        for name in dict.fromkeys((*was, *now)):
            yield from _changes(f"{place}.{name}" if place else str(name), was.get(name), now.get(name))
    elif _is_list(was) and _is_list(now):
        yield from _of_lists(place, was, now)
    else:
        yield SettingChange(place, _text(was), _text(now))


def _of_lists(place: str, was: Sequence[Any], now: Sequence[Any]) -> Iterator[SettingChange]:
    """Entries with names are compared by name; of plain ones it is said which came and went."""
    names = [[_name(entry) for entry in side] for side in (was, now)]
    if all(name is not None for side in names for name in side) and all(len({*side}) == len(side) for side in names):
        sides = [dict(zip(side, entries, strict=True)) for side, entries in zip(names, (was, now), strict=True)]
        changes = list(_changes(place, *sides))
        yield from changes or [SettingChange(place, _text(names[0]), _text(names[1]))]  # only their order differs
    elif any(isinstance(entry, Mapping) for entry in (*was, *now)):
        for number, (one, other) in enumerate(zip_longest(was, now), start=1):
            yield from _changes(f"{place}.{number}", one, other)
    else:
        gone, added = [one for one in was if one not in now], [one for one in now if one not in was]
        moves = [f"with {_text(added)}"] if added else []
        moves += [f"without {_text(gone)}"] if gone else []
        yield SettingChange(place, _text(was), _text(now), ", ".join(moves))


def _name(entry: Any) -> str | None:
    if not isinstance(entry, Mapping):
        return None
    return next((str(entry[name]) for name in _NAMES if isinstance(entry.get(name), str)), None)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _text(value: Any) -> str:
    if value is None or value in ([], (), {}):
        return _NOTHING
    if isinstance(value, Mapping):
        return " ".join(f"{name}={_text(one)}" for name, one in value.items() if one not in (None, False, [], {}))
    if _is_list(value):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json.dumps(value)
