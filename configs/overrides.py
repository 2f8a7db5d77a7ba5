"""Settings that are changed on a command line, `training.candidates.0.max_iter=300`, and what that makes of a file.

Add here another way to write such a change. What a file says is read by `loader`, and written by `yaml_edits`.
"""

import re
from collections.abc import Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from configs import explanations
from configs.errors import InvalidSettings

_PART = re.compile(r"[^.\[\]\s=]+")
_FORM = "Write it as in training.candidates.0.max_iter=300."


@dataclass(frozen=True)
class Override:
    """One setting, and the value that it is to have."""

    path: tuple[str | int, ...]
    """Keys, and places in lists, from the section on."""
    value: Any
    """Plain, as from a file."""
    text: str
    """As it was typed, without spaces around it."""

    @property
    def key(self) -> str:
        """The setting as people write it: `training.candidates.0.max_iter`."""
        return ".".join(map(str, self.path))


def split(text: str) -> tuple[tuple[str | int, ...], str]:
    """The path of a setting, and the text of its value.

    Raises:
        InvalidSettings: There is no `=`, or no path before it.
    """
    key, sign, value = text.partition("=")
    plain = re.sub(r"\[(\d+)\]", r".\1", key.strip())
    parts = plain.split(".")
    if not sign or not all(_PART.fullmatch(part) for part in parts):
        raise InvalidSettings(f"--set {text!r} does not say which setting has which value. {_FORM}")
    return tuple(int(part) if part.isdecimal() else part for part in parts), value.strip()


def require_apart(changes: Sequence[Override]) -> None:
    """Raise if one change is within what another one sets: which of them holds would hang on their order.

    Raises:
        InvalidSettings: It is so.
    """
    for place, one in enumerate(changes):
        for other in (*changes[:place], *changes[place + 1 :]):
            if one.path == other.path[: len(one.path)]:
                both = f"{one.text!r} and {other.text!r}"
                raise InvalidSettings(f"--set {both} change the same setting. Say each of them once.")


def applied(values: dict[str, Any], changes: Iterable[Override]) -> dict[str, Any]:
    """The values of a file with some of them changed; sections that are missing are made.

    Raises:
        InvalidSettings: A path goes through a value, or beyond the end of a list.
    """
    changed = deepcopy(values)
    for change in changes:
        _put(changed, change)
    return changed


def _put(values: dict[str, Any], change: Override) -> None:
    place: Any = values
    for depth, part in enumerate(change.path):
        _require_place(place, part, change, depth)
        if depth == len(change.path) - 1:
            _set(place, part, change.value)
            return
        below = _get(place, part)
        if below is None:
            below = [] if isinstance(change.path[depth + 1], int) else {}
            _set(place, part, below)
        place = below


def _get(place: Any, part: str | int) -> Any:
    if isinstance(place, list):
        return place[part] if isinstance(part, int) and part < len(place) else None
    return place.get(part)


def _set(place: Any, part: str | int, value: Any) -> None:
    if isinstance(place, list) and part == len(place):
        place.append(value)
    else:
        place[part] = value


def _require_place(place: Any, part: str | int, change: Override, depth: int) -> None:
    so_far = ".".join(map(str, change.path[:depth])) or "the file"
    if isinstance(place, list):
        if not isinstance(part, int):
            raise InvalidSettings(f"--set {change.text!r}: {so_far} is a list; name a place in it, from 0 on.")
        if part > len(place):
            there = f"places 0 to {len(place) - 1}" if place else "no place yet"
            raise InvalidSettings(f"--set {change.text!r}: {so_far} has {there}; a new one is {so_far}.{len(place)}.")
    elif not isinstance(place, dict):
        shown = explanations.got(place)
        raise InvalidSettings(f"--set {change.text!r}: {so_far} is {shown}, which has nothing below it.")
    elif isinstance(part, int):
        raise InvalidSettings(f"--set {change.text!r}: {so_far} is no list, so {part} is no place in it.")
