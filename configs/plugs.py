"""Plugs: where each thing stands that a pipeline names, built in or of its user; as text, imported when asked for.

Add a built-in family or guard here, one line each; metrics stand in `configs.metrics`. What a user plugs in is named by
`use:` in the pipeline file: a class of an installed package (`package.module.Thing`), or of the one Python file beside
the pipeline file (`Thing`). What a kind of plug has to have is said here; what it does belongs to its room.
"""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import ConfigDict, Field, ValidationError
from pydantic.json_schema import SkipJsonSchema

from configs import candidates, explanations, importing, metrics, pipeline_files
from configs.candidates import Window, plain
from configs.errors import InvalidSettings
from configs.section import LATER, Section

ESTIMATORS = {
    "logistic_regression": "tasks.training.estimators.linear:LogisticRegression",
    "linear_regression": "tasks.training.estimators.linear:LinearRegression",
    "hist_gradient_boosting": "tasks.training.estimators.boosting:HistGradientBoosting",
}
"""Families of models."""
GUARDS = {
    "data": "tasks.promotion.guards.judged_data:JudgedData",
    "finite": "tasks.promotion.guards.finite:Finite",
    "calibration": "tasks.promotion.guards.calibration:Calibration",
    "bias": "tasks.promotion.guards.bias:Bias",
    "coverage": "tasks.promotion.guards.coverage:Coverage",
    "bundle": "tasks.promotion.guards.bundle:Bundle",
    "cases": "tasks.promotion.guards.cases:Cases",
    "beats_a_dummy": "tasks.promotion.guards.dummy:BeatsADummy",
    "floors": "tasks.promotion.guards.floors:Floors",
    "slices": "tasks.promotion.guards.slices:Slices",
    "metrics": "tasks.promotion.guards.limits_of_metrics:LimitsOfMetrics",
    "weak_spots": "tasks.promotion.guards.openings:Openings",
    "churn": "tasks.promotion.guards.churn:Churn",
}
"""Guards, in the order in which they are asked and told."""
STEPS = {
    "date_parts": "tasks.features.kinds.calendar:DateParts",
    "cycle": "tasks.features.kinds.calendar:Cycle",
    "ratio": "tasks.features.kinds.arithmetic:Ratio",
    "difference": "tasks.features.kinds.arithmetic:Difference",
    "text": "tasks.features.kinds.texts:Text",
    "target_mean": "tasks.features.kinds.target:TargetMean",
}
"""Kinds of feature steps."""
COMPILERS = {
    "trees": "tasks.scoring.compiled.tree_compiler:TreeCompiler",
    "linear_sum": "tasks.scoring.compiled.linear_compiler:LinearCompiler",
}
"""What makes something quicker of a fitted model, in the order in which they are asked."""

_PATH = re.compile(r"[A-Za-z_][\w-]*(\.[\w-]+)*:[A-Za-z_]\w*")


@dataclass(frozen=True)
class _Kind:
    """A kind of plug: where a pipeline file names it, what it has to have, and which names are taken."""

    noun: str
    path: tuple[str, ...]
    has: tuple[tuple[str, ...], ...]
    """One of these sets of attributes."""
    taken: Iterable[str]
    is_function: bool | None = False
    """Whether it is a function, which gets something and its settings, and not a class; None: either."""


_KINDS = (
    _Kind("an estimator", ("training", "candidates"), (("build",), ("fit", "predict")), ESTIMATORS, None),
    _Kind(
        "a metric",
        ("evaluation", "metrics"),
        (("value", "greater_is_better"),),
        {*metrics.METRICS, *(entry.title for entry in metrics.METRICS.values())},
    ),
    _Kind("a guard", ("promotion", "guards", "own"), (("ask",),), {*GUARDS, "rollback"}),
    _Kind("a feature step", ("features", "steps"), ((),), STEPS, is_function=True),
)


class FamilySettings(Section):
    """Base of the parameters of a built-in family."""

    family: str
    title: Annotated[str, Field(max_length=candidates.LONGEST_TITLE), LATER] = ""
    """As people call it; by default its family, and of several of one family what differs from the first one."""
    window: Annotated[Window | None, LATER] = None
    """Which rows it learns from, in place of training.window."""

    @property
    def name(self) -> str:
        """Its name in records."""
        return plain(self.title) or self.family

    def identity(self) -> dict[str, Any]:
        """What decides what it does; not what it is called."""
        return {name: value for name, value in super().identity().items() if name != "title"}


def _with(schema: dict[str, Any]) -> None:
    """`with` is another word for `settings`: it is taken for that before anything else reads it."""
    schema["properties"]["with"] = {**schema["properties"]["settings"], "title": "With"}


