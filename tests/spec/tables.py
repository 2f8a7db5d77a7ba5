"""Writes the decision tables of this folder as a page, docs/decision-tables.md: `make tables`.

A table is a list at the top of a test module, under a comment line that begins with `#   ` and names its columns. Its
caption is the name of the first test that goes through it.
"""

import ast
import importlib
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from configs.environment import CHECKOUT

PAGE = CHECKOUT / "docs" / "decision-tables.md"
MODULES = (
    "test_verdicts",
    "test_levels",
    "test_outcomes",
    "test_triggers",
    "test_faults",
    "test_attributions",
    "test_incidents",
    "test_guesses",
)
_HEAD = """# Decision tables

Written by `make tables` from the tests in `tests/spec/`, which prove each line. Do not edit it.
"""


def page() -> str:
    """All tables as Markdown."""
    return "\n".join([_HEAD, *(part for name in MODULES for part in _parts(name))])


def _parts(name: str) -> Iterator[str]:
    source = Path(__file__).with_name(f"{name}.py").read_text(encoding="utf-8")
    module, tree, lines = importlib.import_module(f"tests.spec.{name}"), ast.parse(source), source.splitlines()
    title = (ast.get_docstring(tree) or "").partition(": ")[2].partition(" To be read aloud")[0].rstrip(".")
    yield f"## {title[:1].upper()}{title[1:]}\n"
    for node in tree.body:
        table, heading = _table(node), ""
        if table:
            heading = next(line for line in reversed(lines[: node.lineno]) if line.startswith("#   "))
            yield f"{_caption(tree, table)}\n"
            yield _markdown(re.split(r" {2,}", heading.removeprefix("#").strip()), getattr(module, table))


def _table(node: ast.stmt) -> str | None:
    """Name of the table that a statement makes."""
    target = (
        node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
    )
    is_table = isinstance(target, ast.Name) and isinstance(getattr(node, "value", None), ast.List)
    return target.id if is_table and isinstance(target, ast.Name) else None


def _caption(tree: ast.Module, table: str) -> str:
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    name = next(test.name for test in tests if any(isinstance(n, ast.Name) and n.id == table for n in ast.walk(test)))
    return f"**{name.removeprefix('test_').replace('_', ' ').capitalize()}.**"


def _markdown(columns: list[str], rows: list[tuple[Any, ...]]) -> str:
    assert {len(row) for row in rows} == {len(columns)}, columns
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def _cell(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "–", True: "yes", False: "no"}[value]
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_cell(part)}" for key, part in value.items()) or " "
    if isinstance(value, tuple | list):
        return "<br>".join(map(_cell, value)) or " "
    return (
        f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else _escaped(str(value))
    )


def _escaped(text: str) -> str:
    return text.replace("|", "\\|") or " "


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
