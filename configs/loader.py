"""The only reader of pipeline files: YAML in, frozen settings out, every problem named at once.

Change this module when the form of a pipeline file changes. What may stand in it is said in `settings.py`; the schema
for editors is made from there by `python -m configs.loader`.
"""

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.constructor import ConstructorError

from configs import environment, explanations, overrides, pipeline_files, plugs, widening, yaml_edits
from configs.errors import InvalidSettings, NotYaml, UnknownPipeline
from configs.overrides import Override
from configs.settings import PipelineSettings

SCHEMA_FILE = environment.CHECKOUT / "configs" / "pipeline.schema.json"

_TAG = "tag:yaml.org,2002:"
_KINDS = ("null", "bool", "int", "float", "str", "seq", "map")
_MOST_VALUES = 20_000
_MOST_BYTES = 1_000_000
_MOST_HASHED = 32
_hashed: dict[int, tuple[PipelineSettings, str]] = {}
"""Settings never change, and their hash is asked for wherever rows are kept by it."""
_HINT = "Nothing was changed. Every setting with its meaning: configs/pipeline.schema.json"


def load(name: str) -> PipelineSettings:
    """The settings of one pipeline.

    Raises:
        UnknownPipeline: There is no file of this name.
        NotYaml: The file is not YAML, or asks for more than plain values.
        InvalidSettings: A setting is unknown, missing, or of the wrong type or size; a plug cannot be used; or another
            pipeline has the same name but for upper and lower case.
    """
    path = _path(name)
    _require_a_name_of_its_own(name)
    where = pipeline_files.shown(path)
    return _checked(_plain_values(path, where), where, name)


def load_changed(name: str, changes: Sequence[Override]) -> PipelineSettings:
    """The settings of one pipeline as they would be with some of them changed; nothing is written.

    Raises:
        InvalidSettings: A change does not fit the file, or what comes of it is not valid.
    """
    path = _path(name)
    where = pipeline_files.shown(path)
    values = overrides.applied(_plain_values(path, where), changes)
    return _checked(values, f"{where} with {', '.join(change.text for change in changes)}", name)


def changed_text(name: str, changes: Sequence[Override]) -> tuple[Path, str, str]:
    """The file of one pipeline, its text, and its text with some settings changed, which was read again and is valid.

    Raises:
        InvalidSettings: A change does not fit the file, what comes of it is not valid, or it cannot be written there.
    """
    path = _path(name)
    where = pipeline_files.shown(path)
    text = pipeline_files.content(path).decode("utf-8-sig")
    values, after = _plain_values(path, where), text
    for change in changes:
        after = yaml_edits.assign(after, change.path, change.value)
    wanted = overrides.applied(values, changes)
    _checked(wanted, where, name)
    if _read_text(after.encode(), where) != wanted:
        keys = ", ".join(change.key for change in changes)
        raise InvalidSettings(
            f"{where} is written in a way in which {keys} cannot be changed by itself. Change it by hand."
        )
    return path, text, after


def override(text: str) -> Override:
    """What is typed behind `--set`: a setting, and its value as it would stand in the file.

    Raises:
        InvalidSettings: It does not say which setting has which value, or the value is not plain YAML.
    """
    path, value = overrides.split(text)
    try:
        plain = _PlainLoader(value).get_single_data()
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise InvalidSettings(f"--set {text!r}: the value is not plain YAML ({str(err).splitlines()[0]}).") from err
    return Override(path, plain, text.strip())


def _checked(values: dict[str, Any], where: str, name: str) -> PipelineSettings:
    values, wrong = plugs.settled(values, name)
    try:
        settings = PipelineSettings.model_validate_json(json.dumps(widening.settled(values)))
    except ValidationError as err:
        problems = [explanations.explain(one, PipelineSettings) for one in explanations.causes(err.errors())]
        raise _invalid(where, [*problems, *wrong]) from err
    if wrong:
        raise _invalid(where, wrong)
    return settings


def source_text(name: str) -> str:
    """The file of one pipeline as it stands, for the record of a run.

    Raises:
        UnknownPipeline: There is no file of this name.
    """
    return _path(name).read_text(encoding="utf-8")


def known() -> list[str]:
    """Names of all pipelines, in alphabetical order."""
    return pipeline_files.names(environment.read().pipelines)


def examples() -> list[str]:
    """Names of the examples, in alphabetical order: they run when they are named, and nobody else puts them to work."""
    return pipeline_files.names(_examples())


def settings_hash(settings: PipelineSettings) -> str:
    """Short hash of all settings; the layout of the file and its comments do not matter.

    Defaults are part of it, but for those of settings that came later (`configs.section.LATER`): a release that adds a
    setting changes no hash.
    """
    kept = _hashed.get(id(settings))
    if kept is None or kept[0] is not settings:
        kept = settings, _hash(settings.identity())
        _hashed[id(settings)] = kept
        while len(_hashed) > _MOST_HASHED:
            del _hashed[next(iter(_hashed))]
    return kept[1]


def decision_hash(settings: PipelineSettings) -> str:
    """Short hash of what a verdict rests on: times, contract, training, evaluation, promotion; not of words or plans.

    Evidence is carried from batch to batch as long as it stays the same.
    """
    told = settings.identity()
    rules = {
        name: {part: value for part, value in rule.items() if part not in ("unit", "reason")}
        for name, rule in told["validation"]["columns"].items()
    }
    parts = {"times": told["ingestion"]["times"], "columns": rules, "key": told["validation"]["key"]}
    if told["ingestion"]["derive"]:
        parts["derive"] = told["ingestion"]["derive"]
    if "features" in told:
        parts["features"] = told["features"]["steps"]
    told["training"].pop("trusted", None)  # what may be loaded changes no answer
    return _hash({**parts, **{room: told[room] for room in ("training", "evaluation", "promotion")}})


