"""Code of a user in a bundle: the module beside a pipeline file of which a model holds classes or functions.

It is kept in the skops file under a name that is made of its text, and is loaded from there: a model that goes live
again answers by its own code, whatever stands beside the pipeline file by then. The digest of the file is checked
before any of it is run. Code of packages is not kept; that it has not changed is what the golden answers say.
"""

import hashlib
import importlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

from configs import importing, pipeline_files
from configs.errors import BundleRefused

PREFIX = "incumbent_own_"
"""Begins the name of a module that was kept."""
LIST = "own.json"
_NAME = re.compile(rf"{PREFIX}[0-9a-f]{{16}}")
_NAMING = ("__module__", "module_path")
"""Keys of a skops file under which modules are named."""


def keep(schema: Any) -> tuple[Any, dict[str, bytes]]:
    """What a skops file says, with kept modules in place of those beside pipeline files; and their files."""
    about: dict[str, dict[str, Any]] = {}
    files: dict[str, bytes] = {}
    names: dict[str, str] = {}
    for module in sorted({*_named(schema)}):
        there = importing.module(module) if module not in sys.modules else sys.modules[module]
        text = importing.text(there)
        others = {name: _digest(importing.text(one)) for name, one in importing.own_modules(there).items()}
        needs = {name: digest for name, digest in sorted(others.items()) if name != module}
        names[module] = _name(text, needs)
        shown = pipeline_files.shown(Path(there.__file__ or ""))
        about[names[module]] = {"module": module, "file": Path(shown).name, "needs": needs}
        files[_file(names[module])] = text
    if names:
        files[LIST] = json.dumps(about, sort_keys=True).encode()
    return _renamed(schema, names) if names else schema, files


def modules(model: bytes) -> dict[str, bytes]:
    """The texts of the modules that a skops file keeps, by the names under which it holds them."""
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        return {name: archive.read(_file(name)) for name in _about(archive)}


def written(model: bytes, name: str) -> str:
    """A type as its user knows it: of the module beside the pipeline file, where it is of a module that was kept."""
    if not name.startswith(PREFIX):
        return name
    module, _, thing = name.partition(".")
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        about = _about(archive)
    return f"{about[module]['module']}.{thing}" if module in about else name


def install(model: bytes, named: str, remedy: str) -> None:
    """Make the modules that a skops file keeps importable, once per process.

    Args:
        model: A skops file whose bytes and types have been checked.
        named: What it is, for the sentence.
        remedy: What to do, for the sentence.

    Raises:
        BundleRefused: One is not what its name says, or needs other code that has changed, or does not run.
    """
    with zipfile.ZipFile(io.BytesIO(model)) as archive:
        about = _about(archive)
        texts = {name: archive.read(_file(name)) for name in about}
    for name, text in texts.items():
        if name not in sys.modules:
            _install(name, text, about[name], f"{named} (own code)", remedy)


def _install(name: str, text: bytes, about: Mapping[str, Any], named: str, remedy: str) -> None:
    needs: dict[str, str] = about["needs"]
    if not _NAME.fullmatch(name) or _name(text, needs) != name:
        raise BundleRefused(f"{named} keeps a module {name} that is not what its name says. {remedy}")
    held = ModuleType(name)
    held.__dict__.update(__file__=about["file"])
    with (
        ExitStack() as undo,
        importing.of_user(Path(about["file"]), lambda what: BundleRefused(f"{named} cannot be run: {what}. {remedy}")),
    ):
        for other, digest in needs.items():
            now = _digest(importing.text(importlib.import_module(other)))
            if now != digest:
                raise BundleRefused(
                    f"{named} needs {other} as it was at the fit, sha256 {digest}; it is {now} now. Bring that back."
                )
        sys.modules[name] = held
        undo.callback(sys.modules.pop, name)
        exec(compile(text, about["file"], "exec"), held.__dict__)  # noqa: S102 (the model's own code)
        undo.pop_all()


def _about(archive: zipfile.ZipFile) -> dict[str, dict[str, Any]]:
    if LIST not in archive.namelist():
        return {}
    about: dict[str, dict[str, Any]] = json.loads(archive.read(LIST))
    return about


def _named(node: Any) -> Iterator[str]:
    """The modules beside pipeline files that are named."""
    if isinstance(node, list):
        for part in node:
            yield from _named(part)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in _NAMING and isinstance(value, str) and value.startswith(importing.BESIDE):
                yield value
            else:
                yield from _named(value)


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    if isinstance(node, list):
        return [_renamed(part, names) for part in node]
    if not isinstance(node, dict):
        return node
    is_name = {key for key, value in node.items() if key in _NAMING and isinstance(value, str)}
    return {key: names.get(value, value) if key in is_name else _renamed(value, names) for key, value in node.items()}


def _name(text: bytes, needs: Mapping[str, str]) -> str:
    whole = text + json.dumps(dict(needs), sort_keys=True).encode()
    return PREFIX + hashlib.sha256(whole).hexdigest()[:16]


def _file(name: str) -> str:
    return f"own/{name}.py"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]
