"""Columns of literals, as JSON lines and Excel have them, as columns of one type each: so they can be looked at.

What a column holds of several kinds has no type that the contract knows; it is told so when it is looked at.
"""

import json
from typing import TYPE_CHECKING, Any

from tasks.ingestion.formats.literals import MOMENT

if TYPE_CHECKING:
    import pyarrow as pa

_MIXED = "of several kinds"


def typed(table: "pa.Table") -> "pa.Table":
    """The same rows with a type for each column: text, numbers, true and false, or times without a zone."""
    import pyarrow as pa

    return pa.table({name: _typed(table.column(name)) for name in table.column_names})


def _typed(literals: Any) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    encoded = pc.dictionary_encode(literals.combine_chunks())
    encoded = encoded.combine_chunks() if isinstance(encoded, pa.ChunkedArray) else encoded
    texts = encoded.dictionary.to_pylist()
    kinds = {_kind(text) for text in texts} - {"nothing"}
    if len(kinds) != 1:
        return pa.nulls(len(literals)) if not kinds else _unknown(len(literals), _MIXED)
    (kind,) = kinds
    if kind in ("a list", "a record"):
        return _unknown(len(literals), kind)
    values = [None if _kind(text) == "nothing" else _value(text, kind) for text in texts]
    types: dict[str, Any] = {"text": pa.string(), "truth": pa.bool_(), "moment": pa.timestamp("us")}
    whole = kind == "number" and all(isinstance(value, int) for value in values if value is not None)
    wanted = types.get(kind, pa.int64() if whole else pa.float64())
    return pa.array(values, wanted).take(encoded.indices)


def _kind(text: str) -> str:
    if text.startswith(MOMENT):
        return "moment"
    first = text[:1]
    named = {'"': "text", "{": "a record", "[": "a list", "t": "truth", "f": "truth", "n": "nothing"}
    return named.get(first, "number")


def _value(text: str, kind: str) -> object:
    value = json.loads(text)
    if kind == "moment":
        import datetime

        return datetime.datetime.fromisoformat(value["moment"])
    return float(value) if isinstance(value, int) and abs(value) >= 2**63 else value


def _unknown(rows: int, what: str) -> Any:
    """A column whose type says what it holds, and is none that the contract knows."""
    import pyarrow as pa

    return pa.nulls(rows, pa.struct([(what, pa.null())]))