class Use(Section):
    """A plug of your own."""

    model_config = ConfigDict(json_schema_extra=_with)

    use: str
    """Where it stands: `package.module.Thing`, or a name in the Python file beside this one."""
    settings: dict[str, Any] = {}  # noqa: RUF012
    """What its `Settings` take; of a scikit-learn estimator its parameters."""
    title: Annotated[str, Field(max_length=candidates.LONGEST_TITLE)] = ""
    """As people call it, if it has no title of its own, or another one is wanted."""
    source: SkipJsonSchema[str] = ""
    """Hash of the file in which it stands; filled in when the pipeline file is read."""

    @property
    def name(self) -> str:
        """Its name in records: the title in small letters, with `_` between words."""
        return plain(self.title)

    def identity(self) -> dict[str, Any]:
        """What decides what it does; not what it is called."""
        return {"use": self.use, "settings": self.settings, "source": self.source}


class Imported(Use):
    """A family of your own: any scikit-learn compatible estimator, or a function that returns one."""

    window: Annotated[Window | None, LATER] = None
    """Which rows it learns from, in place of training.window."""

    def identity(self) -> dict[str, Any]:
        """What decides what it does."""
        window = {} if self.window is None else {"window": self.window.identity()}
        return {**super().identity(), **window}

    @property
    def family(self) -> str:
        """Its name beside those of the built-in families."""
        return self.name


@dataclass(frozen=True)
class Plug:
    """What stands at an import path."""

    thing: Any
    file: Path
    source: str
    """Hash of the file."""

    def __str__(self) -> str:
        """File and line, for people."""
        try:
            line = f", line {inspect.getsourcelines(self.thing)[1]}"
        except (OSError, TypeError):
            line = ""
        return f"{pipeline_files.shown(self.file)}{line}"


