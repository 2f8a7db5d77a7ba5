"""What is wrong with a setting, in one line: its key, the rule, what was written, and the nearest name.

Add here the words for another kind of mistake. What may stand in a pipeline file is said in `settings.py`, and by the
`Settings` of what is plugged in.
"""

import difflib
import json
import re
from collections.abc import Iterable, Iterator
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Tag
from pydantic_core import ErrorDetails

from configs import addresses

_RULES = {
    "missing": "is missing",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": "must be text; write it in quotes",
    "string_too_short": "must have at least {min_length} character(s)",
    "string_too_long": "must have at most {max_length} characters",
    "tuple_type": "must be a list",
    "dict_type": "must have entries of the form 'name: value'",
    "model_type": "must have settings of the form 'name: value'",
    "model_attributes_type": "must have settings of the form 'name: value'",
    "string_pattern_mismatch": "must not have control characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "value_error": "{error}",
    "union_tag_invalid": "must be one of {expected_tags}",
    "union_tag_not_found": "must name its {discriminator}",
}


def causes(problems: list[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Without lists that are too short only because entries of them are wrong."""
    places = [problem["loc"] for problem in problems]
    for problem in problems:
        inside = [place for place in places if place[: len(problem["loc"])] == problem["loc"]]
        if problem["type"] != "too_short" or len(inside) == 1:
            yield problem


def explain(problem: ErrorDetails, settings: type[BaseModel]) -> str:
    """One problem as `key: rule (got value)`, with the nearest name for a mistyped one."""
    where, names = _place(problem["loc"], settings)
    kind = problem["type"]
    context = {name: f"{v:g}" if isinstance(v, float) else v for name, v in problem.get("ctx", {}).items()}
    if kind == "extra_forbidden":
        return f"{where}: {no_such(str(problem['loc'][-1]), names)}"
    rule = _RULES.get(kind, problem["msg"]).format(**context)
    if kind == "value_error":
        return f"{where}: {rule}" if where else rule
    if kind == "missing":
        return f"{where}: {rule}"
    given = problem["input"]
    if kind == "union_tag_invalid":
        where, given = f"{where}.{context['discriminator'].strip(chr(39))}", context["tag"]
    choices = re.findall(r"'([^']*)'", rule) if kind in ("literal_error", "union_tag_invalid") else []
    near = guess(given, choices) if isinstance(given, str) else None
    return f"{where}: {rule} (got {got(given)})" + (f"; did you mean {near!r}?" if near else "")


def no_such(name: str, names: Iterable[str]) -> str:
    """That there is no such setting, and which there are."""
    near = guess(name, names)
    return "no such setting; " + (f"did you mean {near!r}?" if near else f"there are {', '.join(names) or 'none'}")


def _place(location: tuple[int | str, ...], settings: type[BaseModel]) -> tuple[str, list[str]]:
    """The key as people write it, and the names that could stand at its last place."""
    kind: Any = settings
    shown, names = "", []
    for part in location:
        kind = _bare(kind)
        is_model = isinstance(kind, type) and issubclass(kind, BaseModel)
        names = list(kind.model_fields) if is_model else []
        if get_origin(kind) in (Union, UnionType) and isinstance(part, str):
            kind = next((option for option in get_args(kind) if part in _tags(option)), None)
            continue
        shown += f"[{part}]" if isinstance(part, int) else f".{part}" if shown else str(part)
        if is_model:
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
        else:
            arguments = get_args(kind)
            kind = arguments[-1 if get_origin(kind) is dict else 0] if arguments else None
    return "".join(sign if sign.isprintable() else "\ufffd" for sign in shown.replace(".[key]", "")), names


def _bare(kind: Any) -> Any:
    """A type without its metadata, and without the choice of leaving it out."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    options = [option for option in get_args(kind) if option is not type(None)]
    if get_origin(kind) in (Union, UnionType) and len(options) == 1:
        return _bare(options[0])
    return kind


def _tags(option: Any) -> tuple[Any, ...]:
    """By what one option of several is told apart."""
    if tags := [one.tag for one in get_args(option) if isinstance(one, Tag)]:
        return tuple(tags)
    literals = (field.annotation for field in getattr(option, "model_fields", {}).values())
    return tuple(name for kind in literals if get_origin(kind) is Literal for name in get_args(kind))


def got(value: object) -> str:
    """What was written, without secrets and not too long."""
    text = repr(value) if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = addresses.masked(text)
    return text if len(text) <= 60 else f"{text[:57]}..."


def guess(name: str, names: Iterable[str]) -> str | None:
    """The nearest name, if one is near."""
    near = difflib.get_close_matches(name, list(names), n=1, cutoff=0.6)
    return near[0] if near else None
