"""The import closure: which of our files a module needs to run, and which packages of others, read from the sources.

Imports inside of functions count, those for type checkers do not. A file of ours that is named by
`Path(__file__).with_name("…")` belongs to the module that names it.
"""

import ast
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_ROOTS = ("configs", "deployments", "flows", "tasks")


class Closure(NamedTuple):
    """What is needed."""

    files: tuple[str, ...]
    """Of ours, relative to the checkout, sorted."""
    packages: tuple[str, ...]
    """Names by which those of others are imported, sorted."""


def of(modules: Iterable[str], checkout: Path, lenient: Iterable[str] = ()) -> Closure:
    """What some modules need.

    Args:
        modules: Names as they are imported, such as `deployments.packaged.__main__` and `numpy`.
        checkout: The folder in which ours lie.
        lenient: Further ones, such as those that the file of a user imports. What functions below them import does not
            count, as a model that answers calls few of them.
    """
    files, packages = set[str](), set[str]()
    for begin, is_lazy in ((modules, True), (lenient, False)):
        waiting = list(begin)
        while waiting:
            module = waiting.pop()
            if module.partition(".")[0] not in _ROOTS:
                packages.add(module.partition(".")[0])
                continue
            fresh = {path for path in _paths(module, checkout) if _relative(path, checkout) not in files}
            files |= {_relative(path, checkout) for path in fresh}
            for path in fresh:
                tree = ast.parse(path.read_text(encoding="utf-8"))
                files |= {_relative(part, checkout) for beside in _beside(tree, path) for part in _all_files(beside)}
                waiting += _imports(tree, is_lazy)
    return Closure(tuple(sorted(files)), tuple(sorted(packages - sys.stdlib_module_names)))


def imported_by(text: bytes) -> list[str]:
    """What a file imports when it is imported itself."""
    return list(_imports(ast.parse(text), is_lazy=False))


def _relative(path: Path, checkout: Path) -> str:
    return path.relative_to(checkout).as_posix()


def _paths(module: str, checkout: Path) -> Iterator[Path]:
    """The files of a module and of the packages in which it lies; of a name in a module those of the module."""
    names = module.split(".")
    for length in range(1, len(names) + 1):
        path = checkout.joinpath(*names[:length])
        yield from (one for one in (path.with_suffix(".py"), path / "__init__.py") if one.is_file())


def _imports(node: ast.AST, is_lazy: bool) -> Iterator[str]:
    """The modules that are imported: `a.b` of `import a.b`, `a.b` and `a.b.c` of `from a.b import c`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom) and child.module:
            yield child.module
            yield from (f"{child.module}.{alias.name}" for alias in child.names)
        elif isinstance(child, ast.If) and _is_for_types(child.test):
            yield from (name for other in child.orelse for name in _imports(other, is_lazy))
        elif is_lazy or not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _imports(child, is_lazy)


def _is_for_types(test: ast.expr) -> bool:
    name = test.id if isinstance(test, ast.Name) else test.attr if isinstance(test, ast.Attribute) else ""
    return name == "TYPE_CHECKING"


def _beside(tree: ast.AST, path: Path) -> Iterator[Path]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Path(__file__).with_name":
            (name,) = node.args
            if isinstance(name, ast.Constant):
                yield path.with_name(str(name.value))


def _all_files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (one for one in path.rglob("*") if one.is_file() and "__pycache__" not in one.parts)