def built_in(path: str) -> Any:
    """What stands at the path of a built-in thing, `package.module:Thing`."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def find(use: str, *, is_function: bool | None = None) -> Plug:
    """What a user's import path names, imported: a class, or a function; None: either.

    Raises:
        InvalidSettings: There is no such module or class, or it raises when it is imported; and where.
    """
    noun = {None: "class or function", True: "function", False: "class"}[is_function]
    if not _PATH.fullmatch(use):
        raise InvalidSettings(
            f"must be 'package.module.Thing', or the name of a {noun} in the Python file beside this one"
        )
    where, _, name = use.rpartition(":")
    module = importing.module(where)
    thing = getattr(module, name, None)
    home = sys.modules.get(getattr(thing, "__module__", where), module)
    either: Callable[[object], bool] = _is_either if is_function is None else inspect.isfunction
    fits: Callable[[object], bool] = inspect.isclass if is_function is False else either
    if not fits(thing) or not home.__file__:
        guess = explanations.guess(name, [one for one, value in vars(module).items() if fits(value)])
        hint = f"; did you mean {guess!r}?" if guess else ""
        raise InvalidSettings(
            f"{where} has no {noun} {name!r} ({pipeline_files.shown(Path(module.__file__ or '?'))}){hint}"
        )
    is_called = inspect.isfunction(thing)
    return Plug(thing, Path(home.__file__), importing.own_source(module, home) if is_called else importing.source(home))


def parameters(used: Use) -> Mapping[str, Any] | Section:
    """Its settings, as its own `Settings` hold them; as they stand if it has none."""
    own = getattr(find(used.use).thing, "Settings", None)
    return used.settings if own is None else _held(own, used.settings)


def make(used: Use) -> Any:
    """An instance of a metric or a guard; one with `Settings` gets them."""
    thing = find(used.use).thing
    return thing(parameters(used)) if hasattr(thing, "Settings") else thing()


def types(used: Iterable[Use]) -> Iterator[str]:
    """What models may hold of what is named: the class, and all that stands in a file beside a pipeline file."""
    for one in used:
        thing = find(one.use).thing
        if one.use.startswith(importing.BESIDE):
            yield f"{one.use.rpartition(':')[0]}.*"
        yield f"{thing.__module__}.{thing.__qualname__}"


def settled(values: dict[str, Any], pipeline: str) -> tuple[dict[str, Any], list[str]]:
    """The values of a pipeline file with what plugs say of themselves, and what is wrong with any, by its key.

    Args:
        values: Plain values, as they were read; what is not of the right form is left for others to refuse.
        pipeline: Its name, for what stands beside the file.
    """
    values, wrong = deepcopy(values), []
    for kind in _KINDS:
        entries: Any = values
        for part in kind.path:
            entries = entries.get(part) if isinstance(entries, dict) else None
        names = {plain(name) for name in kind.taken}
        if kind.is_function is None:
            candidates.set_apart(entries, lambda entry: _usual(entry, pipeline))
        for place, entry in enumerate(entries if isinstance(entries, list) else ()):
            if isinstance(entry, dict) and isinstance(entry.get("use"), str):
                key = f"{'.'.join(kind.path)}[{place}]"
                wrong += [f"{key}.{problem}" for problem in _settle(entry, kind, names, pipeline)]
    training: Any = values.get("training")
    trusted: Any = training.get("trusted") if isinstance(training, dict) else None
    for name in trusted if isinstance(trusted, list) else ():
        if isinstance(name, str) and name.startswith(importing.BESIDE):
            try:
                importing.module(name.rpartition(".")[0])
            except InvalidSettings as problem:
                wrong.append(f"training.trusted: {problem} (got {name!r})")
    return values, wrong


# ── parts ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _settle(entry: dict[str, Any], kind: _Kind, names: set[str], pipeline: str) -> Iterator[str]:
    """Fill in one entry, and yield what is wrong with it; `names` are those that are taken, its own is added."""
    use = _path(entry["use"], pipeline)
    if "source" in entry:
        yield "source: no such setting; it is filled in when the file is read"
    if "with" in entry:
        if "settings" in entry:
            yield "with: is another word for settings; write one of them"
        entry["settings"] = entry.pop("with")
    try:
        plug = find(use, is_function=kind.is_function)
    except InvalidSettings as problem:
        yield f"use: {problem} (got {entry['use']!r})"
        return
    own = use.rpartition(":")[2] if kind.is_function else getattr(plug.thing, "title", None)
    title = entry.get("title") or own or (candidates.usual_title(use) if kind.is_function is None else None)
    is_called = kind.is_function is None and inspect.isfunction(plug.thing)
    if not is_called and not any(all(hasattr(plug.thing, name) for name in names) for names in kind.has):
        wanted = ", or ".join(" and ".join(names) for names in kind.has)
        yield f"use: {use} is not {kind.noun}, which has {wanted} ({plug})"
    elif not isinstance(title, str) or not plain(title):
        yield f"use: {use} has no title ({plug}); give it one, or write 'title:' beside 'use:'"
    elif plain(title) in names:
        yield f"use: the title {title!r} of {use} ({plug}) is taken; write another one as 'title:' beside 'use:'"
    else:
        names.add(plain(title))
        filled, wrong = _parameters(entry.get("settings", {}), plug)
        yield from wrong
        entry |= {"use": use, "title": title, "settings": filled, "source": plug.source}


def _path(use: str, pipeline: str) -> str:
    """`package.module:Thing`, however it is written."""
    if ":" in use:
        return use
    where, _, name = use.rpartition(".")
    return f"{where or importing.BESIDE + pipeline}:{name}"


def _usual(entry: dict[str, Any], pipeline: str) -> str | None:
    """What an entry is called if nothing is said of it; None where that is not to be known."""
    use, family = entry.get("use"), entry.get("family")
    if not isinstance(use, str):
        return family.replace("_", " ") if isinstance(family, str) else None
    try:
        path = _path(use, pipeline)
        return getattr(find(path).thing, "title", None) or candidates.usual_title(path)
    except InvalidSettings:
        return None  # said when it is asked for


def _is_either(thing: Any) -> bool:
    return inspect.isclass(thing) or inspect.isfunction(thing)


def _parameters(given: Any, plug: Plug) -> tuple[Any, list[str]]:
    """All parameters, with what was left out, and what is wrong with them."""
    own = getattr(plug.thing, "Settings", None)
    if not isinstance(given, dict):
        return given, []
    if own is None:
        signature = inspect.signature(plug.thing)
        if inspect.isfunction(plug.thing):
            signature = signature.replace(parameters=[*signature.parameters.values()][1:])
        return given, [f"settings{problem} ({plug})" for problem in _unfit(given, signature)]
    if not (isinstance(own, type) and issubclass(own, Section)):
        return given, [f"use: the Settings of {plug.thing.__name__} are not a configs.section.Section ({plug})"]
    try:
        return _held(own, given).model_dump(mode="json"), []
    except ValidationError as err:
        return given, [f"settings.{explanations.explain(one, own)} ({plug})" for one in err.errors()]


def _unfit(given: dict[str, Any], signature: inspect.Signature) -> Iterator[str]:
    """Parameters that a class does not take, or misses."""
    taken = signature.parameters
    if any(one.kind is one.VAR_KEYWORD for one in taken.values()):
        return
    unknown = [name for name in given if name not in taken]
    yield from (f".{name}: {explanations.no_such(name, taken)}" for name in unknown)
    needed = [name for name, one in taken.items() if one.default is one.empty and one.kind is not one.VAR_POSITIONAL]
    yield from (f".{name}: is missing" for name in needed if name not in given)


def _held(own: type[Section], given: dict[str, Any]) -> Section:
    """As what was read from a file: a list there is a tuple here."""
    return own.model_validate_json(json.dumps(given))
