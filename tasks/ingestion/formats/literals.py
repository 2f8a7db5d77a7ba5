"""Tables whose cells are literals of JSON, as values of the contract: a text has quotes, a number is as it was written.

For formats in which each cell says of itself what it is, so that a column may change from row to row. Add here what
such a cell may be. What a text means is asked in `cells`; a cell of another kind than its column is a fault.
"""

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import BrokenContract
from configs.ingestion import Source
from configs.section import ColumnType
from tasks.domain import wording
from tasks.ingestion import cells, columns

if TYPE_CHECKING:
    import pyarrow as pa

MOMENT = '{"moment": '
"""How the literal of a date begins, where a format has dates that are no text."""
_CLOCK = '{"clock": '
_KINDS = {'"': "text", "{": "a record", "[": "a list", "t": "true or false", "f": "true or false"}
_WANTED: Mapping[ColumnType, tuple[str, ...]] = {
    "integer": ("a number",),
    "number": ("a number",),
    "category": ("text",),
    "boolean": ("true or false",),
    "timestamp": ("text", "a date"),
}
_HINTS = {
    "a record": "write its parts as fields of their own",
    "a list": "write its parts as fields of their own",
    "text": "text is never converted",
}
_FAULTS = 5
_NOTHING = "null"


class Number(str):
    """A number as it was written."""


def values(table: "pa.Table", types: Mapping[str, ColumnType], source: Source, *, dates: bool = False) -> pd.DataFrame:
    """Literals as values of their types; a column without one is text if it is nothing else, and stays literals if not.

    Args:
        table: Literals; none where there is no value.
        types: Type of each column of the contract.
        source: The zones of times that are written without one.
        dates: Whether the format has dates that are no text.

    Raises:
        BrokenContract: A cell is of another kind than its column must be, or cannot be read as that.
    """
    frame, faults = table.to_pandas(), list[str]()
    parts: dict[str, pd.Series[Any]] = {}
    for name in frame.columns:
        codes, levels = pd.factorize(frame[name])
        kinds = [_kind(level, dates=dates) for level in levels]
        wanted = _WANTED[types[name]] if name in types else None
        if wanted is None:
            wanted = ("text",) if {*kinds} <= {"text"} else None
        elif not {*kinds} <= {*wanted}:
            faults.append(_told(str(name), types[name], codes, levels, kinds, dates=dates))
        texts = [_plain(level) if wanted else str(level) for level in levels]
        parts[name] = pd.Series(np.array([*texts, None], dtype=object)[codes], index=frame.index, name=name)
    if faults:
        more = f" {wording.count(len(faults) - _FAULTS)} more columns have such cells." if len(faults) > _FAULTS else ""
        raise BrokenContract(" ".join(faults[:_FAULTS]) + more, len(frame))
    notation = cells.Notation((), ".", source.zones(types), source.repeated_hour)
    return cells.read(pd.DataFrame(parts, index=frame.index), types, notation)


def written(column: Sequence[object]) -> list[str | None]:
    """Values of Python as literals."""
    kinds = {*map(type, column)} - {type(None)}
    if kinds == {Number}:
        return list(column)  # type: ignore[arg-type]
    if kinds == {str}:
        return [None if value is None else encode_basestring(value) for value in column]  # type: ignore[arg-type]
    return [None if value is None else _literal(value) for value in column]


def write(table: "pa.Table") -> bytes:
    """Rows of literals as JSON lines; what is missing is null."""
    keys = [f"{encode_basestring(name)}: " for name in table.column_names]
    lines = []
    for block in table.to_batches():
        for row in zip(*(column.to_pylist() for column in block.columns), strict=True):
            fields = (f"{key}{_NOTHING if cell is None else cell}" for key, cell in zip(keys, row, strict=True))
            lines.append(f"{{{', '.join(fields)}}}\n")
    return "".join(lines).encode()


def column(values: "pd.Series[Any]") -> "pa.Array":
    """Times as text to the second, in UTC; whole numbers as they are."""
    import pyarrow as pa

    if not isinstance(values.dtype, pd.DatetimeTZDtype):
        return pa.array(values.to_numpy().astype(str).astype(object), pa.string())
    texts = np.datetime_as_string(values.dt.tz_localize(None).to_numpy(), unit="s", timezone="UTC")
    return pa.array([f'"{text}"' for text in texts], pa.string())


def _literal(value: object) -> str:
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{encode_basestring(key)}: {_literal(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_literal, value))}]"
    return json.dumps(value)


def _kind(literal: str, *, dates: bool) -> str:
    if dates and literal.startswith(MOMENT):
        return "a date"
    if dates and literal.startswith(_CLOCK):
        return "a time of day"
    return _KINDS.get(literal[:1], "a number")


def _plain(literal: str) -> str:
    """A text without its quotes, a date as it is written; anything else as it is."""
    if literal.startswith('"'):
        return str(json.loads(literal))
    return str(json.loads(literal)["moment"]) if literal.startswith(MOMENT) else literal


def _told(
    name: str, wanted: ColumnType, codes: NDArray[np.intp], levels: Any, kinds: Sequence[str], *, dates: bool
) -> str:
    """Which cell is of another kind, the first of its column; and how many there are."""
    fits = [kind in _WANTED[wanted] for kind in kinds]
    wrong = np.flatnonzero(~np.array([*fits, True])[codes])
    first = int(codes[wrong[0]])
    kind, there = kinds[first], int((codes >= 0).sum())
    others = f"; {wording.count(len(wrong))} such cells in {wording.count(there)}" if len(wrong) > 1 else ""
    hint = f"; {_HINTS[kind]}" if kind in _HINTS else ""
    if dates and kind == "a number" and wanted == "timestamp":
        hint = "; give the cells the format of a date"
    shown = columns.example(_plain(levels[first]) if kind in ("text", "a date") else levels[first])
    must = f"Column {name!r} must be {columns.WANTED[wanted]}"
    return f"{must}, but {shown!r} in row {wrong[0] + 1} is {kind}{others}{hint}."
