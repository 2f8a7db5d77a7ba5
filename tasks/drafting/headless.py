"""A CSV without names: its first line is a row as those below, and would be taken for the names of its columns.

Add here what tells a name from a value. That rows can be read at all is asked by their format.
"""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

import pyarrow.compute as pc

if TYPE_CHECKING:
    import pyarrow as pa

_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?")
_LOOKED_AT = 2_000
_MOST = 2 / 3


def is_a_row(table: "pa.Table") -> bool:
    """Whether the names of columns of text are values as those in them, but for a third of them at most.

    Names that are numbers in a row, such as years, are names.
    """
    names = table.column_names
    if not names or not table.num_rows or _are_counted(names):
        return False
    head = table.slice(0, _LOOKED_AT)
    alike = [_is_alike(name, pc.unique(head.column(place)).to_pylist()) for place, name in enumerate(names)]
    return any(kind == "number" for kind in alike) and sum(kind != "" for kind in alike) >= _MOST * len(names)


def _is_alike(name: str, values: Collection[str | None]) -> str:
    """Why a name may be a value: it has figures as each of them has, or is one of them; empty if it may not."""
    there = [value for value in values if value]
    has_figures = all(any(sign.isdigit() for sign in text) for text in (name, *there))
    if has_figures and _shape(name) in {_shape(value) for value in there}:
        return "number"
    return "value" if name in there else ""


def _shape(text: str) -> str:
    """`number` for numbers; else a text whose figures are all the same."""
    return "number" if _NUMBER.fullmatch(text) else re.sub("[0-9]", "9", text)


def _are_counted(names: Collection[str]) -> bool:
    numbers = [int(name) for name in names if re.fullmatch("[0-9]{1,9}", name)]
    return len(numbers) > 1 and numbers == [*range(numbers[0], numbers[0] + len(numbers))]
