"""A pipeline file with one value changed: everything else of it, comments and order as well, stays as it was typed.

Change this module when a change of a setting should be written in another way. That the outcome says what was meant is
seen to by `loader`, which reads it again before anything is written.
"""

import json
from collections.abc import Sequence
from typing import Any

import yaml

_WIDTH = 100_000
"""Values stand on one line."""


def assign(text: str, path: Sequence[str | int], value: Any) -> str:
    """The text of a file in which the setting at a path has this value; sections that are missing are added.

    Args:
        text: Plain YAML that holds settings.
        path: Keys and places in lists; the path must fit what is there.
        value: Plain.
    """
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    for depth, part in enumerate(path):
        below = _below(node, part)
        if below is None:
            return _add(text, node, part, _nested(path[depth + 1 :], value))
        if _is_nothing(below) and depth < len(path) - 1:
            return _replace(text, below, _nested(path[depth + 1 :], value))
        node = below
    return _replace(text, node, value)


def _below(node: Any, part: str | int) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return node.value[part] if isinstance(part, int) and part < len(node.value) else None
    return next((value for key, value in node.value if key.value == str(part)), None)


def _is_nothing(node: Any) -> bool:
    return isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null")


def _nested(path: Sequence[str | int], value: Any) -> Any:
    for part in reversed(path):
        value = [value] if isinstance(part, int) else {part: value}
    return value


def _replace(text: str, node: Any, value: Any) -> str:
    start, end = _span(text, node)
    gap = " " if start and text[start - 1] == ":" else ""
    return f"{text[:start]}{gap}{written(value)}{text[end:]}"


def _span(text: str, node: Any) -> tuple[int, int]:
    """Where a value stands; behind the last of a block the parser counts the lines up to the next key as well."""
    start, end = node.start_mark.index, node.end_mark.index
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        end = _span(text, last[1] if isinstance(last, tuple) else last)[1]
    return start, end


def _add(text: str, node: Any, part: str | int, value: Any) -> str:
    entry = written(value) if isinstance(part, int) else f"{_key(part)}: {written(value)}"
    start, end = _span(text, node)
    if node.flow_style:
        close = end - 1
        body = text[start + 1 : close].rstrip()
        stop = start + 1 + len(body)
        comma = "" if not body or body.endswith(",") else ","
        return f"{text[:stop]}{comma}{' ' if body else ''}{entry}{text[stop:]}"
    line = f"{' ' * node.start_mark.column}{'- ' if isinstance(part, int) else ''}{entry}"
    stop = text.find("\n", end)
    if stop < 0:
        return f"{text}\n{line}\n"
    return f"{text[: stop + 1]}{line}\n{text[stop + 1 :]}"


def _key(part: str | int) -> str:
    return written(str(part))


def written(value: Any) -> str:
    """A value as it stands in a file, on one line: `300`, `[a, b]`, `{family: x}`; text in quotes where need be."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)}: {written(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        dumped = yaml.safe_dump([value], default_flow_style=True, width=_WIDTH, allow_unicode=True).strip()
        return dumped[1:-1]
    return json.dumps(value)