def schema() -> dict[str, Any]:
    """The JSON schema of a pipeline file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **PipelineSettings.model_json_schema()}


def schema_text() -> str:
    """What `pipeline.schema.json` has to contain."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the schema file anew."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    sys.stdout.write(f"{SCHEMA_FILE.relative_to(environment.CHECKOUT)} is written\n")


def _hash(values: dict[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# ── finding and reading ───────────────────────────────────────────────────────────────────────────────────────────
def _path(name: str) -> Path:
    folder = environment.read().pipelines
    is_name = pipeline_files.NAME.fullmatch(name) is not None
    path = folder / f"{name}.yaml"
    for found in (path, _examples() / path.name) if is_name else ():
        if os.path.lexists(found):
            return found
    there = [*known(), *examples()]
    guess = explanations.guess(name, there)
    advice = f"Add {pipeline_files.shown(path)}." if is_name else pipeline_files.RULE
    raise UnknownPipeline(
        f"Unknown pipeline {_brief(name)!r}{f'; did you mean {guess!r}?' if guess else '.'} "
        f"Known: {', '.join(there) or 'none'}. {advice}"
    )


def _require_a_name_of_its_own(name: str) -> None:
    """Folders of landing files, reports and MLflow's experiments have the name: not all systems tell cases apart."""
    twins = [*pipeline_files.twins(environment.read().pipelines, name), *pipeline_files.twins(_examples(), name)]
    if twins:
        raise InvalidSettings(
            f"The pipelines {' and '.join(sorted({name, *twins}))} differ by upper and lower case alone; a file system "
            "or a database may take one for the other. Rename one of their files."
        )


def _brief(name: str) -> str:
    return name if len(name) <= 100 else f"{name[:60]}… ({len(name):,} characters)"


def _examples() -> Path:
    return environment.read().pipelines / "examples"


class _PlainLoader(yaml.SafeLoader):
    """YAML as most people know it: dates, `yes` and `no` are text, `1e-3` is a number, no key stands twice."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 (as in PyYAML; filled below)
    yaml_constructors = {  # noqa: RUF012
        tag: make for tag, make in yaml.SafeLoader.yaml_constructors.items() if tag in {_TAG + kind for kind in _KINDS}
    }

    def construct_mapping(self, node: yaml.Node, deep: bool = False) -> dict[Any, Any]:
        if not isinstance(node, yaml.MappingNode):
            raise ConstructorError(None, None, "expected a mapping, but found another kind of value", node.start_mark)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag != f"{_TAG}str":
                shown = repr(key.value) if isinstance(key, yaml.ScalarNode) else "of a mapping"
                raise ConstructorError(None, None, f"the key {shown} is not text; write it in quotes", key.start_mark)
            if key.value in seen:
                raise ConstructorError(None, None, f"the key {key.value!r} stands there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)

    def refuse(self, node: yaml.Node) -> None:
        """Anything that is not plain, Python objects above all."""
        tag = node.tag.replace(_TAG, "!!")
        raise ConstructorError(None, None, f"{tag} asks for an object; only plain values are allowed", node.start_mark)


_PlainLoader.add_constructor(None, _PlainLoader.refuse)
for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))([eE][-+]?[0-9]+)?", list("-+.0123456789")),
):
    _PlainLoader.add_implicit_resolver(_TAG + _kind, re.compile(f"^(?:{_pattern})$"), _first)


def _plain_values(path: Path, shown: str) -> dict[str, Any]:
    return _read_text(pipeline_files.content(path), shown)


def _read_text(content: bytes, shown: str) -> dict[str, Any]:
    try:
        if len(content) > _MOST_BYTES:
            raise yaml.YAMLError(f"it has more than {_MOST_BYTES:,} bytes, which no pipeline file needs")
        values = _PlainLoader(content.decode("utf-8-sig")).get_single_data()
        _require_plain(values)
    except UnicodeDecodeError as err:
        raise NotYaml(f"{shown} is not a text file in UTF-8 (see byte {err.start}). {_HINT}") from err
    except yaml.MarkedYAMLError as err:
        where = f"line {err.problem_mark.line + 1}: " if err.problem_mark else ""
        what = " ".join(part for part in (err.context, err.problem) if part)
        raise NotYaml(f"{shown} is not plain YAML: {where}{what}. {_HINT}") from err
    except RecursionError as err:
        raise NotYaml(f"{shown} is not plain YAML: it is nested too deeply. {_HINT}") from err
    except (ValueError, KeyError) as err:
        raise NotYaml(f"{shown} is not plain YAML: a value is too long, or is not what its tag says. {_HINT}") from err
    except yaml.YAMLError as err:
        raise NotYaml(f"{shown} is not plain YAML: {str(err).splitlines()[0]}. {_HINT}") from err
    if not isinstance(values, dict):
        found = "is empty" if values is None else f"holds only {explanations.got(values)}"
        raise _invalid(shown, [f"the file {found}; it must have sections such as 'ingestion:' (see flights.yaml)"])
    return values


def _require_plain(values: object) -> None:
    """Refuse text that cannot be stored, and references that unfold to more than a pipeline file could ever hold."""
    waiting, seen = [values], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if seen > _MOST_VALUES:
            raise yaml.YAMLError("it unfolds to too many values; a reference (*name) may refer to itself")
        if isinstance(value, dict):
            waiting.extend([*value, *value.values()])
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, str):
            value.encode()


def _invalid(shown: str, problems: Iterable[str]) -> InvalidSettings:
    return InvalidSettings("\n".join([f"{shown} is not valid:", *(f"  {problem}" for problem in problems), _HINT]))


if __name__ == "__main__":
    main()
