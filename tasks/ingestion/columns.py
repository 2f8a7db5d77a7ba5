"""The form of a batch: does it have the columns of its contract, each of the right type?

Add here what can be said without looking at single values; rules about those belong to `validation`. Nothing is ever
converted: a type is judged as it came.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from configs.errors import BrokenContract
from configs.section import ColumnType
from configs.validation import RESERVED, ValidationSettings
from tasks.ingestion import column_names

REASONS = RESERVED[0]
"""Column of rows set aside that says why, all reasons joined by '; '."""

FIRST_MOMENT = pd.Timestamp("0001-01-01", tz="UTC")
LAST_MOMENT = pd.Timestamp("9999-12-31T23:59:59.999999", tz="UTC")
"""Between them are the times that can be worked with."""

WANTED: dict[ColumnType, str] = {
    "integer": "a whole number",
    "number": "a number",
    "category": "text",
    "boolean": "true or false",
    "timestamp": "a time with its time zone",
}
HELD: dict[ColumnType, str] = {
    "integer": "Int64",
    "number": "float64",
    "category": "str",
    "boolean": "boolean",
    "timestamp": "datetime64[us, UTC]",
}
"""How a column is held in which values may be missing."""
_FOUND = {
    "boolean": "true and false",
    "bytes": "bytes",
    "date": "dates without a time",
    "decimal": "decimals of fixed size",
    "empty": "nothing",
    "string": "text",
}


def require(frame: pd.DataFrame, settings: ValidationSettings, label: str | None = None) -> None:
    """Refuse a batch whose columns are not those of the contract; others may be there as well.

    Args:
        frame: The rows, as they came.
        settings: The contract.
        label: Column to predict; it is called so in the text.

    Raises:
        BrokenContract: A column is missing, is there twice, is of another type, or has a name that we use ourselves.
    """
    counts = Counter(str(name) for name in frame.columns)
    faults = [f"Column {_named(name, label)} is there {counts[name]} times." for name in counts if counts[name] > 1]
    faults += [
        f"Column {_named(name, label)} is missing{column_names.like(name, counts)}."
        for name in settings.columns
        if name not in counts
    ]
    faults += [f"Column {name!r} has a name that Incumbent needs itself." for name in RESERVED if name in counts]
    for name, rule in settings.columns.items():
        if counts[name] == 1 and not _has_type(frame[name], rule.type):
            faults.append(f"Column {_named(name, label)} {_type_fault(frame[name], rule.type)}.")
    if faults:
        raise BrokenContract(" ".join(faults))


def with_late(frame: pd.DataFrame, late: Sequence[str], settings: ValidationSettings) -> pd.DataFrame:
    """Rows with the columns that need not be there yet: those that are not are missing throughout."""
    absent = [name for name in late if name not in frame.columns]
    return frame.assign(**{name: nothing(frame, settings.columns[name].type) for name in absent}) if absent else frame


def without_unknown(frame: pd.DataFrame, settings: ValidationSettings, needed: Collection[str]) -> pd.DataFrame:
    """Rows with the columns of the contract and others as far as `changes.new` lets them in; `needed` are no news.

    Raises:
        BrokenContract: There are others, and it refuses them.
    """
    policy = settings.changes.new
    if policy == "adopt":
        return frame
    others = [str(name) for name in frame.columns if name not in settings.columns and name not in needed]
    if policy == "refuse" and others:
        listed = ", ".join(map(repr, others[:5]))
        raise BrokenContract(
            f"The contract does not have {listed}, and validation.changes.new is refuse. Put it into "
            "validation.columns, or let new columns in."
        )
    return frame.drop(columns=others)


def nothing(frame: pd.DataFrame, held: ColumnType) -> "pd.Series[Any]":
    """A column without values for these rows."""
    return pd.Series(None, index=frame.index, dtype=HELD[held])


def beyond_calendar(times: "pd.Series[Any]") -> NDArray[np.bool_]:
    """Which times are of no year from 1 to 9999, shape (rows,): files can hold them, calendars and databases cannot."""
    beyond: NDArray[np.bool_] = ((times < FIRST_MOMENT) | (times > LAST_MOMENT)).to_numpy(dtype=bool)
    return beyond


def require_time(frame: pd.DataFrame, name: str) -> None:
    """Refuse rows of which it cannot be said when they happened.

    Raises:
        BrokenContract: There is no such column, or it does not hold times with their zone.
    """
    if name not in frame.columns:
        raise BrokenContract(f"Column {name!r} is missing.", len(frame))
    if not _has_type(frame[name], "timestamp"):
        raise BrokenContract(f"Column {name!r} {_type_fault(frame[name], 'timestamp')}.", len(frame))


def example(value: object) -> str:
    """One value as text, short enough for a sentence."""
    if isinstance(value, pd.Timestamp):
        in_calendar = FIRST_MOMENT.year <= value.year <= LAST_MOMENT.year
        text = value.isoformat(sep=" ").replace("+00:00", " UTC") if in_calendar else f"{value.asm8} UTC"
    else:
        text = f"{value:.10g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _has_type(values: "pd.Series[Any]", wanted: ColumnType) -> bool:
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return wanted == "category" and _holds_text(pd.Series(kind.categories))
    if wanted == "boolean":
        return bool(pd.api.types.is_bool_dtype(kind))
    if wanted == "timestamp":
        return isinstance(kind, pd.DatetimeTZDtype)
    if wanted == "category":
        return _holds_text(values)
    return bool(pd.api.types.is_integer_dtype(kind) or pd.api.types.is_float_dtype(kind))


def _holds_text(values: "pd.Series[Any]") -> bool:
    if pd.api.types.is_string_dtype(values.dtype) and values.dtype != object:
        return True
    return values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) in ("string", "empty")


def _type_fault(values: "pd.Series[Any]", wanted: ColumnType) -> str:
    if wanted == "timestamp" and pd.api.types.is_datetime64_dtype(values.dtype):
        return "has times without a time zone; write them in UTC, or name their zone as ingestion.source.timezone"
    there = values.dropna()
    found = _found(there)
    shown = f" (e.g. {example(there.iloc[0])!r})" if len(there) else ""
    hint = "; text is never converted" if found == "text" else ""
    return f"must be {WANTED[wanted]}, but holds {found}{shown}{hint}"


def _found(values: "pd.Series[Any]") -> str:
    kind = values.dtype
    if isinstance(kind, pd.CategoricalDtype):
        return "categories"
    if pd.api.types.is_bool_dtype(kind):
        return _FOUND["boolean"]
    if pd.api.types.is_integer_dtype(kind):
        return "whole numbers"
    if pd.api.types.is_float_dtype(kind):
        return "decimal numbers"
    if pd.api.types.is_datetime64_any_dtype(kind):
        return "times"
    inferred = pd.api.types.infer_dtype(values.astype(object), skipna=True)
    return _FOUND.get(inferred, f"values of another kind ({inferred})")


def _named(name: str, label: str | None) -> str:
    return f"{name!r} (the label)" if name == label else repr(name)
