"""Plugs: where each thing stands that a pipeline names, built in or of its user; as text, imported when asked for.

Add a built-in family or guard here, one line each; metrics stand in `configs.metrics`. What a user plugs in is named by
`use:` in the pipeline file: a class of an installed package (`package.module:Thing`), or of the one Python file beside
the pipeline file (`Thing`). What a kind of plug has to have is said here; what it does belongs to its room.
"""

import importlib
import inspect
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError
from pydantic.json_schema import SkipJsonSchema

from configs import explanations, importing, metrics, pipeline_files
from configs.errors import InvalidSettings
from configs.section import Section

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
    "bundle": "tasks.promotion.guards.bundle:Bundle",
    "beats_a_dummy": "tasks.promotion.guards.dummy:BeatsADummy",
    "floors": "tasks.promotion.guards.floors:Floors",
    "slices": "tasks.promotion.guards.slices:Slices",
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
    is_function: bool = False
    """Whether it is a function, which gets rows and its settings, and not a class."""


_KINDS = (
    _Kind("an estimator", ("training", "candidates"), (("build",), ("fit", "predict")), ESTIMATORS),
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


class Use(Section):
    """A plug of your own."""

    use: str
    """Where it stands: `package.module:Thing`, or a name in the Python file beside this one."""
    settings: dict[str, Any] = {}  # noqa: RUF012
    """What its `Settings` take; of a scikit-learn estimator its parameters."""
    title: Annotated[str, Field(max_length=60)] = ""
    """As people call it, if it has no title of its own, or another one is wanted."""
    source: SkipJsonSchema[str] = ""
    """Hash of the file in which it stands; filled in when the pipeline file is read."""

    @property
    def name(self) -> str:
        """Its name in records: the title in small letters, with `_` between words."""
        return _name(self.title)

    def identity(self) -> dict[str, Any]:
        """What decides what it does; not what it is called."""
        return {"use": self.use, "settings": self.settings, "source": self.source}


class Imported(Use):
    """A family of your own: any scikit-learn compatible estimator."""

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


def families(learner: str) -> tuple[str, ...]:
    """The built-in families that can be a classifier, or a regressor."""
    return tuple(sorted(name for name, path in ESTIMATORS.items() if learner in built_in(path).learners))


def find(use: str, *, is_function: bool = False) -> Plug:
    """What a user's import path names, imported: a class, or a function.

    Raises:
        InvalidSettings: There is no such module or class, or it raises when it is imported; and where.
    """
    noun = "function" if is_function else "class"
    if not _PATH.fullmatch(use):
        raise InvalidSettings(
            f"must be 'package.module:Thing', or the name of a {noun} in the Python file beside this one"
        )
    where, _, name = use.rpartition(":")
    module = importing.module(where)
    thing = getattr(module, name, None)
    home = sys.modules.get(getattr(thing, "__module__", where), module)
    fits = inspect.isfunction if is_function else inspect.isclass
    if not fits(thing) or not home.__file__:
        guess = explanations.guess(name, [one for one, value in vars(module).items() if fits(value)])
        hint = f"; did you mean {guess!r}?" if guess else ""
        raise InvalidSettings(
            f"{where} has no {noun} {name!r} ({pipeline_files.shown(Path(module.__file__ or '?'))}){hint}"
        )
    return Plug(
        thing, Path(home.__file__), importing.own_source(module, home) if is_function else importing.source(home)
    )


def parameters(used: Use) -> Mapping[str, Any] | Section:
    """Its settings, as its own `Settings` hold them; as they stand if it has none."""
    own = getattr(find(used.use).thing, "Settings", None)
    return used.settings if own is None else _held(own, used.settings)


def make(used: Use) -> Any:
    """An instance of a metric or a guard; one with `Settings` gets them."""
    thing = find(used.use).thing
    return thing(parameters(used)) if hasattr(thing, "Settings") else thing()


def types(used: Iterable[Use]) -> Iterator[str]:
    """The classes that are named, as they are called where a model holds them."""
    for one in used:
        thing = find(one.use).thing
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
        names = {_name(name) for name in kind.taken}
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
    use = entry["use"]
    if "source" in entry:
        yield "source: no such setting; it is filled in when the file is read"
    if ":" not in use:
        use = f"{importing.BESIDE}{pipeline}:{use}"
    try:
        plug = find(use, is_function=kind.is_function)
    except InvalidSettings as problem:
        yield f"use: {problem} (got {entry['use']!r})"
        return
    own = use.rpartition(":")[2] if kind.is_function else getattr(plug.thing, "title", None)
    title = entry.get("title") or own
    if not any(all(hasattr(plug.thing, name) for name in names) for names in kind.has):
        wanted = ", or ".join(" and ".join(names) for names in kind.has)
        yield f"use: {use} is not {kind.noun}, which has {wanted} ({plug})"
    elif not isinstance(title, str) or not _name(title):
        yield f"use: {use} has no title ({plug}); give it one, or write 'title:' beside 'use:'"
    elif _name(title) in names:
        yield f"use: the title {title!r} of {use} ({plug}) is taken; write another one as 'title:' beside 'use:'"
    else:
        names.add(_name(title))
        filled, wrong = _parameters(entry.get("settings", {}), plug)
        yield from wrong
        entry |= {"use": use, "title": title, "settings": filled, "source": plug.source}


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


def _name(title: str) -> str:
    return re.sub(r"\W+", "_", title.lower()).strip("_")
